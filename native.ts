/**
 * The API of `@berkeley/socket`, with the same names, over libc by FFI: every family, type, protocol and option that the
 * kernel has, real descriptors, and ancillary data. It runs on Linux on x86-64 and arm64. On other systems the first socket
 * throws an error that says so.
 *
 * It needs `--allow-ffi` (or `--allow-ffi=` with libc's path). FFI is outside of Deno's sandbox: a program with that
 * permission can do everything that its user may do. Every call that names an address still checks the net permission (for a path:
 * `unix:` with read and write).
 *
 * No call blocks the JavaScript thread, except `bind` with a host name. Descriptors are non-blocking, and one epoll instance
 * wakes the calls that wait. A pending call keeps the process alive, an idle open socket does not.
 *
 * @example The import is all that changes
 * ```ts
 * import assert from "node:assert/strict";
 * import * as socket from "@berkeley/socket/native";
 *
 * const server = socket.create_server(["127.0.0.1", 0]);
 * const client = await socket.create_connection(server.getsockname());
 * const [conn] = await server.accept();
 *
 * await client.sendall("世界,你好");
 * assert.equal(new TextDecoder().decode(await conn.recv(1024)), "世界,你好");
 *
 * for (const sock of [conn, client, server]) sock.close();
 * ```
 *
 * @module
 */

import type { Address, AddressLike, AddressOf, Inet6Address, InetAddress } from "./base/addresses.ts";
import { atCaller } from "./base/errors.ts";
import { type AF_INET, AF_UNIX, type SOCK_STREAM } from "./base/constants.ts";
import type { Bytes, Data } from "./base/data.ts";
import type { ConnectionOptions, EndpointLike, ItemOf, Pair, Server, ServerOptions } from "./core/create.ts";
import type { Socket } from "./core/socket.ts";
import { makeSockets } from "./core/sockets.ts";
import type { WaitOptions } from "./core/promises.ts";
import { realRuntime } from "./deno/runtime.ts";
import { nativeBackend } from "./native/backend.ts";

export * from "./base/constants.ts";
export * from "./base/inet.ts";
export * from "./native/names/mod.ts";
export type {
  Address,
  AddressLike,
  AddressOf,
  Inet6Address,
  InetAddress,
  NumberedAddress,
  PacketAddress,
  UnixAddress,
} from "./base/addresses.ts";
export type { Bytes, Data, MutableData } from "./base/data.ts";
export * from "./base/exceptions.ts";
export type {
  ConnectedItemOf,
  ConnectionOptions,
  EndpointLike,
  ItemOf,
  Pair,
  Server,
  ServerOptions,
} from "./core/create.ts";
export { BinaryFile, BufferedFile, RawFile, TextFile } from "./core/files.ts";
export { SocketFile, UnsupportedOperation } from "./core/files/file.ts";
export type { ErrorHandler, FileOf, MakefileOptions } from "./core/files.ts";
export { CMSG_LEN, CMSG_SPACE } from "./base/data.ts";
export type { SendableFile } from "./core/sendfile.ts";
export { Socket } from "./core/socket.ts";
export type { WaitOptions } from "./core/promises.ts";
export type { AncillaryData } from "./seam/transport.ts";
export * from "./select.ts";

const sockets = makeSockets(realRuntime, nativeBackend);

/**
 * Opens a socket, as Python's `socket.socket()`; see socket(2).
 *
 * With `fileno` it takes over that descriptor of the process. Then -1 for another argument means to ask the kernel.
 * SOCK_NONBLOCK and SOCK_CLOEXEC may be or-ed into `type`.
 *
 * @throws {OSError} the kernel's error: EAFNOSUPPORT, ESOCKTNOSUPPORT, EPROTONOSUPPORT, EPERM for a raw socket without the
 * privilege, EBADF for a descriptor that is not open …
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { AF_INET, SOCK_STREAM, socket } from "@berkeley/socket/native";
 *
 * using sock = socket(AF_INET, SOCK_STREAM, 0);
 * assert(sock.family === AF_INET && sock.gettimeout() === null);
 * ```
 */
export function socket<F extends number = typeof AF_INET, T extends number = typeof SOCK_STREAM>(
  family?: F,
  type?: T,
  proto: number = 0,
  fileno?: number | null,
): Socket<AddressOf<F>, ItemOf<F, T>> {
  try {
    return sockets.socket(family, type, proto, fileno);
  } catch (error) {
    throw atCaller(error, socket);
  }
}

/**
 * Opens a socket on a duplicate of a descriptor, as Python's `socket.fromfd()`.
 *
 * @throws {OSError} EBADF if the number is not open.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { AF_INET, fromfd, SOCK_STREAM, socket } from "@berkeley/socket/native";
 *
 * using sock = socket();
 * using copy = fromfd(sock.fileno(), AF_INET, SOCK_STREAM);
 * assert(copy.fileno() !== sock.fileno());
 * ```
 */
export function fromfd<F extends number, T extends number>(
  fd: number,
  family: F,
  type: T,
  proto: number = 0,
): Socket<AddressOf<F>, ItemOf<F, T>> {
  try {
    return sockets.fromfd(fd, family, type, proto);
  } catch (error) {
    throw atCaller(error, fromfd);
  }
}

/**
 * Closes a descriptor by its number, as Python's `socket.close()`. The calls of a socket that had it fail with EBADF from
 * then on.
 *
 * @throws {OSError} EBADF if the number is not open.
 *
 * @example
 * ```ts
 * import { close, socket } from "@berkeley/socket/native";
 * import assert from "node:assert/strict";
 *
 * const sock = socket();
 * close(sock.fileno());
 * assert.throws(() => sock.getsockname(), { code: "EBADF" });
 * ```
 */
export function close(fd: number): void {
  try {
    sockets.close(fd);
  } catch (error) {
    throw atCaller(error, close);
  }
}

/**
 * Returns whether programs that this process starts inherit a descriptor, as Python's `os.get_inheritable()`.
 *
 * @throws {OSError} EBADF if the number is not open.
 */
export function get_inheritable(fd: number): boolean {
  return sockets.get_inheritable(fd);
}

/**
 * Sets whether programs that this process starts inherit a descriptor, as Python's `os.set_inheritable()`.
 *
 * @throws {OSError} EBADF if the number is not open.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { get_inheritable, set_inheritable, socket } from "@berkeley/socket/native";
 *
 * using sock = socket();
 * set_inheritable(sock.fileno(), true);
 * assert(get_inheritable(sock.fileno()));
 * ```
 */
export function set_inheritable(fd: number, inheritable: boolean): void {
  sockets.set_inheritable(fd, inheritable);
}

/**
 * Makes two connected sockets, as Python's `socket.socketpair()`; see socketpair(2). They are AF_UNIX streams by default.
 * SOCK_DGRAM and SOCK_SEQPACKET are possible, too.
 *
 * @throws {OSError} EOPNOTSUPP for a family that has no pairs.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { socketpair } from "@berkeley/socket/native";
 *
 * const [a, b] = await socketpair();
 * await a.sendall("ping");
 * assert.equal((await b.recv(16)).length, 4);
 * a.close();
 * b.close();
 * ```
 */
export async function socketpair<
  F extends number = typeof AF_UNIX,
  T extends number = typeof SOCK_STREAM,
>(family?: F, type?: T, proto: number = 0): Promise<Pair<F, T>> {
  try {
    return await sockets.socketpair(family ?? AF_UNIX, type, proto) as Pair<F, T>;
  } catch (error) {
    throw atCaller(error, socketpair);
  }
}

/**
 * Connects to `[host, port]`, as Python's `socket.create_connection()`. It tries the host's addresses one after the other.
 * As in Python, a host of null is this machine, and the port may be the name of a service.
 *
 * `timeout` in seconds limits the whole call, and becomes the socket's timeout. Without it the default timeout is used.
 * With `happy_eyeballs_delay`, the next address is tried in parallel when one has not connected after so many seconds
 * (RFC 8305). A host name needs net access to `host:port` only.
 *
 * @throws {OSError} the error of the last address, or an AggregateError of all errors with `all_errors`.
 * @throws {gaierror} if the host is not known.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { create_connection, create_server } from "@berkeley/socket/native";
 *
 * using server = create_server(["127.0.0.1", 0]);
 * using client = await create_connection(server.getsockname(), 5);
 * assert.equal(client.gettimeout(), 5);
 * ```
 */
export async function create_connection(
  address: EndpointLike,
  timeout?: number | null | ConnectionOptions,
  source_address?: AddressLike | null | ConnectionOptions,
  options?: ConnectionOptions,
): Promise<Socket<InetAddress | Inet6Address, Bytes>> {
  try {
    return await sockets.create_connection(address, timeout, source_address, options);
  } catch (error) {
    throw atCaller(error, create_connection);
  }
}

/**
 * Opens a listening TCP socket, as Python's `socket.create_server()`.
 *
 * @throws {OSError} EADDRINUSE and the other errors of bind(2).
 * @throws {RangeError} for `dualstack_ipv6` with another family than AF_INET6.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { create_server } from "@berkeley/socket/native";
 *
 * using server = create_server(["127.0.0.1", 0], { backlog: 16 });
 * assert.equal(server.getsockname()[0], "127.0.0.1");
 * ```
 */
export function create_server<F extends number = typeof AF_INET>(
  address: AddressLike,
  options: ServerOptions<F> = {},
): Server<AddressOf<F>> {
  try {
    return sockets.create_server(address, options);
  } catch (error) {
    throw atCaller(error, create_server);
  }
}

/** Returns whether one socket can serve both IPv4 and IPv6, as Python's `socket.has_dualstack_ipv6()`. */
export function has_dualstack_ipv6(): boolean {
  return sockets.has_dualstack_ipv6();
}

/** Returns the timeout of new sockets in seconds, null for none, as Python's `socket.getdefaulttimeout()`. */
export function getdefaulttimeout(): number | null {
  return sockets.getdefaulttimeout();
}

/**
 * Sets the timeout of new sockets in seconds, null for none, as Python's `socket.setdefaulttimeout()`.
 *
 * @throws {RangeError} for a negative timeout.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { setdefaulttimeout, socket } from "@berkeley/socket/native";
 *
 * setdefaulttimeout(5);
 * using sock = socket();
 * assert.equal(sock.gettimeout(), 5);
 * setdefaulttimeout(null);
 * ```
 */
export function setdefaulttimeout(timeout: number | null): void {
  sockets.setdefaulttimeout(timeout);
}

/**
 * Sends descriptors with data over an AF_UNIX socket, as Python's `socket.send_fds()`; see SCM_RIGHTS in unix(7).
 *
 * @throws {OSError} EBADF for a descriptor that is not open, and the errors of `sendmsg`.
 *
 * @example
 * ```ts
 * import { close, recv_fds, send_fds, socketpair } from "@berkeley/socket/native";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = await socketpair();
 * assert.equal(await send_fds(a, ["x"], [a.fileno()]), 1); // one byte of data
 * const [data, fds] = await recv_fds(b, 16, 1);
 * assert.deepEqual([data.length, fds.length], [1, 1]);
 * close(fds[0]);
 * a.close();
 * b.close();
 * ```
 */
export function send_fds(
  sock: Socket,
  buffers: Iterable<Data>,
  fds: Iterable<number>,
  flags: number | WaitOptions = 0,
  address: AddressLike | null | WaitOptions = null,
  options?: WaitOptions,
): Promise<number> {
  return sockets.send_fds(sock, buffers, fds, flags, address, options);
}

/**
 * Receives data and up to `maxfds` descriptors that came with it, as Python's `socket.recv_fds()`. Returns
 * `[data, fds, flags, address]`. The descriptors belong to this process: adopt them (`socket(-1, -1, -1, fd)`) or close
 * them.
 *
 * @throws {RangeError} for a negative size.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { close, recv_fds, send_fds, socketpair } from "@berkeley/socket/native";
 *
 * const [a, b] = await socketpair();
 * await send_fds(a, ["x"], [a.fileno(), b.fileno()]);
 * const [data, fds] = await recv_fds(b, 16, 2);
 * assert(data.length === 1 && fds.length === 2);
 * fds.forEach(close);
 * a.close();
 * b.close();
 * ```
 */
export function recv_fds(
  sock: Socket,
  bufsize: number,
  maxfds: number,
  flags: number | WaitOptions = 0,
  options?: WaitOptions,
): Promise<[data: Bytes, fds: number[], flags: number, address: Address | null]> {
  return sockets.recv_fds(sock, bufsize, maxfds, flags, options);
}
