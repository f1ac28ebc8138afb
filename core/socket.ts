// class Socket: what Python documents, over any backend.
//
// Modes, deadlines and order are in lane.ts, states and data in the backend; here each method checks its
// arguments, names its attempt and picks its lane.

import { checkAddress } from "../base/addresses.ts";
import type { Address, AddressLike } from "../base/addresses.ts";
import {
  AF_UNIX,
  AF_UNSPEC,
  MSG_DONTWAIT,
  MSG_FASTOPEN,
  MSG_WAITALL,
  SO_ACCEPTCONN,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../base/constants.ts";
import { bytesOf, gather, viewOf } from "../base/data.ts";
import type { Bytes, Data, MutableData } from "../base/data.ts";
import { atCaller, errorFor, OSError } from "../base/errors.ts";
import { POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { IN_PROGRESS, WOULD_BLOCK } from "../seam/transport.ts";
import type { AncillaryData, Received, Transport, WouldBlock } from "../seam/transport.ts";
import {
  checkAncillarySize,
  checkControlMessage,
  checkInteger,
  checkOptions,
  checkOptionValue,
  checkSize,
  checkTimeout,
  checkUnchanged,
  isFixed,
  isOptions,
  only,
  sizedView,
} from "./arguments.ts";
import { closeForgotten, tellTable } from "./descriptors.ts";
import type { Descriptor } from "./descriptors.ts";
import { OpeningSend } from "./fastopen.ts";
import { makeFile } from "./files.ts";
import type { FileOf, MakefileOptions } from "./files.ts";
import { isInheritable, makeInheritable } from "./inheritable.ts";
import { Lane, TimeLimit, whenReadable } from "./lane.ts";
import type { Attempt, Operation } from "./lane.ts";
import { orAborted, promised, throwIfAborted } from "./promises.ts";
import type { WaitOptions } from "./promises.ts";
import type { Runtime } from "./runtime.ts";
import { sendFile } from "./sendfile.ts";
import type { SendableFile } from "./sendfile.ts";
import { readableOf, writableOf } from "./streams.ts";

/** The types that are listened on and connected; the others receive from anybody. */
const CONNECTED = [SOCK_STREAM, SOCK_SEQPACKET];

/** What one iteration receives at most. */
const CHUNK = 65536;

/** The pauses of an accept loop that ran out of descriptors, in milliseconds: doubled up to a second. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1000;

/** From this length on a sendall lends its memory to the backend. A copy of less costs nothing worth saving. */
const LENT = 16384;

/** What a sendall that is done at once answers. */
const DONE = Promise.resolve();

const ACCEPT: Operation = { syscall: "accept" };
const RECV: Operation = { syscall: "recv" };
const RECVFROM: Operation = { syscall: "recvfrom" };
const RECVMSG: Operation = { syscall: "recvmsg" };
const SEND: Operation = { syscall: "send" };
const SENDMSG: Operation = { syscall: "sendmsg" };

/** Closes what a collected socket left open. */
const leaks = new FinalizationRegistry<Descriptor>(closeForgotten);

/** Makes the Socket of an open descriptor: the backends' way in, which is no part of the public class. */
export let socketOf: (runtime: Runtime, descriptor: Descriptor<Transport>) => Socket<any>;

/** What stands behind a socket, for what is put between a socket and its connection (TLS). */
export interface SocketParts {
  readonly runtime: Runtime;
  readonly descriptor: Descriptor<Transport>;
  /** Runs a call as recv runs its own: in the receiving lane, in the socket's mode. */
  run<T>(attempt: Attempt<T>, options: WaitOptions | undefined, operation: Operation): Promise<T>;
  /** Parts the socket from its descriptor, which stays open. */
  release(): void;
}

/** Takes an open socket apart; EBADF for a closed one. No part of the public class. */
export let partsOf: (socket: Socket) => SocketParts;

/**
 * A socket, as Python's `socket.socket` objects; the functions that make them are `socket()` and its kin.
 *
 * Calls that can wait return promises. How long they wait is the socket's mode (`settimeout`, `setblocking`), and
 * `{ signal }` as their last argument ends the waiting. Nothing is ever lost to giving up: what comes later is for the
 * next call. Concurrent calls are served in order, and the bytes of concurrent `sendall`s do not mix.
 *
 * `A` is the shape of its addresses, which depends on its family, and `Item` is what iteration yields, which depends on its
 * kind: both are known where the family and type are.
 *
 * Leaving a socket open is no leak: one that is garbage-collected is closed. `using` closes it at the block's end.
 *
 * @example
 * ```ts
 * import { create_server, socket } from "@berkeley/socket";
 *
 * using server = create_server(["127.0.0.1", 0]);
 * using client = socket();
 * await client.connect(server.getsockname());
 * for await (const [conn] of server) {
 *   await conn.sendall("hello");
 *   conn.close();
 *   break;
 * }
 * console.log(new TextDecoder().decode(await client.recv(1024)));
 * ```
 */
export class Socket<A extends Address = Address, Item = any> {
  readonly #runtime: Runtime;
  #descriptor: Descriptor<Transport> | null;
  readonly #transport: Transport;
  readonly #reading: Lane;
  readonly #writing: Lane;
  #timeout: number | null;
  #closed = false;
  /** Whether the attempt that is being made is a call's last, because the time of SO_RCVTIMEO is up. */
  #late = false;
  #files = 0;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Data> | undefined;

  static {
    socketOf = (runtime, descriptor) => new Socket(runtime, descriptor);
    partsOf = (socket) => {
      socket.#live();
      return {
        runtime: socket.#runtime,
        descriptor: socket.#descriptor!,
        run: (attempt, options, operation) => socket.#read(attempt, 0, options, operation),
        release: () => socket.#letGo(),
      };
    };
    tellTable(Socket.prototype, (socket) => socket.#descriptor?.numberedBy);
  }

  /**
   * Sockets are made by `socket()` and its kin, and not by `new`.
   *
   * @internal
   */
  protected constructor(runtime: Runtime, descriptor: Descriptor<Transport>) {
    if (descriptor === undefined) throw new TypeError("sockets are made by socket(), and not by new");
    this.#runtime = runtime;
    this.#descriptor = descriptor;
    this.#timeout = runtime.defaultTimeout;
    this.#transport = descriptor.open;
    this.#reading = new Lane(descriptor, POLLIN, runtime);
    this.#writing = new Lane(descriptor, POLLOUT, runtime);
    if (runtime.closesCollected) leaks.register(this, descriptor, this);
  }

  // What it is.

  /**
   * The address family: AF_INET, AF_INET6, AF_UNIX …
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.log(sock.family);
   * ```
   */
  get family(): number {
    return this.#transport.family;
  }
  /**
   * The type: SOCK_STREAM, SOCK_DGRAM …, without the flags that were or-ed into it.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.log(sock.type);
   * ```
   */
  get type(): number {
    return this.#transport.type;
  }
  /**
   * The protocol that was asked for, 0 for the type's own.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.log(sock.proto);
   * ```
   */
  get proto(): number {
    return this.#transport.proto;
  }
  /**
   * The timeout in seconds, null for none: what `gettimeout()` tells.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.log(sock.timeout);
   * ```
   */
  get timeout(): number | null {
    return this.#timeout;
  }

  /**
   * The descriptor, -1 once the socket is closed; see Python's `socket.fileno()`.
   *
   * Deno does not reveal descriptors: on the default backend it is a number of this module's own table, from 2^20 up,
   * unique among open sockets and good for select, poll, epoll, `fromfd`, `socket(…, fileno)`, `close()` and as a map's key.
   * On native sockets it is the process's real descriptor.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.log(sock.fileno());
   * ```
   */
  fileno(): number {
    return this.#descriptor === null || this.#descriptor.closed ? -1 : this.#descriptor.fd;
  }

  // Modes.

  /**
   * Sets how long calls may wait, in seconds: null for ever, 0 not at all; as Python's `socket.settimeout()`.
   *
   * It bounds each call as a whole (a `sendall` too). Then the call rejects with TimeoutError, "timed out".
   *
   * @throws {RangeError} for a negative or NaN timeout.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * sock.settimeout(2.5);
   * ```
   */
  settimeout(timeout: number | null): void {
    const checked = checkTimeout(timeout);
    this.#live();
    this.#timeout = checked;
  }
  /**
   * The timeout in seconds, null for none; as Python's `socket.gettimeout()`.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.assert(sock.gettimeout() === null);
   * ```
   */
  gettimeout(): number | null {
    return this.#timeout;
  }
  /**
   * `true` is `settimeout(null)`, `false` is `settimeout(0)`: calls that would have to wait reject with BlockingIOError.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * sock.setblocking(false);
   * console.assert(sock.gettimeout() === 0);
   * ```
   */
  setblocking(blocking: boolean): void {
    this.#live();
    this.#timeout = blocking ? null : 0;
  }
  /**
   * Whether calls may wait; as Python's `socket.getblocking()`.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.assert(sock.getblocking());
   * ```
   */
  getblocking(): boolean {
    return this.#timeout !== 0;
  }

  // Addresses and connections.

  /**
   * Claims a local address; see bind(2). `["", port]` is every interface, port 0 any free port, which `getsockname()` tells.
   *
   * A host name other than a literal may block for its look-up.
   *
   * @throws {OSError} EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL for a second bind …
   * @throws {TypeError} for a wrong shape; RangeError for a port beyond 65535.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * sock.bind(["127.0.0.1", 0]);
   * console.log(sock.getsockname());
   * ```
   */
  bind(address: AddressLike): void {
    const transport = this.#live();
    transport.bind(checkAddress(this.family, address, "bind"));
  }

  /**
   * Starts to queue connections, at most `backlog` of them; see listen(2).
   *
   * @throws {OSError} EINVAL on a connected socket, EADDRINUSE where the port was lost.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using server = socket();
   * server.bind(["127.0.0.1", 0]);
   * server.listen(16);
   * ```
   */
  listen(backlog = 128): void {
    checkInteger(backlog, "backlog");
    this.#live().listen(Math.max(backlog, 0));
  }

  /**
   * Takes the oldest queued connection: `[socket, address]`; see accept(2). The new socket starts in the default mode.
   * On the default backend a connection that was reset in the queue is passed over: Deno cannot hand it out.
   *
   * @throws {OSError} EINVAL before `listen`; EMFILE or ENFILE where descriptors ran out (the connection stays queued).
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using server = socket();
   * server.bind(["127.0.0.1", 0]);
   * server.listen();
   * using client = socket();
   * await client.connect(server.getsockname());
   * const [conn, address] = await server.accept();
   * console.log(address);
   * conn.close();
   * ```
   */
  async accept(options?: WaitOptions): Promise<[Socket<A, Bytes>, A]> {
    return await this.#read(
      () => {
        const accepted = this.#transport.accept();
        if (accepted === WOULD_BLOCK) return WOULD_BLOCK;
        return [this.accepted(accepted.transport), accepted.address as A] as [Socket<A, Bytes>, A];
      },
      0,
      options,
      ACCEPT,
    );
  }

  /**
   * Connects to an address; see connect(2). On a datagram socket it fixes the peer: `send` goes there, and strangers'
   * datagrams are not seen. Connecting again changes the peer, `connect(AF_UNSPEC)` undoes it.
   *
   * In non-blocking mode it rejects with EINPROGRESS and goes on in the background: the socket is writable when it has
   * ended, and SO_ERROR tells how.
   *
   * @throws {OSError} ECONNREFUSED, EISCONN, EALREADY, ENOENT for a path …; gaierror for an unknown host.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using server = socket();
   * server.bind(["127.0.0.1", 0]);
   * server.listen();
   * using client = socket();
   * await client.connect(server.getsockname());
   * console.log(client.getpeername());
   * ```
   */
  async connect(address: AddressLike | typeof AF_UNSPEC, options?: WaitOptions): Promise<void> {
    try {
      await this.#connect(address, options);
    } catch (error) {
      // Found out in the event loop, where the stack has no caller: from here it leads to the user's line.
      throw atCaller(error, connect);
    }
  }

  async #connect(address: AddressLike | typeof AF_UNSPEC, options?: WaitOptions): Promise<void> {
    if (address === AF_UNSPEC) return this.#live().disconnect();
    this.#check(0);
    const checked = checkAddress(this.family, address, "connect");
    const signal = checkOptions(options);
    const timeout = this.#timeout;
    const deadline = timeout === null ? null : this.#runtime.clock.now() + timeout * 1000;
    const resolved = await this.#resolve(checked, signal);
    const transport = this.#live();
    const operation = { syscall: "connect", address: checked };
    let started = false;
    // One call for both steps of a connect, so that the transport knows for how long it is this one's.
    const attempt = (): void | WouldBlock => {
      if (started) return transport.finishConnect();
      const answer = transport.connect(this.#writing, resolved);
      if (answer !== IN_PROGRESS) return answer;
      if (timeout === 0) throw errorFor("EINPROGRESS", operation);
      started = true;
      return WOULD_BLOCK;
    };
    const limit = this.#timeLimit(this.#writing, 0, () => errorFor(started ? "EINPROGRESS" : "EAGAIN", operation));
    if (limit !== undefined) return await this.#runWithin(limit, this.#writing, attempt, signal, operation);
    const rest = deadline === null || timeout === 0
      ? timeout
      : Math.max(deadline - this.#runtime.clock.now(), 1) / 1000;
    await this.#writing.run(attempt, rest, signal, operation);
  }

  /**
   * As `connect`, but answers the error's number instead of rejecting with an OSError: 0 or, say, 111 for a refused one.
   *
   * Errors that are none of the system call (a wrong shape, an unknown host, a permission) still reject.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.log(await sock.connect_ex(["127.0.0.1", 1]));
   * ```
   */
  async connect_ex(address: AddressLike | typeof AF_UNSPEC, options?: WaitOptions): Promise<number> {
    try {
      await this.connect(address, options);
      return 0;
    } catch (error) {
      if (!(error instanceof OSError) || error.name === "gaierror") throw error;
      if (error.errno !== undefined) return error.errno;
      // As in CPython, a connect that timed out answers EWOULDBLOCK, and a wrong address is thrown.
      if (error.name === "TimeoutError") return errorFor("EAGAIN").errno!;
      throw error;
    }
  }

  /**
   * Half-closes: SHUT_WR ends sending (the peer reads the end of the stream), SHUT_RD receiving, SHUT_RDWR both; shutdown(2).
   *
   * @throws {OSError} ENOTCONN on an unconnected socket, EINVAL for another `how`.
   *
   * @example
   * ```ts
   * import { SHUT_WR, socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * await a.shutdown(SHUT_WR);
   * console.assert((await b.recv(1)).length === 0);
   * a.close();
   * b.close();
   * ```
   */
  shutdown(how: number): Promise<void> {
    return promised(() => {
      const transport = this.#live();
      checkInteger(how, "how");
      return transport.shutdown(how);
    });
  }

  /**
   * The socket's own address; see getsockname(2).
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.log(sock.getsockname());
   * ```
   */
  getsockname(): A {
    return this.#live().getsockname() as A;
  }
  /**
   * The peer's address; see getpeername(2).
   *
   * @throws {OSError} ENOTCONN on an unconnected socket.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * console.log(a.getpeername());
   * a.close();
   * b.close();
   * ```
   */
  getpeername(): A {
    return this.#live().getpeername() as A;
  }

  // Receiving.

  /**
   * Receives up to `bufsize` bytes; see recv(2). An empty array is the end of the stream (on a datagram socket, an empty
   * datagram). Small results share an ArrayBuffer: mind their `byteOffset`, and `slice()` before transferring one.
   * For bulk, from about 16 KiB per call on, take {@linkcode Socket.recv_into}: it reuses memory, and is up to twice as fast.
   *
   * Flags: MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL, MSG_TRUNC; on native all that the kernel has.
   *
   * @throws {OSError} ENOTCONN, ECONNRESET, TimeoutError, BlockingIOError …
   * @throws {RangeError} for a negative size.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * console.log(await b.recv(1024));
   * a.close();
   * b.close();
   * ```
   */
  recv(bufsize: number, flags: number | WaitOptions = 0, options?: WaitOptions): Promise<Bytes> {
    if (typeof flags === "object") return promised(() => this.recv(bufsize, 0, only(flags, options)));
    try {
      // As CPython: a receive of nothing does not ask the socket.
      if (bufsize === 0) return this.#nothing(new Uint8Array(0), options);
      checkSize(bufsize, "recv");
      return this.#read(
        () => this.#transport.recv(this.#reading, bufsize, this.#effective(flags)),
        flags,
        options,
        RECV,
      );
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /** The result of a receive that was asked for nothing. Its options count all the same. */
  #nothing<T>(result: T, options: WaitOptions | undefined): Promise<T> {
    throwIfAborted(checkOptions(options));
    return Promise.resolve(result);
  }

  /**
   * Receives into a buffer, up to `nbytes` of it (0: all of it), and answers the count; as Python's `socket.recv_into()`.
   *
   * @throws {RangeError} for a negative `nbytes` or one larger than the buffer; else as `recv`.
   * @throws {TypeError} where the buffer is detached or resized while the call waits; what arrives is the next call's.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * const buffer = new Uint8Array(1024);
   * console.log(await b.recv_into(buffer));
   * a.close();
   * b.close();
   * ```
   */
  recv_into(
    buffer: MutableData,
    nbytes: number | WaitOptions = 0,
    flags: number | WaitOptions = 0,
    options?: WaitOptions,
  ): Promise<number> {
    if (typeof nbytes === "object") return promised(() => this.recv_into(buffer, 0, 0, only(nbytes, flags, options)));
    if (typeof flags === "object") return promised(() => this.recv_into(buffer, nbytes, 0, only(flags, options)));
    try {
      if (nbytes === 0 && buffer?.byteLength === 0) return this.#nothing(0, options);
      const view = sizedView(buffer, nbytes, "recv_into");
      const { length } = view;
      const attempt = () => {
        checkUnchanged(view, length);
        return this.#transport.recvInto(this.#reading, view, this.#effective(flags));
      };
      return this.#read(attempt, flags, options, RECV);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /**
   * Receives `[data, address]`; see recvfrom(2). On a stream the address is null.
   *
   * @throws {OSError} as `recv`.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * const [data, address] = await b.recvfrom(1024);
   * console.log(data, address);
   * a.close();
   * b.close();
   * ```
   */
  recvfrom(bufsize: number, flags: number | WaitOptions = 0, options?: WaitOptions): Promise<[Bytes, A]> {
    if (typeof flags === "object") return promised(() => this.recvfrom(bufsize, 0, only(flags, options)));
    try {
      checkSize(bufsize, "recvfrom");
      const attempt = () =>
        this.#transport.recvFrom(this.#reading, bufsize, this.#effective(flags)) as [Bytes, A] | WouldBlock;
      return this.#read(attempt, flags, options, RECVFROM);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /**
   * Receives into a buffer and answers `[count, address]`; as Python's `socket.recvfrom_into()`.
   *
   * @throws {RangeError} as `recv_into`.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * const [count] = await b.recvfrom_into(new Uint8Array(16));
   * console.log(count);
   * a.close();
   * b.close();
   * ```
   */
  recvfrom_into(
    buffer: MutableData,
    nbytes: number | WaitOptions = 0,
    flags: number | WaitOptions = 0,
    options?: WaitOptions,
  ): Promise<[number, A]> {
    if (typeof nbytes === "object") {
      return promised(() => this.recvfrom_into(buffer, 0, 0, only(nbytes, flags, options)));
    }
    if (typeof flags === "object") return promised(() => this.recvfrom_into(buffer, nbytes, 0, only(flags, options)));
    try {
      const view = sizedView(buffer, nbytes, "recvfrom_into");
      const { length } = view;
      const attempt = () => {
        checkUnchanged(view, length);
        return this.#transport.recvFromInto(this.#reading, view, this.#effective(flags)) as
          | [number, A]
          | WouldBlock;
      };
      return this.#read(attempt, flags, options, RECVFROM);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /**
   * Receives `[data, ancillary, flags, address]`; see recvmsg(2). Ancillary data, `[level, type, data]` each, comes on
   * native sockets only, up to `ancbufsize` bytes of it (`CMSG_LEN`, `CMSG_SPACE`).
   *
   * @throws {RangeError} for negative sizes; else as `recv`.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * const [data, ancillary, flags] = await b.recvmsg(1024);
   * console.log(data, ancillary, flags);
   * a.close();
   * b.close();
   * ```
   */
  async recvmsg(
    bufsize: number,
    ancbufsize: number | WaitOptions = 0,
    flags: number | WaitOptions = 0,
    options?: WaitOptions,
  ): Promise<[Bytes, AncillaryData[], number, A | null]> {
    if (typeof ancbufsize === "object") return await this.recvmsg(bufsize, 0, 0, only(ancbufsize, flags, options));
    if (typeof flags === "object") return await this.recvmsg(bufsize, ancbufsize, 0, only(flags, options));
    checkSize(bufsize, "recvmsg()");
    checkAncillarySize(ancbufsize, "recvmsg()");
    const buffer = new Uint8Array(bufsize);
    const attempt = () => {
      const received = this.#receive([buffer], ancbufsize, flags);
      if (received === WOULD_BLOCK) return WOULD_BLOCK;
      const { length, ancillary, flags: answered, address } = received;
      const data = buffer.slice(0, Math.min(length, bufsize));
      return [data, ancillary, answered, address] as [Bytes, AncillaryData[], number, A | null];
    };
    return await this.#read(attempt, flags, options, RECVMSG);
  }

  /**
   * Scatters one receive over several buffers: `[count, ancillary, flags, address]`; as Python's `socket.recvmsg_into()`.
   *
   * @throws {OSError} as `recvmsg`.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * const [count] = await b.recvmsg_into([new Uint8Array(2), new Uint8Array(14)]);
   * console.log(count);
   * a.close();
   * b.close();
   * ```
   */
  async recvmsg_into(
    buffers: Iterable<MutableData>,
    ancbufsize: number | WaitOptions = 0,
    flags: number | WaitOptions = 0,
    options?: WaitOptions,
  ): Promise<[number, AncillaryData[], number, A | null]> {
    if (typeof ancbufsize === "object") return await this.recvmsg_into(buffers, 0, 0, only(ancbufsize, flags, options));
    if (typeof flags === "object") return await this.recvmsg_into(buffers, ancbufsize, 0, only(flags, options));
    const views = [...buffers].map(viewOf);
    const lengths = views.map((view) => view.length);
    checkAncillarySize(ancbufsize, "recvmsg_into()");
    const attempt = () => {
      views.forEach((view, at) => checkUnchanged(view, lengths[at]));
      const received = this.#receive(views, ancbufsize, flags);
      if (received === WOULD_BLOCK) return WOULD_BLOCK;
      const { length, ancillary, flags: answered, address } = received;
      return [length, ancillary, answered, address] as [number, AncillaryData[], number, A | null];
    };
    return await this.#read(attempt, flags, options, RECVMSG);
  }

  /** Throws where a send's memory was changed, unless the backend has taken what it needs of it. */
  #checkSending(view: Uint8Array, length: number): void {
    if (view.length !== length && !this.#transport.holdsSend?.(this.#writing)) checkUnchanged(view, length);
  }

  #resolve(address: Address, signal: AbortSignal | undefined): Address | Promise<Address> {
    const resolved = this.#transport.resolve(address);
    return resolved instanceof Promise ? orAborted(resolved, signal) : resolved;
  }

  #receive(views: Uint8Array[], ancbufsize: number, flags: number): Received | WouldBlock {
    return this.#transport.recvMessage(this.#reading, views, ancbufsize, this.#effective(flags));
  }

  // Sending.

  /**
   * Sends what there is room for and answers how many bytes that was, maybe fewer than there are; see send(2).
   *
   * @throws {OSError} EPIPE after SHUT_WR or when the peer is gone, ECONNRESET, ENOTCONN, EMSGSIZE for a datagram …
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * console.log(await a.send("hello"));
   * a.close();
   * b.close();
   * ```
   */
  send(data: Data, flags: number | WaitOptions = 0, options?: WaitOptions): Promise<number> {
    if (typeof flags === "object") return promised(() => this.send(data, 0, only(flags, options)));
    try {
      const bytes = bytesOf(data);
      const { length } = bytes;
      const attempt = () => {
        this.#checkSending(bytes, length);
        return this.#transport.send(this.#writing, bytes, flags);
      };
      return this.#write(attempt, flags, options, SEND);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /**
   * Sends everything, calling `send` until all of it is gone; as Python's `socket.sendall()`.
   *
   * Leave `data` unchanged until the promise settles: it is read when there is room for it. After a rejection (a timeout,
   * an abort, an error) it is unknown how much was sent; where detach or the closing of a duplicate ended the call on the
   * default backend, some of it may go out still.
   *
   * @throws {OSError} as `send`.
   * @throws {TypeError} where the data's buffer is detached or resized before all of it was sent.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * a.close();
   * b.close();
   * ```
   */
  sendall(data: Data, flags: number | WaitOptions = 0, options?: WaitOptions): Promise<void> {
    if (typeof flags === "object") return promised(() => this.sendall(data, 0, only(flags, options)));
    try {
      const bytes = bytesOf(data);
      const writing = this.#writing;
      const limit = this.#timeLimit(writing, flags);
      if (limit !== undefined) {
        this.#check(flags);
        return this.#runWithin(
          limit,
          writing,
          this.#sendingAll(bytes, flags, false, limit),
          checkOptions(options),
          SEND,
        );
      }
      const lends = bytes.length >= LENT && options === undefined && this.#patience(flags) === null && isFixed(bytes);
      if (options !== undefined || !writing.idle) {
        return this.#write(this.#sendingAll(bytes, flags, lends), flags, options, SEND);
      }
      // Most end with their first try. Then they need no closure and no promise: 2 to 3 % of native's echo.
      this.#check(flags);
      writing.lends = lends;
      const sent = this.#transport.send(writing, bytes, flags);
      if (sent === bytes.length) {
        writing.endTurn();
        return DONE;
      }
      if (sent !== WOULD_BLOCK) {
        return this.#write(this.#sendingAll(bytes.subarray(sent), flags, lends), flags, options, SEND);
      }
      return writing.wait(this.#sendingAll(bytes, flags, lends), this.#patience(flags), undefined, SEND);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /** What sends all of the data, try by try. */
  #sendingAll(data: Uint8Array, flags: number, lends: boolean, limit?: TimeLimit): Attempt<void> {
    let rest = data;
    let { length } = data;
    return () => {
      for (;;) {
        this.#checkSending(rest, length);
        this.#writing.lends = lends;
        const sent = this.#transport.send(this.#writing, rest, flags);
        if (sent === WOULD_BLOCK) return WOULD_BLOCK;
        if (limit !== undefined) limit.moved = true;
        if (sent >= length) return;
        checkUnchanged(rest, length);
        rest = rest.subarray(sent);
        length -= sent;
      }
    };
  }

  /**
   * Sends a datagram to an address: `sendto(data, address)` or `sendto(data, flags, address)`; see sendto(2). An unbound
   * socket binds itself first. A connected stream ignores the address.
   *
   * @throws {OSError} EMSGSIZE, EACCES for a broadcast without SO_BROADCAST, ENETUNREACH …
   *
   * @example
   * ```ts
   * import { AF_INET, SOCK_DGRAM, socket } from "@berkeley/socket";
   *
   * using receiver = socket(AF_INET, SOCK_DGRAM);
   * receiver.bind(["127.0.0.1", 0]);
   * using sender = socket(AF_INET, SOCK_DGRAM);
   * await sender.sendto("hello", receiver.getsockname());
   * console.log(await receiver.recvfrom(1024));
   * ```
   */
  sendto(data: Data, address: AddressLike, options?: WaitOptions): Promise<number>;
  /**
   * As above, with flags.
   *
   * @example
   * ```ts
   * import { AF_INET, MSG_DONTWAIT, SOCK_DGRAM, socket } from "@berkeley/socket";
   *
   * using receiver = socket(AF_INET, SOCK_DGRAM);
   * receiver.bind(["127.0.0.1", 0]);
   * using sender = socket(AF_INET, SOCK_DGRAM);
   * await sender.sendto("hello", MSG_DONTWAIT, receiver.getsockname());
   * ```
   */
  sendto(data: Data, flags: number, address: AddressLike, options?: WaitOptions): Promise<number>;
  sendto(
    data: Data,
    first: number | AddressLike,
    second?: AddressLike | WaitOptions,
    third?: WaitOptions,
  ): Promise<number> {
    return typeof first === "number"
      ? this.#sendTo(data, first, second as AddressLike, third)
      : this.#sendTo(data, 0, first, second as WaitOptions | undefined);
  }

  /** Not an async function: it would put a second promise around the lane's, for every datagram. */
  #sendTo(data: Data, flags: number, address: AddressLike, options: WaitOptions | undefined): Promise<number> {
    try {
      this.#check(flags);
      const bytes = bytesOf(data);
      const signal = checkOptions(options);
      const writing = this.#writing;
      const target = this.#resolve(checkAddress(this.family, address, "sendto"), signal);
      const isPlain = signal === undefined && this.#transport.limits === undefined && !this.#opens(flags);
      if (target instanceof Promise || !isPlain || !writing.idle) {
        return this.#sendToInTurn(bytes, flags, target, signal);
      }
      // As in sendall: nearly all end with their first try.
      const sent = this.#transport.sendTo(writing, bytes, flags, target);
      if (sent !== WOULD_BLOCK) {
        writing.endTurn();
        return Promise.resolve(sent);
      }
      return writing.wait(
        this.#sendingTo(bytes, bytes.length, flags, target),
        this.#patience(flags),
        undefined,
        { syscall: "sendto", address: target },
      );
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  async #sendToInTurn(
    bytes: Uint8Array,
    flags: number,
    target: Address | Promise<Address>,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const { length } = bytes;
    const resolved = target instanceof Promise ? await target : target;
    this.#check(flags);
    const attempt = this.#sendingTo(bytes, length, flags, resolved);
    const operation = { syscall: "sendto", address: resolved };
    if (this.#opens(flags)) return await this.#sendOpening(bytes, flags, attempt, signal, operation);
    return await this.#runInMode(this.#writing, attempt, flags, signal, operation);
  }

  /** Whether a send opens its connection and may wait for it (MSG_FASTOPEN). */
  #opens(flags: number): boolean {
    return (flags & MSG_FASTOPEN) !== 0 && this.#patience(flags) === null && this.type === SOCK_STREAM &&
      this.family !== AF_UNIX;
  }

  #sendOpening(
    bytes: Uint8Array,
    flags: number,
    begin: Attempt<number>,
    signal: AbortSignal | undefined,
    operation: Operation,
  ): Promise<number> {
    const opening = new OpeningSend(this.#transport, this.#writing, bytes, flags, begin);
    const attempt = () => opening.attempt();
    const limit = this.#timeLimit(this.#writing, flags, () => opening.error());
    if (limit === undefined) return this.#runInMode(this.#writing, attempt, flags, signal, operation);
    return this.#runWithin(limit, this.#writing, attempt, signal, operation);
  }

  #sendingTo(bytes: Uint8Array, length: number, flags: number, target: Address): Attempt<number> {
    return () => {
      this.#checkSending(bytes, length);
      return this.#transport.sendTo(this.#writing, bytes, flags, target);
    };
  }

  /**
   * Gathers one send from several buffers, with ancillary data (native sockets) and an address; see sendmsg(2).
   *
   * @throws {OSError} EOPNOTSUPP for ancillary data on the default backend; else as `send`.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * console.log(await a.sendmsg(["hel", "lo"]));
   * a.close();
   * b.close();
   * ```
   */
  async sendmsg(
    buffers: Iterable<Data>,
    ancdata: Iterable<[level: number, type: number, data: Data]> | WaitOptions = [],
    flags: number | WaitOptions = 0,
    address: AddressLike | null | WaitOptions = null,
    options?: WaitOptions,
  ): Promise<number> {
    if (isOptions(ancdata)) {
      return await this.sendmsg(
        buffers,
        [],
        0,
        null,
        only<WaitOptions>(ancdata as WaitOptions, flags, address, options),
      );
    }
    if (typeof flags === "object") return await this.sendmsg(buffers, ancdata, 0, null, only(flags, address, options));
    if (isOptions(address)) {
      return await this.sendmsg(buffers, ancdata, flags, null, only(address as WaitOptions, options));
    }
    const transport = this.#live();
    const views = [...buffers].map(bytesOf);
    const lengths = views.map((view) => view.length);
    const ancillary = [...ancdata].map(checkControlMessage);
    const signal = checkOptions(options);
    const checked = address === null ? null : checkAddress(this.family, address, "sendmsg");
    const resolved = checked === null ? null : this.#resolve(checked, signal);
    // Waited for where it must be only: a send that is called later is not to overtake this one.
    const target = resolved instanceof Promise ? await resolved : resolved;
    const attempt = () => {
      views.forEach((view, at) => this.#checkSending(view, lengths[at]));
      return transport.sendMessage(this.#writing, views, ancillary, flags, target);
    };
    this.#check(flags);
    const operation = target === null ? SENDMSG : { syscall: "sendmsg", address: target };
    if (target !== null && this.#opens(flags)) {
      return this.#sendOpening(gather(views), flags, attempt, signal, operation);
    }
    return this.#runInMode(this.#writing, attempt, flags, signal, operation);
  }

  // Options.

  /**
   * Reads an option: a number, or with `buflen` that many bytes at most; see getsockopt(2).
   *
   * The default backend has SO_TYPE SO_DOMAIN SO_PROTOCOL SO_ERROR SO_ACCEPTCONN SO_REUSEADDR SO_REUSEPORT SO_KEEPALIVE
   * SO_BROADCAST TCP_NODELAY and the multicast options; native sockets have all.
   *
   * @throws {OSError} ENOPROTOOPT for an option that is not there; its message names the way out.
   *
   * @example
   * ```ts
   * import { SO_TYPE, SOCK_STREAM, socket, SOL_SOCKET } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.assert(sock.getsockopt(SOL_SOCKET, SO_TYPE) === SOCK_STREAM);
   * ```
   */
  getsockopt(level: number, name: number): number;
  /**
   * Reads an option as bytes.
   *
   * @example
   * ```ts
   * import { SO_TYPE, socket, SOL_SOCKET } from "@berkeley/socket";
   *
   * using sock = socket();
   * console.assert(sock.getsockopt(SOL_SOCKET, SO_TYPE, 4).length === 4);
   * ```
   */
  getsockopt(level: number, name: number, buflen: number): Uint8Array;
  getsockopt(level: number, name: number, buflen?: number): number | Uint8Array {
    const transport = this.#live();
    checkInteger(level, "level");
    checkInteger(name, "option name");
    if (buflen === undefined || buflen === 0) return transport.getsockopt(level, name);
    checkInteger(buflen, "buflen");
    // CPython's bound.
    if (buflen < 0 || buflen > 1024) throw new OSError("getsockopt buflen out of range");
    return transport.getsockopt(level, name, buflen);
  }

  /**
   * Sets an option to a number or to bytes; see setsockopt(2). Set before bind, listen or connect, it counts from then on.
   *
   * @throws {OSError} ENOPROTOOPT as `getsockopt`; EINVAL for bytes of a wrong length.
   *
   * @example
   * ```ts
   * import { SO_REUSEADDR, socket, SOL_SOCKET } from "@berkeley/socket";
   *
   * using sock = socket();
   * sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
   * ```
   */
  setsockopt(level: number, name: number, value: number | boolean | MutableData): void {
    const transport = this.#live();
    checkInteger(level, "level");
    checkInteger(name, "option name");
    // In Python True is a number, too.
    if (typeof value === "boolean") value = Number(value);
    if (typeof value === "number") checkOptionValue(value, this.family);
    transport.setsockopt(level, name, typeof value === "number" ? value : viewOf(value));
  }

  // Iteration.

  // Connections of a listener, data of a stream, [data, address] of a datagram socket: which of them is
  // known at run time only.
  /**
   * Iterates: a listener over `[socket, address]`, a stream over chunks of data to its end, a datagram socket over
   * `[data, address]`. It ends when the socket is closed or shut down for receiving; leaving the loop closes nothing.
   *
   * @example
   * ```ts
   * import { SHUT_WR, socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * await a.shutdown(SHUT_WR);
   * for await (const chunk of b) console.log(chunk);
   * a.close();
   * b.close();
   * ```
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, void> {
    let listening = false;
    while (!this.#gone()) {
      try {
        if (!CONNECTED.includes(this.type)) {
          const datagram = await this.recvfrom(CHUNK);
          // After SHUT_RD a receive brings nothing for ever, which looks like an empty datagram.
          if (datagram[0].length === 0 && this.#isShut()) return;
          yield datagram as Item;
        } else if ((listening ||= this.#isListening())) yield await this.#acceptPatiently() as Item;
        else {
          const data = await this.recv(CHUNK);
          if (data.length === 0) return;
          yield data as Item;
        }
      } catch (error) {
        // After SHUT_RD nobody is accepted any more.
        if (this.#gone() || (listening && !this.#isListening())) break;
        throw error;
      }
    }
    // The end of the loop is the news that the address is free.
    if (this.#gone()) await this.#transport.released;
  }

  /** Whether it was shut down for receiving. */
  #isShut(): boolean {
    return (this.#transport.events(POLLRDHUP) & POLLRDHUP) !== 0;
  }

  #isListening(): boolean {
    return this.#transport.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) !== 0;
  }

  /** accept, waiting where the process or the system is out of descriptors: others may be closed meanwhile. */
  async #acceptPatiently(): Promise<[Socket<A, Bytes>, A]> {
    for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await this.accept();
      } catch (error) {
        const { code } = error as OSError;
        if (code !== "EMFILE" && code !== "ENFILE" && code !== "ENOBUFS" && code !== "ENOMEM") throw error;
        await new Promise<void>((resolve) => this.#runtime.clock.setTimeout(resolve, pause));
      }
    }
  }

  // As a file and as streams.

  /**
   * The socket as a file, as Python's `socket.makefile()`: modes "r", "w", "rw", with "b" for bytes; options `buffering`,
   * `encoding`, `errors` and `newline` as those of Python's `open()`. The socket stays open until it and its files are closed.
   *
   * @throws {RangeError} for an invalid mode, or an unbuffered text file.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * const out = a.makefile("w");
   * await out.write("one\ntwo\n");
   * await out.close();
   * a.close();
   * const lines = b.makefile("r");
   * for await (const line of lines) console.log(line);
   * await lines.close();
   * b.close();
   * ```
   */
  makefile<const M extends string = "r", const O extends MakefileOptions = MakefileOptions>(
    mode?: M,
    options?: O,
  ): FileOf<M, O> {
    const file = makeFile(this, mode, options, () => this.#dropFile());
    this.#files++;
    return file;
  }

  /**
   * What comes from the peer, as a web stream with backpressure; it never closes the socket. On a datagram socket each
   * chunk is a datagram, and an empty one is passed over.
   *
   * @example
   * ```ts
   * import { SHUT_WR, socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * await a.shutdown(SHUT_WR);
   * console.log(await new Response(b.readable).text());
   * a.close();
   * b.close();
   * ```
   */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableOf(this, () => CONNECTED.includes(this.type) || this.#isShut());
  }
  /**
   * What goes to the peer, as a web stream with backpressure; closing it half-closes the socket (SHUT_WR).
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   *
   * const [a, b] = await socketpair();
   * const writer = a.writable.getWriter();
   * await writer.write("hello");
   * await writer.close();
   * console.log(await b.recv(1024));
   * a.close();
   * b.close();
   * ```
   */
  get writable(): WritableStream<Data> {
    return this.#writable ??= writableOf(this);
  }

  /**
   * Sends a file from `offset` on, `count` bytes or to its end, and answers how many; as Python's `socket.sendfile()`. The
   * file's position is then behind what was sent.
   *
   * @throws {RangeError} on a datagram or non-blocking socket, or for a `count` that is not positive.
   *
   * @example
   * ```ts ignore
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * await sock.connect(["127.0.0.1", 9999]);
   * using file = await Deno.open("README.md");
   * console.log(await sock.sendfile(file));
   * ```
   */
  async sendfile(
    file: SendableFile,
    offset: number | WaitOptions = 0,
    count: number | null | WaitOptions = null,
    options?: WaitOptions,
  ): Promise<number> {
    if (typeof offset === "object") return await this.sendfile(file, 0, null, only(offset, count, options));
    if (isOptions(count)) return await this.sendfile(file, offset, null, only(count, options));
    return await sendFile(this, file, offset, count, options);
  }

  /** The socket stays open until it and its files are closed. */
  #dropFile(): void {
    this.#files--;
    if (this.#closed) this.close();
  }

  // Life.

  /**
   * Whether programs that this process starts inherit the socket: false at first; as Python's `socket.get_inheritable()`.
   *
   * @throws {OSError} EOPNOTSUPP on the default backend, where Deno does not reveal the descriptor.
   */
  get_inheritable(): boolean {
    return isInheritable(this.#live());
  }

  /**
   * Sets whether programs that this process starts inherit the socket, under the same number; as Python's
   * `socket.set_inheritable()`.
   *
   * @throws {OSError} EOPNOTSUPP on the default backend, where Deno does not reveal the descriptor.
   *
   * @example
   * ```ts ignore
   * import { create_server } from "@berkeley/socket/native";
   *
   * using server = create_server(["127.0.0.1", 0]);
   * server.set_inheritable(true);
   * const args = ["worker.py", String(server.fileno())];
   * const { code } = await new Deno.Command("python3", { args }).output();
   * ```
   */
  set_inheritable(inheritable: boolean): void {
    makeInheritable(this.#live(), inheritable);
  }

  /**
   * Another socket on the same connection or address; see dup(2). It closes when all of them are closed.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * using copy = sock.dup();
   * console.assert(copy.fileno() !== sock.fileno());
   * ```
   */
  dup(): Socket<A, Item> {
    const copy = this.#adopt<Item>(this.#live().dup());
    copy.#timeout = this.#timeout;
    return copy;
  }

  /**
   * Gives the descriptor up without closing it, and answers its number; as Python's `socket.detach()`.
   *
   * @example
   * ```ts
   * import { close, socket } from "@berkeley/socket";
   *
   * close(socket().detach());
   * ```
   */
  detach(): number {
    const fd = this.fileno();
    if (this.#descriptor !== null) this.#transport.handOver?.();
    this.#letGo();
    return fd;
  }

  /**
   * Closes the socket; see close(2). Pending calls on it reject with EBADF; what was sent is still delivered. Closing
   * twice does nothing.
   *
   * @throws {OSError} EBADF where somebody else has closed the descriptor.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * const sock = socket();
   * sock.close();
   * console.assert(sock.fileno() === -1);
   * ```
   */
  close(): void {
    this.#closed = true;
    if (this.#files === 0) this.#release();
  }

  #release(): void {
    const descriptor = this.#descriptor;
    this.#letGo();
    if (descriptor?.closed) throw errorFor("EBADF", { syscall: "close" });
    descriptor?.close();
  }

  /** Parts from the descriptor without closing it; whoever waits here waits in vain. */
  #letGo(): void {
    if (this.#descriptor === null) return;
    this.#descriptor = null;
    leaks.unregister(this);
    this.#reading.cancel();
    this.#writing.cancel();
  }

  /**
   * Lets pending calls keep the process alive, which is the default.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * sock.ref();
   * ```
   */
  ref(): void {
    this.#live().ref();
    this.#reading.referenced = this.#writing.referenced = true;
  }
  /**
   * Lets the process exit in spite of pending calls on this socket. On the default backend a connect under way and a send
   * that the peer does not take keep it alive all the same.
   *
   * While nothing else waits on native sockets, such a call is answered up to 16 ms late: it is looked after by a timer.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   *
   * using sock = socket();
   * sock.unref();
   * ```
   */
  unref(): void {
    this.#live().unref();
    this.#reading.referenced = this.#writing.referenced = false;
  }

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
  /** Closes the socket at the end of an `await using` block. After that its address can be bound again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    if (this.#descriptor === null) await this.#transport.released;
  }

  /** How Deno.inspect and console.log show it: like Python's repr. */
  [Symbol.for("Deno.customInspect")](): string {
    const fields = [`fd=${this.fileno()}`, `family=${this.family}`, `type=${this.type}`, `proto=${this.proto}`];
    for (const [name, ask] of [["laddr", "getsockname"], ["raddr", "getpeername"]] as const) {
      try {
        fields.push(`${name}=${JSON.stringify(this[ask]())}`);
      } catch {
        // Without such an address, or closed.
      }
    }
    return `<socket.socket ${this.#gone() ? "[closed] " : ""}${fields.join(", ")}>`;
  }

  /**
   * What accept makes of a connection.
   *
   * @internal
   */
  protected accepted(transport: Transport): Socket<A, Bytes> {
    return this.#adopt(transport);
  }

  /** Another socket of the same runtime. */
  #adopt<I>(transport: Transport): Socket<A, I> {
    return new Socket<A, I>(this.#runtime, this.#runtime.descriptors.enter(transport));
  }

  // The two lanes.

  #gone(): boolean {
    return this.#descriptor === null || this.#descriptor.closed;
  }

  /** The transport while the socket is open; EBADF after. */
  #live(): Transport {
    if (this.#gone()) throw errorFor("EBADF");
    return this.#transport;
  }

  #read<T>(
    attempt: Attempt<T>,
    flags: number,
    options: WaitOptions | undefined,
    operation: Operation,
  ): Promise<T> {
    return this.#run(this.#reading, attempt, flags, options, operation);
  }
  #write<T>(
    attempt: Attempt<T>,
    flags: number,
    options: WaitOptions | undefined,
    operation: Operation,
  ): Promise<T> {
    return this.#run(this.#writing, attempt, flags, options, operation);
  }

  #run<T>(
    lane: Lane,
    attempt: Attempt<T>,
    flags: number,
    options: WaitOptions | undefined,
    operation: Operation,
  ): Promise<T> {
    this.#check(flags);
    const signal = options === undefined ? undefined : checkOptions(options);
    return this.#runInMode(lane, attempt, flags, signal, operation);
  }

  /** Runs a call for as long as the socket's mode, or its own options, let it wait. */
  #runInMode<T>(
    lane: Lane,
    attempt: Attempt<T>,
    flags: number,
    signal: AbortSignal | undefined,
    operation: Operation,
  ): Promise<T> {
    const patience = this.#patience(flags);
    const { limits } = this.#transport;
    if (limits !== undefined) {
      const limit = this.#timeLimit(lane, flags, () => errorFor("EAGAIN", operation));
      if (limit !== undefined) return this.#runWithin(limit, lane, attempt, signal, operation);
      const polls = lane === this.#reading && limits.lowWater > 1 && patience !== null && patience > 0;
      if (polls) attempt = whenReadable(this.#transport, attempt);
    }
    return lane.run(attempt, patience, signal, operation);
  }

  /** The time that the socket's own options leave a blocking call; undefined where they say nothing, or it may not wait. */
  #timeLimit(lane: Lane, flags: number, error?: () => Error): TimeLimit | undefined {
    const { limits } = this.#transport;
    if (limits === undefined || this.#patience(flags) !== null) return undefined;
    const seconds = lane === this.#reading ? limits.receive : limits.send;
    return seconds === null ? undefined : new TimeLimit(this.#runtime.clock, seconds, error);
  }

  #runWithin<T>(
    limit: TimeLimit,
    lane: Lane,
    attempt: Attempt<T>,
    signal: AbortSignal | undefined,
    operation: Operation,
  ): Promise<T> {
    const attemptOnTime = () => {
      this.#late = limit.expired;
      // What earlier attempts have found was short of a low-water mark.
      if (limit.expired && lane === this.#reading) this.#transport.settle(POLLIN);
      try {
        return attempt();
      } finally {
        this.#late = false;
      }
    };
    return limit.run(lane, attemptOnTime, signal, operation);
  }

  /** Throws at once what needs no try: a method hands that on as a rejection. */
  #check(flags: number): void {
    checkInteger(flags, "flags");
    if (this.#gone()) throw errorFor("EBADF");
  }

  /** How many seconds a call with such flags waits; null for ever. */
  #patience(flags: number): number | null {
    return (flags & MSG_DONTWAIT) === 0 ? this.#timeout : 0;
  }

  /**
   * MSG_WAITALL and SO_RCVLOWAT are for blocking sockets: under a timeout the kernel's descriptor is a non-blocking one, in
   * Python too. A last attempt takes what there is.
   */
  #effective(flags: number): number {
    if (this.#timeout === null && (flags & MSG_DONTWAIT) === 0 && !this.#late) return flags;
    flags &= ~MSG_WAITALL;
    return this.#transport.limits === undefined ? flags : flags | MSG_DONTWAIT;
  }
}

/** The methods that throw: what is to be done about it is in the line that called them. */
const THROWING = [
  "bind",
  "listen",
  "getsockname",
  "getpeername",
  "getsockopt",
  "setsockopt",
  "settimeout",
  "setblocking",
  "makefile",
  "dup",
  "close",
  "ref",
  "unref",
] as const;

for (const name of THROWING) {
  const method = Socket.prototype[name] as (...args: any[]) => any;
  const leading = {
    [name](this: Socket, ...args: any[]): any {
      try {
        return method.apply(this, args);
      } catch (error) {
        throw atCaller(error, leading);
      }
    },
  }[name];
  Object.defineProperty(Socket.prototype, name, { value: leading, writable: true, configurable: true });
}

const { connect } = Socket.prototype;
