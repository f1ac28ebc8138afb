/**
 * Sockets as Python's `socket` module documents them, on Deno's own net API: no FFI, and no permission beyond
 * `--allow-net` for the hosts that are used (for an AF_UNIX socket `--allow-net=unix:PATH`, and read and write access
 * to the path).
 *
 * `socket()` makes one; {@linkcode Socket} is what it makes. Calls that can wait return promises and take
 * `{ signal }` last; timeouts are in seconds.
 *
 * @example A server and a client
 * ```ts
 * import * as socket from "@berkeley/socket/socket";
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
 * console.log(new TextDecoder().decode(await conn.recv(1024)));
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
import type { ConnectionOptions, ItemOf, Pair, Server, ServerOptions } from "./core/create.ts";
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
export type { ConnectedItemOf, ConnectionOptions, ItemOf, Pair, Server, ServerOptions } from "./core/create.ts";
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
 * With `fileno` it takes over that descriptor of this module's table instead; -1 for the other arguments then means
 * to find them out. SOCK_NONBLOCK and SOCK_CLOEXEC may be or-ed into `type`.
 *
 * @throws {OSError} EAFNOSUPPORT, ESOCKTNOSUPPORT or EPROTONOSUPPORT for what Deno's net API cannot express; the
 * message names the way out, `@berkeley/socket/native`. EBADF for an unknown descriptor.
 *
 * @example
 * ```ts
 * import { AF_INET, SOCK_STREAM, socket } from "@berkeley/socket";
 *
 * using sock = socket(AF_INET, SOCK_STREAM, 0);
 * console.assert(sock.family === AF_INET && sock.gettimeout() === null);
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
 * @throws {OSError} EBADF where nothing is open under the number.
 *
 * @example
 * ```ts
 * import { AF_INET, fromfd, SOCK_STREAM, socket } from "@berkeley/socket";
 *
 * using sock = socket();
 * using copy = fromfd(sock.fileno(), AF_INET, SOCK_STREAM);
 * console.assert(copy.fileno() !== sock.fileno());
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
 * Closes a descriptor by its number, as Python's `socket.close()`. A socket that had it answers EBADF from then on.
 *
 * @throws {OSError} EBADF where nothing is open under the number.
 *
 * @example
 * ```ts
 * import { close, socket } from "@berkeley/socket";
 *
 * close(socket().detach());
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
 * Tells whether programs that this process starts inherit a descriptor, as Python's `os.get_inheritable()`.
 *
 * @throws {OSError} EOPNOTSUPP: Deno does not reveal descriptors. Native sockets have them.
 */
export function get_inheritable(fd: number): boolean {
  return sockets.get_inheritable(fd);
}

/**
 * Sets whether programs that this process starts inherit a descriptor, as Python's `os.set_inheritable()`.
 *
 * @throws {OSError} EOPNOTSUPP: Deno does not reveal descriptors. Native sockets have them.
 */
export function set_inheritable(fd: number, inheritable: boolean): void {
  sockets.set_inheritable(fd, inheritable);
}

/** Unix sockets without a file are Linux's alone. */
const PAIR_FAMILY = platform === "linux" ? AF_UNIX : AF_INET;

/**
 * Makes two connected sockets, as Python's `socket.socketpair()`; see socketpair(2).
 *
 * They are connected over a listener that is gone once the promise is settled, and each end is made sure to be the
 * other's: no stranger can take one. On Linux the default is AF_UNIX, under a random name of the abstract namespace (which
 * takes plain `--allow-net`); elsewhere it is AF_INET.
 *
 * @throws {OSError} EOPNOTSUPP for datagrams of another family than AF_UNIX, as in the kernel.
 *
 * @example
 * ```ts
 * import { AF_INET, socketpair } from "@berkeley/socket";
 *
 * const [a, b] = await socketpair(AF_INET);
 * await a.sendall("ping");
 * console.assert((await b.recv(16)).length === 4);
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
 * Connects to `[host, port]`, trying each of the host's address families, as Python's `socket.create_connection()`.
 *
 * `timeout` in seconds bounds the whole call and becomes the socket's; left out, the default timeout counts.
 * With `happy_eyeballs_delay` the next address is tried beside one that has been silent for so many seconds (RFC 8305).
 * A host name takes net access to `host:port`, and no more.
 *
 * @throws {OSError} the last address's failure, or an AggregateError of them all with `all_errors`.
 * @throws {gaierror} if the host is not known.
 *
 * @example
 * ```ts
 * import { create_connection, create_server } from "@berkeley/socket";
 *
 * using server = create_server(["127.0.0.1", 0]);
 * using client = await create_connection(server.getsockname(), 5);
 * console.assert(client.gettimeout() === 5);
 * ```
 */
export async function create_connection(
  address: AddressLike,
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
 * @throws {OSError} EADDRINUSE and the other errors of bind(2). ENOPROTOOPT for AF_INET6 on every interface without
 * `dualstack_ipv6`, which Deno cannot express.
 * @throws {RangeError} for `dualstack_ipv6` with another family than AF_INET6.
 *
 * @example
 * ```ts
 * import { create_server } from "@berkeley/socket";
 *
 * using server = create_server(["127.0.0.1", 0], { backlog: 16 });
 * console.log(server.getsockname());
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
 * Tells whether one socket can serve both IPv4 and IPv6, as Python's `socket.has_dualstack_ipv6()`.
 *
 * @example
 * ```ts
 * import { has_dualstack_ipv6 } from "@berkeley/socket";
 *
 * console.log(has_dualstack_ipv6());
 * ```
 */
export function has_dualstack_ipv6(): boolean {
  return sockets.has_dualstack_ipv6();
}

/**
 * Tells the timeout of new sockets in seconds, null for none, as Python's `socket.getdefaulttimeout()`.
 *
 * @example
 * ```ts
 * import { getdefaulttimeout } from "@berkeley/socket";
 *
 * console.assert(getdefaulttimeout() === null);
 * ```
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
 *
 * setdefaulttimeout(5);
 * using sock = socket();
 * console.assert(sock.gettimeout() === 5);
 * setdefaulttimeout(null);
 * ```
 */
export function setdefaulttimeout(timeout: number | null): void {
  sockets.setdefaulttimeout(timeout);
}

/**
 * Sends descriptors along with data over an AF_UNIX socket, as Python's `socket.send_fds()`: native sockets can.
 *
 * @throws {OSError} EOPNOTSUPP: Deno's net API carries no ancillary data. Use `@berkeley/socket/native`.
 *
 * @example
 * ```ts
 * import { OSError, send_fds, socketpair } from "@berkeley/socket";
 *
 * const [a, b] = await socketpair();
 * await send_fds(a, ["x"], [0]).catch((error: OSError) => console.log(error.code)); // EOPNOTSUPP
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
 * Receives data and the descriptors that came with it, as Python's `socket.recv_fds()`; none on this backend.
 *
 * @throws {RangeError} for a negative size.
 *
 * @example
 * ```ts
 * import { recv_fds, socketpair } from "@berkeley/socket";
 *
 * const [a, b] = await socketpair();
 * await a.sendall("x");
 * const [data, fds] = await recv_fds(b, 16, 4);
 * console.assert(data.length === 1 && fds.length === 0);
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
