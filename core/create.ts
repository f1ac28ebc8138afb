// The functions that make sockets, as those of Python's socket module, for every backend.

import { checkAddress, hostText, isLiteral } from "../base/addresses.ts";
import type { Address, AddressLike, AddressOf } from "../base/addresses.ts";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SCM_RIGHTS,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  type SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../base/constants.ts";
import { CMSG_LEN } from "../base/data.ts";
import type { Bytes, Data } from "../base/data.ts";
import { errorFor, gaiErrorFor, OSError } from "../base/errors.ts";
import type { Backend } from "../seam/backend.ts";
import type { Transport } from "../seam/transport.ts";
import { checkInteger, checkOptions, checkTimeout, isOptions, only } from "./arguments.ts";
import type { Descriptor, DescriptorTable } from "./descriptors.ts";
import { interleave, race } from "./happy_eyeballs.ts";
import type { Runtime } from "./runtime.ts";
import { socketOf } from "./socket.ts";
import type { Socket } from "./socket.ts";
import { orLate, throwIfAborted } from "./promises.ts";
import type { WaitOptions } from "./promises.ts";

/**
 * What create_connection connects to: a list of a host and a port. A host of null is this machine. A port may be the name of
 * a service, such as "https", or a number as text.
 */
export type EndpointLike = AddressLike | readonly [host: null, port: number | string | Uint8Array];

/** The options of create_connection: Python's keyword arguments, and the signal of every call that may wait. */
export interface ConnectionOptions extends WaitOptions {
  /** How many seconds the whole call may take, and the timeout of the new socket; null for none. */
  timeout?: number | null;
  /** The local address to connect from. */
  source_address?: AddressLike | null;
  /** Whether to reject with an AggregateError of the errors of all addresses, and not with the last error. */
  all_errors?: boolean;
  /**
   * How many seconds to wait for an address before the next one is tried at the same time, as the keyword argument of
   * asyncio. RFC 8305 recommends 0.25. Left out or null, an address is tried after the one before it has failed.
   */
  happy_eyeballs_delay?: number | null;
  /**
   * Mixes the addresses by family, as the keyword argument of asyncio. The number is how many addresses of the first family
   * come first. 0 keeps the order of the look-up. The default is 1 with `happy_eyeballs_delay`, and 0 without it.
   */
  interleave?: number | null;
}

/** The options of create_server: Python's keyword arguments. */
export interface ServerOptions<F extends number = number> {
  /** AF_INET, the default, or AF_INET6. */
  family?: F;
  /** How many connections may be queued; null for the default of listen(). */
  backlog?: number | null;
  /** Whether several listeners may share the port (SO_REUSEPORT). */
  reuse_port?: boolean;
  /** Whether one AF_INET6 socket serves IPv4 too. */
  dualstack_ipv6?: boolean;
}

const CONNECTION_OPTIONS = [
  "timeout",
  "source_address",
  "all_errors",
  "happy_eyeballs_delay",
  "interleave",
  "signal",
];
const SERVER_OPTIONS = ["family", "backlog", "reuse_port", "dualstack_ipv6"];

/**
 * What iteration over a new socket yields. It is `any` for a stream socket, because its type does not show whether it will
 * listen or connect.
 */
export type ItemOf<F extends number, T extends number> = T extends typeof SOCK_DGRAM ? [Bytes, AddressOf<F>] : any;

/** What iteration over a connected socket yields. */
export type ConnectedItemOf<F extends number, T extends number> = T extends typeof SOCK_STREAM ? Bytes : ItemOf<F, T>;

/** Two connected sockets. */
export type Pair<F extends number, T extends number> = [
  Socket<AddressOf<F>, ConnectedItemOf<F, T>>,
  Socket<AddressOf<F>, ConnectedItemOf<F, T>>,
];

/** A listening socket. Iteration over it yields connections. */
export type Server<A extends Address> = Socket<A, [Socket<A, Bytes>, A]>;

/** Opens a socket, or adopts a descriptor. */
export function open(
  runtime: Runtime,
  backend: Backend,
  family: number,
  type: number,
  proto: number,
  fileno?: number | null,
): Socket {
  checkKind(family, type, proto);
  const bare = type < 0 ? type : type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  // -1 means the default: the value of the adopted descriptor, or that of a new socket.
  const either = (given: number, usual: number) => given === -1 ? usual : given;
  const descriptor = fileno === undefined || fileno === null
    ? runtime.descriptors.enter(backend.open(either(family, AF_INET), either(bare, SOCK_STREAM), either(proto, 0)))
    : adopt(runtime.descriptors, backend, fileno, family, bare, proto);
  const socket = socketOf(runtime, descriptor);
  if (type > 0 && (type & SOCK_NONBLOCK) !== 0) socket.setblocking(false);
  return socket;
}

function checkKind(family: number, type: number, proto: number): void {
  checkInteger(family, "family");
  checkInteger(type, "type");
  checkInteger(proto, "proto");
}

function adopt(
  descriptors: DescriptorTable,
  backend: Backend,
  fd: number,
  family: number,
  type: number,
  proto: number,
): Descriptor<Transport> {
  checkFd(fd);
  return findSocket(descriptors, fd) ?? descriptors.enter(backend.adopt(fd, family, type, proto));
}

function checkFd(fd: number): void {
  checkInteger(fd, "fileno");
  if (fd < 0) throw new RangeError("negative file descriptor");
}

/** Finds the socket that the table has under a number. */
function findSocket(descriptors: DescriptorTable, fd: number): Descriptor<Transport> | undefined {
  const known = descriptors.find(fd);
  return known !== undefined && isSocket(known) ? known : undefined;
}

/** Whether a descriptor is a socket, and not a pipe or an epoll. */
function isSocket(descriptor: Descriptor): descriptor is Descriptor<Transport> {
  return "getsockname" in descriptor.open;
}

/** Opens a socket on a duplicate of a descriptor. */
export function fromFd(
  runtime: Runtime,
  backend: Backend,
  fd: number,
  family: number,
  type: number,
  proto: number,
): Socket {
  checkInteger(fd, "fileno");
  // As in CPython: here dup(2) fails with EBADF. Only socket() refuses a negative number with another error.
  if (fd < 0) throw errorFor("EBADF", { syscall: "dup" });
  const { descriptors } = runtime;
  const transport = findSocket(descriptors, fd)?.open.dup() ?? backend.adoptDuplicate(fd, family, type, proto);
  return socketOf(runtime, descriptors.enter(transport));
}

/** Closes a descriptor by its number. */
export function closeFd(runtime: Runtime, fd: number): void {
  checkInteger(fd, "descriptor");
  runtime.descriptors.get(fd).close();
}

/** Makes two connected sockets. */
export async function pair(
  runtime: Runtime,
  backend: Backend,
  family: number,
  type: number,
  proto: number,
): Promise<[Socket, Socket]> {
  checkKind(family, type, proto);
  const bare = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  const sockets = (await backend.pair(family, bare, proto)).map((transport) =>
    socketOf(runtime, runtime.descriptors.enter(transport))
  );
  if ((type & SOCK_NONBLOCK) !== 0) { for (const socket of sockets) socket.setblocking(false); }
  return sockets as [Socket, Socket];
}

/**
 * Returns the checked host and port of an address. Further items, such as an IPv6 scope, are left out. The host may be null
 * and the port a service, because CPython passes both to getaddrinfo.
 */
async function checkEndpoint(address: EndpointLike): Promise<[string, number]> {
  const given = Array.isArray(address) ? hostText(address[0], "connect") : undefined;
  // getaddrinfo(3) of glibc takes "*" for no host, as null.
  const host = given === null || given === "*" ? "localhost" : given;
  // Both have their meaning in the addresses of sockets only. getaddrinfo(3) does not know them.
  if (host === "" || host === "<broadcast>") throw gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo", address: host });
  if (typeof host !== "string") throw new TypeError("create_connection() takes an address of [host, port]");
  const service = hostText(address[1], "connect");
  const port = typeof service === "string"
    ? (await import("./names/getaddrinfo.ts")).streamPort(service)
    : service as number;
  // checkAddress checks the port, and makes a literal canonical.
  const family = isLiteral(host, AF_INET6) ? AF_INET6 : AF_INET;
  return checkAddress(family, [host, port], "connect") as unknown as [string, number];
}

/** Sorts the arguments of create_connection, some of which may be given as options. */
export function connectionArguments(
  timeoutOrOptions: number | null | ConnectionOptions | undefined,
  sourceOrOptions: AddressLike | null | ConnectionOptions | undefined,
  lastOptions: ConnectionOptions | undefined,
): [timeout: number | null | undefined, sourceAddress: AddressLike | null, options: ConnectionOptions] {
  let timeout: number | null | undefined, source: AddressLike | null | undefined, options = lastOptions;
  if (isOptions(timeoutOrOptions)) options = only(timeoutOrOptions, sourceOrOptions, lastOptions);
  else timeout = timeoutOrOptions;
  if (isOptions(sourceOrOptions)) options = only(sourceOrOptions as ConnectionOptions, lastOptions);
  else source = sourceOrOptions;
  checkOptions(options, CONNECTION_OPTIONS);
  const twice = (name: string) => new TypeError(`create_connection() got two values for ${name}`);
  if (timeout !== undefined && options?.timeout !== undefined) throw twice("timeout");
  if (source != null && options?.source_address != null) throw twice("source_address");
  return [timeout === undefined ? options?.timeout : timeout, source ?? options?.source_address ?? null, options ?? {}];
}

/** Connects to the first address of a host that accepts the connection. */
export async function createConnection(
  runtime: Runtime,
  backend: Backend,
  address: EndpointLike,
  timeout: number | null | undefined,
  sourceAddress: AddressLike | null,
  options: ConnectionOptions,
): Promise<Socket<any>> {
  const signal = checkOptions(options, CONNECTION_OPTIONS);
  const { all_errors = false } = options;
  if (timeout !== undefined && timeout !== null) checkTimeout(timeout);
  const stagger = staggerOf(options);
  const [host, port] = await checkEndpoint(address);
  const { clock } = runtime;
  // 0 is non-blocking mode and no deadline: connect then rejects with EINPROGRESS, as in CPython.
  const deadline = timeout ? clock.now() + timeout * 1000 : null;
  const found = await orLate((signal) => backend.endpoints(host, port, signal), clock, deadline, signal);
  const endpoints = stagger.interleave > 0 ? interleave(found, stagger.interleave) : found;

  const attempts = endpoints.map(([family, address]) => async (over: AbortSignal) => {
    let socket: Socket | undefined;
    try {
      throwIfAborted(signal);
      socket = open(runtime, backend, family, SOCK_STREAM, 0);
      if (timeout !== undefined) socket.settimeout(timeout);
      if (sourceAddress !== null) socket.bind(sourceAddress);
      // One deadline for the whole call: each address gets the time that is left.
      if (deadline !== null) socket.settimeout(Math.max(deadline - clock.now(), 1) / 1000);
      await socket.connect(address as AddressLike, { signal: signal ? AbortSignal.any([signal, over]) : over });
      if (timeout !== undefined) socket.settimeout(timeout);
      return socket;
    } catch (error) {
      socket?.close();
      throw error;
    }
  });
  const outcome = await race(attempts, stagger.delay, (late) => late.close(), clock);
  if ("value" in outcome) return outcome.value;
  throwIfAborted(signal);
  throw failureOf(outcome.failures, all_errors);
}

/** Returns the checked options of the race: the delay in milliseconds (null for none), and the number for `interleave`. */
function staggerOf(options: ConnectionOptions): { delay: number | null; interleave: number } {
  const { happy_eyeballs_delay = null, interleave } = options;
  const delay = checkTimeout(happy_eyeballs_delay);
  const lead = interleave ?? (delay === null ? 0 : 1);
  checkInteger(lead, "interleave");
  if (lead < 0) throw new RangeError("interleave must not be negative");
  return { delay: delay === null ? null : delay * 1000, interleave: lead };
}

/** Returns what the call rejects with when all addresses failed. An error that is no OSError (a missing permission) comes first. */
function failureOf(failures: unknown[], all: boolean): unknown {
  const other = failures.find((failure) => !(failure instanceof OSError));
  if (other !== undefined) return other;
  if (all) return new AggregateError(failures, "create_connection failed");
  return failures.at(-1) ?? new OSError("getaddrinfo returns an empty list");
}

/** Opens a listening socket, with the options that servers need. */
export function createServer(
  runtime: Runtime,
  backend: Backend,
  address: AddressLike,
  options: ServerOptions,
): Socket {
  checkOptions(options, SERVER_OPTIONS);
  const { family = AF_INET, backlog = null, reuse_port = false, dualstack_ipv6 = false } = options;
  if (dualstack_ipv6 && family !== AF_INET6) throw new RangeError("dualstack_ipv6 requires AF_INET6 family");
  const socket = open(runtime, backend, family, SOCK_STREAM, 0);
  try {
    const checked = checkAddress(family, address, "bind");
    socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
    if (reuse_port) socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
    if (family === AF_INET6) setOnlyV6(socket, checked, dualstack_ipv6);
    bindServer(socket, checked, address);
    if (backlog === null) socket.listen();
    else socket.listen(backlog);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Binds. As in CPython, the text of an error names the address that was asked for. */
function bindServer(socket: Socket, checked: Address, asked: AddressLike): void {
  try {
    socket.bind(checked as AddressLike);
  } catch (error) {
    if (!(error instanceof OSError) || error.errno === undefined) throw error;
    const { errno, strerror, syscall, code, address, cause } = error;
    const text = `${strerror} (while attempting to bind on address ${reprOf(asked)})`;
    // The kind of error does not change: a host that is not found is a gaierror.
    const Kind = error.constructor as typeof OSError;
    throw new Kind(errno, text, { syscall, code, address, cause, hint: hintOf(error) });
  }
}

/** The hint that follows the text of an error. */
function hintOf({ errno, strerror, message }: OSError): string | undefined {
  return message.slice(`[Errno ${errno}] ${strerror}: `.length) || undefined;
}

/** An address as Python's repr() shows it. */
function reprOf(address: unknown): string {
  if (Array.isArray(address)) return `(${address.map(reprOf).join(", ")})`;
  return typeof address === "string" ? `'${address.replaceAll("\0", "\\x00")}'` : String(address);
}

/**
 * Sets IPV6_V6ONLY. The option matters for the wildcard address only, which may receive IPv4. For other addresses a backend
 * need not have it.
 */
function setOnlyV6(socket: Socket, [host]: Address, dualstack: boolean): void {
  try {
    socket.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, dualstack ? 0 : 1);
  } catch (error) {
    if (host !== "" && host !== "::") return;
    if (!(error instanceof OSError) || error.errno === undefined) throw error;
    const { errno, syscall, code } = error;
    // The backend's hint follows the error's text. This hint names another way first.
    const [, way = ""] = error.message.split(/: (.*)/);
    const hint =
      `a server on every interface cannot serve only IPv6; with dualstack_ipv6: true it serves IPv4 too. ${way}`
        .trimEnd();
    throw new OSError(errno, undefined, { syscall, code, hint, cause: error });
  }
}

/** Whether one socket can serve IPv4 and IPv6. */
export function hasDualstackIpv6(runtime: Runtime, backend: Backend): boolean {
  let socket: Socket | undefined;
  try {
    socket = open(runtime, backend, AF_INET6, SOCK_STREAM, 0);
    socket.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 0);
    return true;
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
    return false;
  } finally {
    // No `using`: Node 22, on which the simulation runs, does not have it.
    socket?.close();
  }
}

/** Sends descriptors along with data. */
export async function sendFds(
  socket: Socket,
  buffers: Iterable<Data>,
  fds: Iterable<number>,
  flags: number | WaitOptions,
  address: AddressLike | null | WaitOptions,
  options?: WaitOptions,
): Promise<number> {
  const numbers = [...fds];
  for (const fd of numbers) checkInteger(fd, "descriptor");
  const rights = new Uint8Array(Int32Array.from(numbers).buffer);
  return await socket.sendmsg(buffers, [[SOL_SOCKET, SCM_RIGHTS, rights]], flags, address, options);
}

/** Receives data and the descriptors that came with it. */
export async function recvFds(
  socket: Socket,
  bufsize: number,
  maxfds: number,
  flags: number | WaitOptions,
  options?: WaitOptions,
): Promise<[data: Bytes, fds: number[], flags: number, address: Address | null]> {
  checkInteger(maxfds, "maxfds");
  const [data, ancillary, answered, address] = await socket.recvmsg(
    bufsize,
    CMSG_LEN(maxfds * Int32Array.BYTES_PER_ELEMENT),
    flags,
    options,
  );
  const fds: number[] = [];
  for (const [level, type, bytes] of ancillary) {
    if (level !== SOL_SOCKET || type !== SCM_RIGHTS) continue;
    fds.push(...new Int32Array(bytes.slice(0, bytes.length - bytes.length % 4).buffer));
  }
  return [data, fds, answered, address];
}
