/**
 * Sockets as Python's `socket` module documents them, on Deno's own net API: no FFI, and no permission beyond
 * `--allow-net` for the hosts that are used (for an AF_UNIX socket `--allow-net=unix:PATH`, and read and write access
 * to the path).
 *
 * `socket()` makes a {@linkcode Socket}. Calls that may wait return promises, and most of them take `{ signal }` as their last argument.
 * Timeouts are in seconds.
 *
 * @example A server and a client
 * ```ts
 * import * as socket from "@berkeley/socket/socket";
 * import assert from "node:assert/strict";
 *
 * const server = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
 * server.bind(["127.0.0.1", 0]);
 * server.listen();
 *
 * const client = socket.socket();
 * await client.connect(server.getsockname());
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
import { AF_INET, AF_UNIX, type SOCK_STREAM } from "./base/constants.ts";
import type { Bytes, Data } from "./base/data.ts";
import { platform } from "./base/platform.ts";
import type { ConnectionOptions, EndpointLike, ItemOf, Pair, Server, ServerOptions } from "./core/create.ts";
import type { Socket } from "./core/socket.ts";
import { makeSockets } from "./core/sockets.ts";
import type { WaitOptions } from "./core/promises.ts";
import { denoBackend } from "./deno/backend.ts";
import { realRuntime } from "./deno/runtime.ts";

export * from "./base/constants.ts";
export * from "./base/inet.ts";
export * from "./deno/names.ts";
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

const sockets = makeSockets(realRuntime, denoBackend);

/**
 * Opens a socket, as Python's `socket.socket()`; see socket(2).
 *
 * With `fileno` it opens nothing and makes a socket of that descriptor of this module's table. -1 for another argument then
 * means the descriptor's own value. SOCK_NONBLOCK and SOCK_CLOEXEC may be or-ed into `type`.
 *
 * @throws {OSError} EAFNOSUPPORT, ESOCKTNOSUPPORT or EPROTONOSUPPORT for a kind of socket that Deno's net API does not have.
 * The message names `@berkeley/socket/native`, which has it. EBADF for an unknown descriptor.
 *
 * @example
 * ```ts
 * import { AF_INET, SOCK_STREAM, socket } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * using sock = socket(AF_INET, SOCK_STREAM, 0);
 * assert.equal(sock.family, AF_INET);
 * assert.equal(sock.type, SOCK_STREAM);
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
 * @throws {OSError} EBADF if nothing is open under the number.
 *
 * @example
 * ```ts
 * import { AF_INET, fromfd, SOCK_STREAM, socket } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * using sock = socket();
 * using copy = fromfd(sock.fileno(), AF_INET, SOCK_STREAM);
 * assert.notEqual(copy.fileno(), sock.fileno());
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
 * Closes a descriptor by its number, as Python's `socket.close()`. After that the calls of a socket with that descriptor
 * fail with EBADF.
 *
 * @throws {OSError} EBADF if nothing is open under the number.
 *
 * @example
 * ```ts
 * import { close, socket } from "@berkeley/socket";
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
 * @throws {OSError} EOPNOTSUPP, always: Deno does not reveal descriptors. `@berkeley/socket/native` can do it.
 */
export function get_inheritable(fd: number): boolean {
  return sockets.get_inheritable(fd);
}

/**
 * Sets whether programs that this process starts inherit a descriptor, as Python's `os.set_inheritable()`.
 *
 * @throws {OSError} EOPNOTSUPP, always: Deno does not reveal descriptors. `@berkeley/socket/native` can do it.
 */
export function set_inheritable(fd: number, inheritable: boolean): void {
  sockets.set_inheritable(fd, inheritable);
}

/** Only Linux has Unix sockets without a file. */
const PAIR_FAMILY = platform === "linux" ? AF_UNIX : AF_INET;

/**
 * Makes two connected sockets, as Python's `socket.socketpair()`; see socketpair(2).
 *
 * Deno has no socketpair(2), so the two are connected over a listener that is closed before the promise settles. A
 * connection from any other socket is refused.
 *
 * On Linux the default is AF_UNIX, at a random name of the abstract namespace. That needs `--allow-net` without a list. On
 * other systems the default is AF_INET.
 *
 * @throws {OSError} EOPNOTSUPP for datagram sockets of a family other than AF_UNIX, as in the kernel.
 *
 * @example
 * ```ts
 * import { AF_INET, socketpair } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = await socketpair(AF_INET);
 * await a.sendall("ping");
 * assert.equal((await b.recv(16)).length, 4);
 * a.close();
 * b.close();
 * ```
 */
export async function socketpair<
  F extends number = typeof AF_UNIX | typeof AF_INET,
  T extends number = typeof SOCK_STREAM,
>(family?: F, type?: T, proto: number = 0): Promise<Pair<F, T>> {
  try {
    return await sockets.socketpair(family ?? PAIR_FAMILY, type, proto) as Pair<F, T>;
  } catch (error) {
    throw atCaller(error, socketpair);
  }
}

/**
 * Connects to `[host, port]` and returns the socket, as Python's `socket.create_connection()`. It tries the addresses of the
 * host one after another. As in Python, a host of null is this machine, and the port may be the name of a service.
 *
 * `timeout`, in seconds, limits the whole call, and is the timeout of the new socket. Without it the default timeout applies.
 * With `happy_eyeballs_delay`, in seconds, the next address is tried after that time, while the one before may still
 * succeed (RFC 8305). A host name needs the permission `--allow-net=host:port` only.
 *
 * @throws {OSError} the error of the last address.
 * @throws {AggregateError} the errors of all addresses, with `all_errors`.
 * @throws {gaierror} for an unknown host.
 *
 * @example
 * ```ts
 * import { create_connection, create_server } from "@berkeley/socket";
 * import assert from "node:assert/strict";
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
 * @throws {OSError} EADDRINUSE and the other errors of bind(2). ENOPROTOOPT for AF_INET6 on all interfaces without
 * `dualstack_ipv6`: Deno cannot listen there for IPv6 only.
 * @throws {RangeError} for `dualstack_ipv6` with another family than AF_INET6.
 *
 * @example
 * ```ts
 * import { create_server } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * using server = create_server(["127.0.0.1", 0], { backlog: 16 });
 * const [host, port] = server.getsockname();
 * assert.equal(host, "127.0.0.1");
 * assert.ok(port > 0);
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

/**
 * Returns whether one socket can serve both IPv4 and IPv6, as Python's `socket.has_dualstack_ipv6()`.
 */
export function has_dualstack_ipv6(): boolean {
  return sockets.has_dualstack_ipv6();
}

/**
 * Returns the timeout of new sockets in seconds, or null for none, as Python's `socket.getdefaulttimeout()`.
 */
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
 * import { setdefaulttimeout, socket } from "@berkeley/socket";
 * import assert from "node:assert/strict";
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
 * Sends descriptors with data over an AF_UNIX socket, as Python's `socket.send_fds()`. Only native sockets can do it.
 *
 * @throws {OSError} EOPNOTSUPP: Deno's net API has no ancillary data. Use `@berkeley/socket/native`.
 *
 * @example
 * ```ts
 * import { send_fds, socketpair } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = await socketpair();
 * await assert.rejects(send_fds(a, ["x"], [0]), { code: "EOPNOTSUPP" });
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
 * Receives data and the descriptors that came with it, as Python's `socket.recv_fds()`. On this backend there are never any
 * descriptors.
 *
 * @throws {RangeError} for a negative size.
 *
 * @example
 * ```ts
 * import { recv_fds, socketpair } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = await socketpair();
 * await a.sendall("x");
 * const [data, fds] = await recv_fds(b, 16, 4);
 * assert.equal(data.length, 1);
 * assert.deepEqual(fds, []);
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
