// The class Socket, for every backend.
//
// Each method checks its arguments, makes an attempt and runs it in one of the two lanes. Modes, deadlines and order are
// in lane.ts. States and data are in the backend.

import { checkAddress } from "../base/addresses.ts";
import type { Address, AddressLike } from "../base/addresses.ts";
import {
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  AF_UNSPEC,
  MSG_DONTWAIT,
  MSG_FASTOPEN,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  SO_ACCEPTCONN,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../base/constants.ts";
import { bytesOf, bytesToSend, gather, viewOf } from "../base/data.ts";
import type { Bytes, Data, MutableData } from "../base/data.ts";
import type { ErrnoName } from "../base/errno.ts";
import { atCaller, errorFor, OSError } from "../base/errors.ts";
import { POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { IN_PROGRESS, WOULD_BLOCK } from "../seam/transport.ts";
import type { AncillaryData, Received, Transport, WouldBlock } from "../seam/transport.ts";
import {
  checkAncillarySize,
  checkControlMessage,
  checkInteger,
  checkMessageSize,
  checkOptions,
  checkOptionValue,
  checkSize,
  checkTimeout,
  checkUnchanged,
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
import { orLate, throwIfAborted } from "./promises.ts";
import type { WaitOptions } from "./promises.ts";
import type { Runtime } from "./runtime.ts";
import { sendFile } from "./sendfile.ts";
import type { SendableFile } from "./sendfile.ts";
import { readableOf, writableOf } from "./streams.ts";
import type { Turns } from "./timing.ts";

/** The types that can listen and must connect. Sockets of the other types receive from any address. */
const CONNECTED = [SOCK_STREAM, SOCK_SEQPACKET];

/** The size of a receive of an iteration, in bytes. No datagram over IPv4 or IPv6 is longer. */
const CHUNK = 65536;

/** The families whose datagrams may be longer than CHUNK: the sender's buffer limits them, or the network device. */
const LONG_DATAGRAMS = [AF_UNIX, AF_NETLINK, AF_PACKET];

const NOTHING = new Uint8Array(0);

/**
 * When descriptors run out, an iteration over connections pauses. The first pause is FIRST_PAUSE milliseconds. Each next
 * one is twice as long, up to LONGEST_PAUSE.
 */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1000;

/** The result of each sendall that ends with its first attempt. */
const DONE = Promise.resolve();

const ACCEPT: Operation = { syscall: "accept" };
const RECV: Operation = { syscall: "recv" };
const RECVFROM: Operation = { syscall: "recvfrom" };
const RECVMSG: Operation = { syscall: "recvmsg" };
const SEND: Operation = { syscall: "send" };
const SENDMSG: Operation = { syscall: "sendmsg" };

/** Closes the descriptors of sockets that were garbage-collected while open. */
const leaks = new FinalizationRegistry<Descriptor>(closeForgotten);

/** Makes the Socket of an open descriptor. It is for modules of this package and is no part of the public class. */
export let socketOf: (runtime: Runtime, descriptor: Descriptor<Transport>) => Socket<any>;

/** The parts of a socket that TLS needs to wrap it. */
export interface SocketParts {
  readonly runtime: Runtime;
  readonly descriptor: Descriptor<Transport>;
  /** Runs a call in the receiving lane and in the socket's mode, as `recv` does. */
  run<T>(attempt: Attempt<T>, options: WaitOptions | undefined, operation: Operation): Promise<T>;
  /** Separates the socket from its descriptor, which stays open. */
  release(): void;
}

/** Returns the parts of an open socket, and throws EBADF for a closed one. It is no part of the public class. */
export let partsOf: (socket: Socket) => SocketParts;

/** Returns what counts the calls of a socket, which may be closed. */
export let turnsOf: (socket: Socket) => Turns;

/**
 * A socket, as Python's `socket.socket` objects. `socket()`, `create_connection()`, `socketpair()` and other functions make them.
 *
 * Calls that may wait return promises. The socket's mode (`settimeout`, `setblocking`) decides how long they wait. Abort a
 * call with `{ signal }` as its last argument. A receive or `accept` that times out or is aborted loses nothing: data and
 * connections that arrive later go to the next call. Concurrent calls are served in the order in which they were made, so
 * the bytes of concurrent `sendall` calls do not mix.
 *
 * `A` is the type of the socket's addresses, which depends on its family. `Item` is the type of what iteration yields, which
 * depends on its family and type.
 *
 * `using` closes the socket at the end of the block. A socket that is garbage-collected while open is closed as well.
 *
 * @example
 * ```ts
 * import { create_server, socket } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * using server = create_server(["127.0.0.1", 0]);
 * using client = socket();
 * await client.connect(server.getsockname());
 * for await (const [conn] of server) {
 *   await conn.sendall("hello");
 *   conn.close();
 *   break;
 * }
 * assert.equal(new TextDecoder().decode(await client.recv(1024)), "hello");
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
  /** Whether the current attempt is the last of its call: the time of SO_RCVTIMEO or SO_SNDTIMEO is over. */
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
        run: (attempt, options, operation) => socket.#read(attempt, socket.#begin(0), options, operation),
        release: () => socket.#releaseDescriptor(),
      };
    };
    turnsOf = (socket) => socket.#runtime.turns;
    tellTable(Socket.prototype, (socket) => socket.#descriptor?.numberedBy);
  }

  /**
   * Makes the Socket of a descriptor. Programs call `socket()` instead.
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

  // Properties.

  /**
   * The address family: AF_INET, AF_INET6, AF_UNIX …
   */
  get family(): number {
    return this.#transport.family;
  }
  /**
   * The type: SOCK_STREAM, SOCK_DGRAM …, without SOCK_NONBLOCK and SOCK_CLOEXEC.
   */
  get type(): number {
    return this.#transport.type;
  }
  /**
   * The protocol that was given to `socket()`. 0 is the default protocol of the family and type.
   */
  get proto(): number {
    return this.#transport.proto;
  }
  /**
   * The timeout in seconds, or null for none, as `gettimeout()` returns it.
   */
  get timeout(): number | null {
    return this.#timeout;
  }

  /**
   * Returns the descriptor, or -1 after `close()`; as Python's `socket.fileno()`.
   *
   * On native sockets it is the descriptor of the process. Deno does not reveal descriptors, so on the default backend it is
   * a number of this package's own descriptor table, from 2^20 up. It is unique among open sockets. `select`, `poll`, `epoll`,
   * `fromfd`, `socket(…, fileno)` and `close()` take it.
   */
  fileno(): number {
    return this.#descriptor === null || this.#descriptor.closed ? -1 : this.#descriptor.fd;
  }

  // Modes.

  /**
   * Sets how long a call may wait, in seconds; as Python's `socket.settimeout()`. With null it waits without a limit. With 0
   * the socket is non-blocking: a call that would have to wait rejects with BlockingIOError.
   *
   * The timeout limits the whole call: all of a `sendall`, and the look-up of a host name. When it is over, the call
   * rejects with TimeoutError ("timed out"). A call keeps the timeout that held when it was made. Each receive and send of
   * a `makefile` file is such a call.
   *
   * @throws {RangeError} for a negative or NaN timeout.
   */
  settimeout(timeout: number | null): void {
    const checked = checkTimeout(timeout);
    this.#live();
    this.#timeout = checked;
  }
  /**
   * Returns the timeout in seconds, or null for none; as Python's `socket.gettimeout()`.
   */
  gettimeout(): number | null {
    return this.#timeout;
  }
  /**
   * Sets blocking mode (`true`, the same as `settimeout(null)`) or non-blocking mode (`false`, the same as `settimeout(0)`);
   * as Python's `socket.setblocking()`.
   */
  setblocking(blocking: boolean): void {
    this.#live();
    this.#timeout = blocking ? null : 0;
  }
  /**
   * Returns false in non-blocking mode, and true otherwise; as Python's `socket.getblocking()`.
   */
  getblocking(): boolean {
    return this.#timeout !== 0;
  }

  // Addresses and connections.

  /**
   * Claims a local address; see bind(2). `["", port]` means all interfaces. Port 0 means any free port; `getsockname()`
   * returns which one it is.
   *
   * The look-up of a host name blocks the thread. A numeric address needs no look-up.
   *
   * @throws {OSError} EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL for a second `bind` …
   * @throws {TypeError} for an address of the wrong shape.
   * @throws {RangeError} for a port above 65535.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * using sock = socket();
   * sock.bind(["127.0.0.1", 0]);
   * const [host, port] = sock.getsockname();
   * assert.equal(host, "127.0.0.1");
   * assert.ok(port > 0);
   * ```
   */
  bind(address: AddressLike): void {
    const transport = this.#live();
    transport.bind(checkAddress(this.family, address, "bind"));
  }

  /**
   * Makes the socket a listener, which queues up to `backlog` connections until `accept` takes them; see listen(2).
   *
   * @throws {OSError} EINVAL on a connected socket. EADDRINUSE on the default backend if another socket took the port
   * after `bind`.
   *
   * @example
   * ```ts
   * import { socket, SO_ACCEPTCONN, SOL_SOCKET } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * using server = socket();
   * server.bind(["127.0.0.1", 0]);
   * server.listen(16);
   * assert.equal(server.getsockopt(SOL_SOCKET, SO_ACCEPTCONN), 1);
   * ```
   */
  listen(backlog = 128): void {
    checkInteger(backlog, "backlog");
    this.#live().listen(Math.max(backlog, 0));
  }

  /**
   * Takes the oldest connection out of the queue and returns `[socket, address]`; see accept(2). The new socket has the
   * default timeout (`setdefaulttimeout`), not the listener's.
   *
   * The default backend skips a connection that the peer reset while it was queued, because Deno does not deliver it.
   *
   * @throws {OSError} EINVAL before `listen`. EMFILE or ENFILE when descriptors run out; the connection then stays queued.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * using server = socket();
   * server.bind(["127.0.0.1", 0]);
   * server.listen();
   * using client = socket();
   * await client.connect(server.getsockname());
   * const [conn, address] = await server.accept();
   * assert.deepEqual(address, client.getsockname());
   * conn.close();
   * ```
   */
  accept(options?: WaitOptions): Promise<[Socket<A, Bytes>, A]> {
    try {
      return this.#read(
        () => {
          const accepted = this.#transport.accept();
          if (accepted === WOULD_BLOCK) return WOULD_BLOCK;
          return [this.accepted(accepted.transport), accepted.address as A] as [Socket<A, Bytes>, A];
        },
        this.#begin(0),
        options,
        ACCEPT,
      );
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /**
   * Connects to an address; see connect(2).
   *
   * A datagram socket sends nothing to connect: `connect` sets its peer. `send` then sends to the peer, and only the peer's
   * datagrams are received. Another `connect` changes the peer, and `connect(AF_UNSPEC)` removes it.
   *
   * In non-blocking mode `connect` rejects with EINPROGRESS, and the connect continues. The socket becomes writable when it
   * has ended. SO_ERROR is then 0 or the error.
   *
   * @throws {OSError} ECONNREFUSED, EISCONN, EALREADY, ENOENT for a path …
   * @throws {gaierror} for an unknown host.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * using server = socket();
   * server.bind(["127.0.0.1", 0]);
   * server.listen();
   * using client = socket();
   * await client.connect(server.getsockname());
   * assert.deepEqual(client.getpeername(), server.getsockname());
   * ```
   */
  async connect(address: AddressLike | typeof AF_UNSPEC, options?: WaitOptions): Promise<void> {
    try {
      await this.#connect(address, options);
    } catch (error) {
      // The error was made in the event loop, where the stack does not lead to the program's line. Here it does.
      return await this.#runtime.turns.rejection(atCaller(error, connect));
    }
  }

  async #connect(address: AddressLike | typeof AF_UNSPEC, options?: WaitOptions): Promise<void> {
    const signal = checkOptions(options);
    throwIfAborted(signal);
    if (address === AF_UNSPEC) {
      this.#live().disconnect();
      return await this.#runtime.turns.due();
    }
    const timeout = this.#begin(0);
    const checked = checkAddress(this.family, address, "connect");
    const deadline = this.#deadlineOf(timeout);
    const operation = { syscall: "connect", address: checked };
    const lookUp = (signal: AbortSignal | undefined) => this.#transport.resolve(checked, signal);
    const resolved = await this.#lookUp(lookUp, operation, deadline, signal);
    const transport = this.#live(operation);
    /** Why the call ends if it may not wait any longer. */
    let unfinished: ErrnoName = "EAGAIN";
    // Both steps of a connect are one call of the lane, so they have the same turn.
    const attempt = (): void | WouldBlock => {
      if (unfinished !== "EAGAIN") return transport.finishConnect();
      const answer = transport.connect(this.#writing, resolved);
      if (answer === undefined || answer === WOULD_BLOCK) return answer;
      unfinished = answer === IN_PROGRESS ? "EINPROGRESS" : "EALREADY";
      // As in CPython, only a blocking socket waits for an earlier connect.
      if (timeout === 0 || (timeout !== null && unfinished === "EALREADY")) throw errorFor(unfinished, operation);
      return WOULD_BLOCK;
    };
    const limit = this.#timeLimit(this.#writing, timeout, () => errorFor(unfinished, operation));
    if (limit !== undefined) return await this.#runWithin(limit, this.#writing, attempt, signal, operation);
    await this.#writing.run(attempt, this.#rest(timeout, deadline), signal, operation);
  }

  /**
   * As `connect`, but returns the number of the error instead of rejecting with an OSError; as Python's
   * `socket.connect_ex()`. It is 0 after success and ECONNREFUSED (111 on Linux) for a refused connection.
   *
   * Errors that come from no system call (a wrong address shape, an unknown host, a missing permission) still reject.
   *
   * @example
   * ```ts
   * import { create_server, socket } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * using server = create_server(["127.0.0.1", 0]);
   * using sock = socket();
   * assert.equal(await sock.connect_ex(server.getsockname()), 0);
   * ```
   */
  async connect_ex(address: AddressLike | typeof AF_UNSPEC, options?: WaitOptions): Promise<number> {
    try {
      // The errors of a wrong address name this method.
      if (address !== AF_UNSPEC) checkAddress(this.family, address, "connect_ex");
      await this.connect(address, options);
      return 0;
    } catch (error) {
      if (error instanceof OSError && error.name !== "gaierror") {
        if (error.errno !== undefined) return error.errno;
        // As in CPython: EWOULDBLOCK for a timeout.
        if (error.name === "TimeoutError") return errorFor("EAGAIN").errno!;
      }
      return await this.#runtime.turns.rejection(error);
    }
  }

  /**
   * Ends one direction of the connection, or both; see shutdown(2). SHUT_WR ends sending, so the peer receives the end of
   * the stream. SHUT_RD ends receiving. SHUT_RDWR ends both.
   *
   * @throws {OSError} ENOTCONN on an unconnected socket, EINVAL for another `how`.
   *
   * @example
   * ```ts
   * import { SHUT_WR, socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * await a.shutdown(SHUT_WR);
   * assert.equal((await b.recv(1)).length, 0);
   * a.close();
   * b.close();
   * ```
   */
  shutdown(how: number): Promise<void> {
    return this.#runtime.turns.count(() => {
      const transport = this.#live();
      checkInteger(how, "how");
      return transport.shutdown(how);
    });
  }

  /**
   * Returns the socket's own address; see getsockname(2).
   */
  getsockname(): A {
    return this.#live().getsockname() as A;
  }
  /**
   * Returns the peer's address; see getpeername(2).
   *
   * @throws {OSError} ENOTCONN on an unconnected socket.
   */
  getpeername(): A {
    return this.#live().getpeername() as A;
  }

  // Receiving.

  /**
   * Receives up to `bufsize` bytes; see recv(2). An empty array means the end of the stream, or an empty datagram.
   *
   * Small results share an ArrayBuffer. So their `byteOffset` may not be 0, and a result must be copied with `slice()` before
   * its buffer is transferred. From about 16 KiB per call on, {@linkcode Socket.recv_into} is up to twice as fast, because it
   * reuses memory.
   *
   * The default backend has the flags MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL and MSG_TRUNC. Native sockets have all flags of
   * the kernel.
   *
   * @throws {OSError} ENOTCONN, ECONNRESET, TimeoutError, BlockingIOError …
   * @throws {RangeError} for a negative size.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * assert.equal(new TextDecoder().decode(await b.recv(1024)), "hello");
   * a.close();
   * b.close();
   * ```
   */
  recv(bufsize: number, flags: number | WaitOptions = 0, options?: WaitOptions): Promise<Bytes> {
    try {
      if (typeof flags === "object") return this.recv(bufsize, 0, only(flags, options));
      // As in CPython, a receive of 0 bytes makes no system call.
      if (bufsize === 0) return this.#nothing(new Uint8Array(0), options);
      checkSize(bufsize, "recv");
      const timeout = this.#begin(flags);
      const attempt = () => this.#transport.recv(this.#reading, bufsize, this.#effective(flags, timeout));
      return this.#read(attempt, timeout, options, RECV);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /** The result of a receive of 0 bytes. Its options are checked, and an aborted signal rejects. */
  #nothing<T>(result: T, options: WaitOptions | undefined): Promise<T> {
    throwIfAborted(checkOptions(options));
    return this.#runtime.turns.resolution(result);
  }

  /**
   * Receives into a buffer and returns the number of bytes; as Python's `socket.recv_into()`. It receives up to `nbytes`
   * bytes, or as many as the buffer holds if `nbytes` is 0.
   *
   * @throws {OSError} as `recv`.
   * @throws {RangeError} for an `nbytes` that is negative or larger than the buffer.
   * @throws {TypeError} if the buffer is detached or resized while the call waits. The next call gets the data.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * const buffer = new Uint8Array(1024);
   * assert.equal(await b.recv_into(buffer), 5);
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
    try {
      if (typeof nbytes === "object") return this.recv_into(buffer, 0, 0, only(nbytes, flags, options));
      if (typeof flags === "object") return this.recv_into(buffer, nbytes, 0, only(flags, options));
      if (nbytes === 0 && buffer?.byteLength === 0) return this.#nothing(0, options);
      const view = sizedView(buffer, nbytes, "recv_into");
      const { length } = view;
      const timeout = this.#begin(flags);
      const attempt = () => {
        checkUnchanged(view, length);
        return this.#transport.recvInto(this.#reading, view, this.#effective(flags, timeout));
      };
      return this.#read(attempt, timeout, options, RECV);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /**
   * Receives data and the address that it came from: `[data, address]`; see recvfrom(2). On a stream the address is null.
   *
   * @throws {OSError} as `recv`.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * const [data, address] = await b.recvfrom(1024);
   * assert.equal(data.length, 5);
   * assert.equal(address, null);
   * a.close();
   * b.close();
   * ```
   */
  recvfrom(bufsize: number, flags: number | WaitOptions = 0, options?: WaitOptions): Promise<[Bytes, A]> {
    try {
      if (typeof flags === "object") return this.recvfrom(bufsize, 0, only(flags, options));
      checkSize(bufsize, "recvfrom");
      const timeout = this.#begin(flags);
      const attempt = () =>
        this.#transport.recvFrom(this.#reading, bufsize, this.#effective(flags, timeout)) as [Bytes, A] | WouldBlock;
      return this.#read(attempt, timeout, options, RECVFROM);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /**
   * Receives into a buffer and returns `[count, address]`; as Python's `socket.recvfrom_into()`.
   *
   * @throws {RangeError} as `recv_into`.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * const [count] = await b.recvfrom_into(new Uint8Array(16));
   * assert.equal(count, 5);
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
    try {
      if (typeof nbytes === "object") {
        return this.recvfrom_into(buffer, 0, 0, only(nbytes, flags, options));
      }
      if (typeof flags === "object") return this.recvfrom_into(buffer, nbytes, 0, only(flags, options));
      const view = sizedView(buffer, nbytes, "recvfrom_into");
      const { length } = view;
      const timeout = this.#begin(flags);
      const attempt = () => {
        checkUnchanged(view, length);
        return this.#transport.recvFromInto(this.#reading, view, this.#effective(flags, timeout)) as
          | [number, A]
          | WouldBlock;
      };
      return this.#read(attempt, timeout, options, RECVFROM);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /**
   * Receives `[data, ancillary, flags, address]`; see recvmsg(2). `ancillary` is a list of `[level, type, data]`, which is
   * always empty on the default backend. `ancbufsize` is its room in bytes; see `CMSG_LEN` and `CMSG_SPACE`.
   *
   * @throws {RangeError} for negative sizes; else as `recv`.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * const [data, ancillary, flags] = await b.recvmsg(1024);
   * assert.equal(data.length, 5);
   * assert.deepEqual(ancillary, []);
   * assert.equal(flags, 0);
   * a.close();
   * b.close();
   * ```
   */
  recvmsg(
    bufsize: number,
    ancbufsize: number | WaitOptions = 0,
    flags: number | WaitOptions = 0,
    options?: WaitOptions,
  ): Promise<[Bytes, AncillaryData[], number, A | null]> {
    try {
      if (typeof ancbufsize === "object") return this.recvmsg(bufsize, 0, 0, only(ancbufsize, flags, options));
      if (typeof flags === "object") return this.recvmsg(bufsize, ancbufsize, 0, only(flags, options));
      checkMessageSize(bufsize);
      checkAncillarySize(ancbufsize);
      const timeout = this.#begin(flags);
      const buffer = new Uint8Array(bufsize);
      const attempt = () => {
        const received = this.#receive([buffer], ancbufsize, this.#effective(flags, timeout));
        if (received === WOULD_BLOCK) return WOULD_BLOCK;
        const { length, ancillary, flags: answered, address } = received;
        const data = buffer.slice(0, Math.min(length, bufsize));
        return [data, ancillary, answered, address] as [Bytes, AncillaryData[], number, A | null];
      };
      return this.#read(attempt, timeout, options, RECVMSG);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /**
   * Receives into several buffers, one after another, and returns `[count, ancillary, flags, address]`; as Python's
   * `socket.recvmsg_into()`.
   *
   * @throws {OSError} as `recvmsg`.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * const [count] = await b.recvmsg_into([new Uint8Array(2), new Uint8Array(14)]);
   * assert.equal(count, 5);
   * a.close();
   * b.close();
   * ```
   */
  recvmsg_into(
    buffers: Iterable<MutableData>,
    ancbufsize: number | WaitOptions = 0,
    flags: number | WaitOptions = 0,
    options?: WaitOptions,
  ): Promise<[number, AncillaryData[], number, A | null]> {
    try {
      if (typeof ancbufsize === "object") return this.recvmsg_into(buffers, 0, 0, only(ancbufsize, flags, options));
      if (typeof flags === "object") return this.recvmsg_into(buffers, ancbufsize, 0, only(flags, options));
      const views = [...buffers].map(viewOf);
      const lengths = views.map((view) => view.length);
      checkAncillarySize(ancbufsize);
      const timeout = this.#begin(flags);
      const attempt = () => {
        views.forEach((view, at) => checkUnchanged(view, lengths[at]));
        const received = this.#receive(views, ancbufsize, this.#effective(flags, timeout));
        if (received === WOULD_BLOCK) return WOULD_BLOCK;
        const { length, ancillary, flags: answered, address } = received;
        return [length, ancillary, answered, address] as [number, AncillaryData[], number, A | null];
      };
      return this.#read(attempt, timeout, options, RECVMSG);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  /** Throws if the memory of a send was detached or resized, unless the backend has its own copy already. */
  #checkSending(view: Uint8Array, length: number): void {
    if (view.length !== length && !this.#transport.holdsSend?.(this.#writing)) checkUnchanged(view, length);
  }

  /** The result of a look-up that was begun. It is waited for until the call's deadline, or until the call is aborted. */
  #inTime(
    resolved: Address | Promise<Address>,
    operation: Operation,
    deadline: number | null,
    signal: AbortSignal | undefined,
  ): Address | Promise<Address> {
    if (!(resolved instanceof Promise)) return resolved;
    return this.#lookUp(() => resolved, operation, deadline, signal);
  }

  /** Makes a look-up of a call. If closing the socket ends it, the error is that of a call that waits. */
  async #lookUp(
    lookUp: (signal: AbortSignal | undefined) => Address | Promise<Address>,
    operation: Operation,
    deadline: number | null,
    signal: AbortSignal | undefined,
  ): Promise<Address> {
    try {
      return await orLate(lookUp, this.#runtime.clock, deadline, signal, operation);
    } catch (error) {
      if (error instanceof OSError && error.code === "EBADF") throw errorFor("EBADF", operation);
      throw error;
    }
  }

  /** The time by the clock at which a call must end that begins now; null for a call without a limit, or that does not wait. */
  #deadlineOf(timeout: number | null): number | null {
    return timeout === null || timeout === 0 ? null : this.#runtime.clock.now() + timeout * 1000;
  }

  /** What is left of the timeout of a call that has a deadline, in seconds. */
  #rest(timeout: number | null, deadline: number | null): number | null {
    return deadline === null ? timeout : Math.max(deadline - this.#runtime.clock.now(), 1) / 1000;
  }

  #receive(views: Uint8Array[], ancbufsize: number, flags: number): Received | WouldBlock {
    return this.#transport.recvMessage(this.#reading, views, ancbufsize, flags);
  }

  // Sending.

  /**
   * Sends as many bytes as there is room for and returns their number; see send(2). It may be less than the length of
   * `data`: `sendall` sends all.
   *
   * @throws {OSError} EPIPE after SHUT_WR or when the peer has closed, ECONNRESET, ENOTCONN, EMSGSIZE for a datagram …
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * assert.equal(await a.send("hello"), 5);
   * a.close();
   * b.close();
   * ```
   */
  send(data: Data, flags: number | WaitOptions = 0, options?: WaitOptions): Promise<number> {
    try {
      if (typeof flags === "object") return this.send(data, 0, only(flags, options));
      const bytes = bytesToSend(data, flags);
      const timeout = this.#begin(flags);
      return this.#write(this.#sending(bytes, flags), timeout, options, SEND);
    } catch (error) {
      return this.#runtime.turns.rejection(error);
    }
  }

  #sending(bytes: Uint8Array, flags: number): Attempt<number> {
    const { length } = bytes;
    return () => {
      this.#checkSending(bytes, length);
      return this.#transport.send(this.#writing, bytes, flags);
    };
  }

  /**
   * Sends all of the data; as Python's `socket.sendall()`.
   *
   * Do not change `data` before the promise settles, because it is read when there is room to send. After a rejection (a
   * timeout, an abort, an error) it is unknown how much was sent, and `data` is not read any more.
   *
   * @throws {OSError} as `send`.
   * @throws {TypeError} if the buffer of `data` is detached or resized before all of it was sent.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * a.close();
   * assert.equal((await b.recv(1024)).length, 5);
   * b.close();
   * ```
   */
  sendall(data: Data, flags: number | WaitOptions = 0, options?: WaitOptions): Promise<void> {
    try {
      if (typeof flags === "object") return this.sendall(data, 0, only(flags, options));
      const bytes = bytesToSend(data, flags);
      const writing = this.#writing;
      const timeout = this.#begin(flags);
      const limit = this.#timeLimit(writing, timeout);
      if (limit !== undefined) {
        return this.#runWithin(
          limit,
          writing,
          this.#sendingAll(bytes, flags, limit),
          checkOptions(options),
          SEND,
        );
      }
      if (options !== undefined || !writing.idle) {
        return this.#write(this.#sendingAll(bytes, flags), timeout, options, SEND);
      }
      // Most calls end with their first attempt. Without a closure and a promise of its own an echo over the native backend
      // takes 2 to 3 % less time.
      const sent = this.#transport.send(writing, bytes, flags);
      if (sent === bytes.length) {
        writing.endTurn();
        return this.#runtime.turns.due() ?? DONE;
      }
      if (sent !== WOULD_BLOCK) {
        return this.#write(this.#sendingAll(bytes.subarray(sent), flags), timeout, options, SEND);
      }
      return writing.wait(this.#sendingAll(bytes, flags), timeout, undefined, SEND);
    } catch (error) {
      // A call that failed with its first attempt has had a turn.
      if (this.#writing.idle) this.#writing.endTurn();
      return this.#runtime.turns.rejection(error);
    }
  }

  /** Returns an attempt that sends all of `data`. Each new attempt starts after the bytes that are sent already. */
  #sendingAll(data: Uint8Array, flags: number, limit?: TimeLimit): Attempt<void> {
    let rest = data;
    let { length } = data;
    return () => {
      for (;;) {
        this.#checkSending(rest, length);
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
   * Sends a datagram to an address: `sendto(data, address)` or `sendto(data, flags, address)`; see sendto(2). It returns the
   * number of bytes. An unbound socket gets a free local port first. A connected stream ignores the address.
   *
   * @throws {OSError} EMSGSIZE, EACCES for a broadcast without SO_BROADCAST, ENETUNREACH …
   *
   * @example
   * ```ts
   * import { AF_INET, SOCK_DGRAM, socket } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * using receiver = socket(AF_INET, SOCK_DGRAM);
   * receiver.bind(["127.0.0.1", 0]);
   * using sender = socket(AF_INET, SOCK_DGRAM);
   * await sender.sendto("hello", receiver.getsockname());
   * const [data, address] = await receiver.recvfrom(1024);
   * assert.equal(data.length, 5);
   * assert.equal(address[1], sender.getsockname()[1]);
   * ```
   */
  sendto(data: Data, address: AddressLike, options?: WaitOptions): Promise<number>;
  /**
   * As `sendto(data, address)`, with flags.
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

  /** Not an async function: that would make a second promise for every datagram. */
  #sendTo(data: Data, flags: number, address: AddressLike, options: WaitOptions | undefined): Promise<number> {
    try {
      const timeout = this.#begin(flags);
      const bytes = bytesToSend(data, flags);
      const signal = checkOptions(options);
      const writing = this.#writing;
      const checked = checkAddress(this.family, address, "sendto");
      // Before the look-up begins, because nothing would wait for its outcome.
      throwIfAborted(signal);
      const target = this.#transport.resolve(checked, signal);
      const isPlain = signal === undefined && this.#transport.limits === undefined && !this.#opens(flags, timeout);
      if (target instanceof Promise || !isPlain || !writing.idle) {
        return this.#sendToInTurn(bytes, flags, timeout, checked, target, signal);
      }
      // As in sendall: nearly all calls end with their first attempt.
      const sent = this.#transport.sendTo(writing, bytes, flags, target);
      if (sent !== WOULD_BLOCK) {
        writing.endTurn();
        return this.#runtime.turns.resolution(sent);
      }
      return writing.wait(
        this.#sendingTo(bytes, bytes.length, flags, target),
        timeout,
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
    timeout: number | null,
    address: Address,
    target: Address | Promise<Address>,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const { length } = bytes;
    const deadline = this.#deadlineOf(timeout);
    const found = this.#inTime(target, { syscall: "sendto", address }, deadline, signal);
    const resolved = found instanceof Promise ? await found : found;
    const operation = { syscall: "sendto", address: resolved };
    this.#live(operation);
    const attempt = this.#sendingTo(bytes, length, flags, resolved);
    if (this.#opens(flags, timeout)) return await this.#sendOpening(bytes, flags, attempt, signal, operation);
    return await this.#runInMode(this.#writing, attempt, this.#rest(timeout, deadline), signal, operation);
  }

  /** Whether a send opens its connection (MSG_FASTOPEN) and waits without a limit. */
  #opens(flags: number, timeout: number | null): boolean {
    return (flags & MSG_FASTOPEN) !== 0 && timeout === null && this.type === SOCK_STREAM &&
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
    const limit = this.#timeLimit(this.#writing, null, () => opening.error());
    if (limit === undefined) return this.#runInMode(this.#writing, attempt, null, signal, operation);
    return this.#runWithin(limit, this.#writing, attempt, signal, operation);
  }

  #sendingTo(bytes: Uint8Array, length: number, flags: number, target: Address): Attempt<number> {
    return () => {
      this.#checkSending(bytes, length);
      return this.#transport.sendTo(this.#writing, bytes, flags, target);
    };
  }

  /**
   * Sends the data of several buffers as one message and returns the number of bytes; see sendmsg(2). Native sockets can
   * send ancillary data with it. A datagram socket may name the receiver's address.
   *
   * @throws {OSError} EOPNOTSUPP for ancillary data on the default backend; else as `send`.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * assert.equal(await a.sendmsg(["hel", "lo"]), 5);
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
    try {
      if (isOptions(ancdata)) {
        return await this.sendmsg(
          buffers,
          [],
          0,
          null,
          only<WaitOptions>(ancdata as WaitOptions, flags, address, options),
        );
      }
      if (typeof flags === "object") {
        return await this.sendmsg(buffers, ancdata, 0, null, only(flags, address, options));
      }
      if (isOptions(address)) {
        return await this.sendmsg(buffers, ancdata, flags, null, only(address as WaitOptions, options));
      }
      const timeout = this.#begin(flags);
      const transport = this.#transport;
      const views = [...buffers].map(bytesOf);
      const lengths = views.map((view) => view.length);
      const ancillary = [...ancdata].map(checkControlMessage);
      const signal = checkOptions(options);
      const checked = address === null ? null : checkAddress(this.family, address, "sendmsg");
      // As in sendto.
      throwIfAborted(signal);
      const deadline = this.#deadlineOf(timeout);
      const resolved = checked === null
        ? null
        : this.#inTime(transport.resolve(checked, signal), { syscall: "sendmsg", address: checked }, deadline, signal);
      // `await` only if needed: it lets the event loop run a send that was called later first.
      const target = resolved instanceof Promise ? await resolved : resolved;
      const attempt = () => {
        views.forEach((view, at) => this.#checkSending(view, lengths[at]));
        return transport.sendMessage(this.#writing, views, ancillary, flags, target);
      };
      const operation = target === null ? SENDMSG : { syscall: "sendmsg", address: target };
      this.#live(operation);
      if (target !== null && this.#opens(flags, timeout)) {
        return await this.#sendOpening(gather(views), flags, attempt, signal, operation);
      }
      return await this.#runInMode(this.#writing, attempt, this.#rest(timeout, deadline), signal, operation);
    } catch (error) {
      return await this.#runtime.turns.rejection(error);
    }
  }

  // Options.

  /**
   * Returns the value of an option as a number; see getsockopt(2).
   *
   * The default backend has SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ERROR, SO_ACCEPTCONN, SO_REUSEADDR, SO_REUSEPORT,
   * SO_KEEPALIVE, SO_BROADCAST, TCP_NODELAY, IPV6_V6ONLY (always 0) and the multicast options. Native sockets have all
   * options of the kernel.
   *
   * @throws {OSError} ENOPROTOOPT for an option that the backend does not have. The message says which backend has it.
   *
   * @example
   * ```ts
   * import { SO_TYPE, SOCK_STREAM, socket, SOL_SOCKET } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * using sock = socket();
   * assert.equal(sock.getsockopt(SOL_SOCKET, SO_TYPE), SOCK_STREAM);
   * ```
   */
  getsockopt(level: number, name: number): number;
  /**
   * Returns the value of an option as bytes, at most `buflen` of them.
   */
  getsockopt(level: number, name: number, buflen: number): Uint8Array;
  getsockopt(level: number, name: number, buflen?: number): number | Uint8Array {
    const transport = this.#live();
    checkInteger(level, "level");
    checkInteger(name, "option name");
    if (buflen === undefined || buflen === 0) return transport.getsockopt(level, name);
    checkInteger(buflen, "buflen");
    // CPython has the same limit.
    if (buflen < 0 || buflen > 1024) throw new OSError("getsockopt buflen out of range");
    return transport.getsockopt(level, name, buflen);
  }

  /**
   * Sets an option to a number or to bytes; see setsockopt(2). An option may be set before `bind`, `listen` and `connect`.
   *
   * @throws {OSError} ENOPROTOOPT as `getsockopt`; EINVAL for bytes of a wrong length.
   *
   * @example
   * ```ts
   * import { SO_REUSEADDR, socket, SOL_SOCKET } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * using sock = socket();
   * sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
   * assert.equal(sock.getsockopt(SOL_SOCKET, SO_REUSEADDR), 1);
   * ```
   */
  setsockopt(level: number, name: number, value: number | boolean | MutableData): void {
    const transport = this.#live();
    checkInteger(level, "level");
    checkInteger(name, "option name");
    // In Python True is the number 1.
    if (typeof value === "boolean") value = Number(value);
    if (typeof value === "number") checkOptionValue(value, this.family);
    transport.setsockopt(level, name, typeof value === "number" ? value : viewOf(value));
  }

  // Iteration.

  /**
   * Iterates over what the socket receives. A listener yields `[socket, address]` of each connection, a stream yields chunks
   * of data until its end, and a datagram socket yields `[data, address]`.
   *
   * The iteration ends when the socket is closed or shut down for receiving. Leaving the loop does not close the socket.
   *
   * @example
   * ```ts
   * import { SHUT_WR, socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * await a.shutdown(SHUT_WR);
   * let length = 0;
   * for await (const chunk of b) length += chunk.length;
   * assert.equal(length, 5);
   * a.close();
   * b.close();
   * ```
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, void> {
    let listening = false;
    while (!this.#gone()) {
      try {
        if (!CONNECTED.includes(this.type)) {
          const datagram = await this.#recvWhole();
          // After SHUT_RD every receive returns an empty array, which looks like an empty datagram.
          if (datagram[0].length === 0 && this.#isShut()) return;
          yield datagram as Item;
        } else if ((listening ||= this.#isListening())) yield await this.#acceptPatiently() as Item;
        else {
          const data = this.type === SOCK_STREAM ? await this.recv(CHUNK) : (await this.#recvWhole())[0];
          if (data.length === 0) return;
          yield data as Item;
        }
      } catch (error) {
        // After SHUT_RD the socket is no listener any more, and accept fails.
        if (this.#gone() || (listening && !this.#isListening())) break;
        throw error;
      }
    }
    // When the loop ends, the address can be bound again.
    if (this.#gone()) await this.#transport.released;
    await this.#runtime.turns.due();
  }

  /** Receives a whole datagram and its address. */
  #recvWhole(): Promise<[Bytes, A]> {
    const timeout = this.#begin(0);
    const attempt = () => {
      const flags = this.#effective(0, timeout);
      const size = this.#nextSize(flags);
      if (size === WOULD_BLOCK) return WOULD_BLOCK;
      return this.#transport.recvFrom(this.#reading, size, flags) as [Bytes, A] | WouldBlock;
    };
    return this.#read(attempt, timeout, undefined, RECVFROM);
  }

  /** Returns a size that the next datagram, or a piece of a stream, fits into. */
  #nextSize(flags: number): number | WouldBlock {
    if (this.type === SOCK_STREAM || !LONG_DATAGRAMS.includes(this.family)) return CHUNK;
    const length = this.#transport.recvInto(this.#reading, NOTHING, flags | MSG_PEEK | MSG_TRUNC);
    return length === WOULD_BLOCK ? WOULD_BLOCK : Math.max(length, CHUNK);
  }

  /** Whether the socket was shut down for receiving. */
  #isShut(): boolean {
    return (this.#transport.events(POLLRDHUP) & POLLRDHUP) !== 0;
  }

  #isListening(): boolean {
    return this.#transport.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) !== 0;
  }

  /** As accept, but tries again after a pause if the process or the system has no descriptor or memory left. */
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

  // Files and streams.

  /**
   * Makes a file that reads from the socket, writes to it, or both; as Python's `socket.makefile()`. The mode is "r", "w" or
   * "rw" for text, and has a "b" for bytes. The options `buffering`, `encoding`, `errors` and `newline` are those of Python's
   * `open()`. The connection stays open until the socket and its files are closed.
   *
   * @throws {RangeError} for an invalid mode, or for a text file without a buffer.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * const out = a.makefile("w");
   * await out.write("one\ntwo\n");
   * await out.close();
   * a.close();
   * const lines = b.makefile("r");
   * assert.deepEqual(await Array.fromAsync(lines), ["one\n", "two\n"]);
   * await lines.close();
   * b.close();
   * ```
   */
  makefile<const M extends string = "r", const O extends MakefileOptions = MakefileOptions>(
    mode?: M,
    options?: O,
  ): FileOf<M, O> {
    const file = makeFile(this, mode, options, this.#runtime.turns, () => this.#dropFile());
    this.#files++;
    return file;
  }

  /**
   * The received data as a web stream with backpressure. Its end does not close the socket. On a datagram socket each chunk
   * is a datagram, and empty datagrams are skipped. A reader with a buffer of its own gets what fits into it.
   *
   * @example
   * ```ts
   * import { SHUT_WR, socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * await a.sendall("hello");
   * await a.shutdown(SHUT_WR);
   * assert.equal(await new Response(b.readable).text(), "hello");
   * a.close();
   * b.close();
   * ```
   */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableOf({
      run: (attempt, options) => {
        const timeout = this.#begin(0);
        return this.#read(() => attempt(this.#effective(0, timeout)), timeout, options, RECV);
      },
      nextSize: (flags) => this.#nextSize(flags),
      receive: (buffer, flags) => this.#transport.recvInto(this.#reading, buffer, flags),
      isEnd: () => CONNECTED.includes(this.type) || this.#isShut(),
    });
  }
  /**
   * A web stream with backpressure that sends what is written to it. Closing it ends sending (SHUT_WR).
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [a, b] = await socketpair();
   * const writer = a.writable.getWriter();
   * await writer.write("hello");
   * await writer.close();
   * assert.equal((await b.recv(1024)).length, 5);
   * a.close();
   * b.close();
   * ```
   */
  get writable(): WritableStream<Data> {
    return this.#writable ??= writableOf(this);
  }

  /**
   * Sends a file from `offset` on, `count` bytes of it or all to its end, and returns the number of bytes sent; as Python's
   * `socket.sendfile()`. After it the file's position is behind the last byte that was sent.
   *
   * @throws {RangeError} on a datagram or non-blocking socket, or for a `count` that is not positive.
   *
   * @example
   * ```ts
   * import { socketpair } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const [left, right] = await socketpair();
   * using file = await Deno.open("README.md");
   * assert.equal(await left.sendfile(file, 0, 100), 100);
   * assert.equal((await right.recv(1024)).length, 100);
   * left.close();
   * right.close();
   * ```
   */
  async sendfile(
    file: SendableFile,
    offset: number | WaitOptions = 0,
    count: number | null | WaitOptions = null,
    options?: WaitOptions,
  ): Promise<number> {
    try {
      if (typeof offset === "object") return await this.sendfile(file, 0, null, only(offset, count, options));
      if (isOptions(count)) return await this.sendfile(file, offset, null, only(count, options));
      const timeout = this.#timeout;
      const send = (data: Uint8Array, signal: WaitOptions) => {
        this.#live();
        return this.#write(this.#sending(data, 0), timeout, signal, SEND);
      };
      return await sendFile({ type: this.type, timeout, send }, file, offset, count, options);
    } catch (error) {
      return await this.#runtime.turns.rejection(error);
    }
  }

  /** Closes the connection when the socket and its last file are closed. */
  #dropFile(): void {
    this.#files--;
    if (this.#closed) this.close();
  }

  // Duplicating and closing.

  /**
   * Returns whether programs that this process starts inherit the socket; as Python's `socket.get_inheritable()`. A new
   * socket is not inheritable.
   *
   * @throws {OSError} EOPNOTSUPP on the default backend, where Deno does not reveal the descriptor.
   */
  get_inheritable(): boolean {
    return isInheritable(this.#live());
  }

  /**
   * Sets whether programs that this process starts inherit the socket, as Python's `socket.set_inheritable()`. In such
   * a program the descriptor has the same number.
   *
   * @throws {OSError} EOPNOTSUPP on the default backend, where Deno does not reveal the descriptor.
   *
   * @example
   * ```ts
   * import { create_server } from "@berkeley/socket/native";
   * import assert from "node:assert/strict";
   *
   * using server = create_server(["127.0.0.1", 0]);
   * server.set_inheritable(true);
   * const args = ["-c", `test -e /proc/self/fd/${server.fileno()}`];
   * const { success } = await new Deno.Command("sh", { args }).output();
   * assert.equal(success, true); // the program has the descriptor
   * ```
   */
  set_inheritable(inheritable: boolean): void {
    makeInheritable(this.#live(), inheritable);
  }

  /**
   * Returns a duplicate: another socket on the same connection or address; see dup(2). The connection closes when the socket
   * and all of its duplicates are closed.
   *
   * @example
   * ```ts
   * import { socket } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * using sock = socket();
   * using copy = sock.dup();
   * assert.notEqual(copy.fileno(), sock.fileno());
   * ```
   */
  dup(): Socket<A, Item> {
    const copy = this.#adopt<Item>(this.#live().dup());
    copy.#timeout = this.#timeout;
    return copy;
  }

  /**
   * Separates the socket from its descriptor, which stays open, and returns the descriptor; as Python's `socket.detach()`.
   * The socket is closed after it.
   *
   * @example
   * ```ts
   * import { close, socket } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * const sock = socket();
   * const fd = sock.detach();
   * assert.equal(sock.fileno(), -1);
   * close(fd);
   * ```
   */
  detach(): number {
    const fd = this.fileno();
    if (this.#descriptor === null) return fd;
    this.#releaseDescriptor();
    // After its calls were withdrawn: then nothing waits for the events of the descriptor.
    this.#transport.handOver?.();
    return fd;
  }

  /**
   * Closes the socket; see close(2). Its pending calls reject with EBADF. Data that was sent before is still delivered. A
   * second `close` does nothing.
   *
   * @throws {OSError} EBADF if the descriptor was closed already, by its number.
   */
  close(): void {
    this.#closed = true;
    if (this.#files === 0) this.#release();
  }

  #release(): void {
    const descriptor = this.#descriptor;
    this.#releaseDescriptor();
    if (descriptor?.closed) throw errorFor("EBADF", { syscall: "close" });
    descriptor?.close();
  }

  /** Separates the socket from its descriptor without closing it. Pending calls reject with EBADF. */
  #releaseDescriptor(): void {
    if (this.#descriptor === null) return;
    this.#descriptor = null;
    leaks.unregister(this);
    this.#reading.cancel();
    this.#writing.cancel();
  }

  /**
   * Makes pending calls on this socket keep the process alive, which is the default.
   */
  ref(): void {
    this.#live().ref();
    this.#reading.referenced = this.#writing.referenced = true;
  }
  /**
   * Lets the process exit while calls on this socket are pending. It does not affect the duplicates of the socket.
   *
   * On the default backend a pending connect and a send that the peer does not receive still keep the process alive. While a
   * receive of a Unix datagram socket is pending, the process may exit 50 ms late.
   *
   * On the native backend such a call may end up to 16 ms late while no other call waits, because a timer then looks for
   * events.
   */
  unref(): void {
    this.#live().unref();
    this.#reading.referenced = this.#writing.referenced = false;
  }

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
  /**
   * Closes the socket at the end of an `await using` block. After that its address can be bound again, unless a file of
   * `makefile` or a duplicate still uses it.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    // Files keep it open.
    if (this.#descriptor !== null) return;
    await this.#transport.released;
    await this.#transport.atRest?.();
    await this.#runtime.turns.due();
  }

  /** What Deno.inspect and console.log show: a text like that of Python's `repr()`. */
  [Symbol.for("Deno.customInspect")](): string {
    const fields = [`fd=${this.fileno()}`, `family=${this.family}`, `type=${this.type}`, `proto=${this.proto}`];
    for (const [name, ask] of [["laddr", "getsockname"], ["raddr", "getpeername"]] as const) {
      try {
        fields.push(`${name}=${JSON.stringify(this[ask]())}`);
      } catch {
        // The socket has no such address, or it is closed.
      }
    }
    return `<socket.socket ${this.#gone() ? "[closed] " : ""}${fields.join(", ")}>`;
  }

  /**
   * Makes the socket of an accepted connection.
   *
   * @internal
   */
  protected accepted(transport: Transport): Socket<A, Bytes> {
    return this.#adopt(transport);
  }

  /** Makes another socket of the same runtime. */
  #adopt<I>(transport: Transport): Socket<A, I> {
    return new Socket<A, I>(this.#runtime, this.#runtime.descriptors.enter(transport));
  }

  // Lanes.

  #gone(): boolean {
    return this.#descriptor === null || this.#descriptor.closed;
  }

  /** Returns the transport of an open socket, and throws EBADF for a closed one. */
  #live(operation?: Operation): Transport {
    if (this.#gone()) throw errorFor("EBADF", operation);
    return this.#transport;
  }

  #read<T>(
    attempt: Attempt<T>,
    timeout: number | null,
    options: WaitOptions | undefined,
    operation: Operation,
  ): Promise<T> {
    return this.#run(this.#reading, attempt, timeout, options, operation);
  }
  #write<T>(
    attempt: Attempt<T>,
    timeout: number | null,
    options: WaitOptions | undefined,
    operation: Operation,
  ): Promise<T> {
    return this.#run(this.#writing, attempt, timeout, options, operation);
  }

  #run<T>(
    lane: Lane,
    attempt: Attempt<T>,
    timeout: number | null,
    options: WaitOptions | undefined,
    operation: Operation,
  ): Promise<T> {
    const signal = options === undefined ? undefined : checkOptions(options);
    return this.#runInMode(lane, attempt, timeout, signal, operation);
  }

  /** Runs a call with its timeout, and with the limits of the socket's options (SO_RCVTIMEO, SO_SNDTIMEO, SO_RCVLOWAT). */
  #runInMode<T>(
    lane: Lane,
    attempt: Attempt<T>,
    timeout: number | null,
    signal: AbortSignal | undefined,
    operation: Operation,
  ): Promise<T> {
    const { limits } = this.#transport;
    if (limits !== undefined) {
      const limit = this.#timeLimit(lane, timeout, () => errorFor("EAGAIN", operation));
      if (limit !== undefined) return this.#runWithin(limit, lane, attempt, signal, operation);
      const polls = lane === this.#reading && limits.lowWater > 1 && timeout !== null && timeout > 0;
      if (polls) attempt = whenReadable(this.#transport, attempt);
    }
    return lane.run(attempt, timeout, signal, operation);
  }

  /** The time limit of a blocking call by SO_RCVTIMEO or SO_SNDTIMEO; undefined without such an option, or in another mode. */
  #timeLimit(lane: Lane, timeout: number | null, error?: () => Error): TimeLimit | undefined {
    const { limits } = this.#transport;
    if (limits === undefined || timeout !== null) return undefined;
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
      // Earlier attempts found less data than the low-water mark. The last attempt takes what is there.
      if (limit.expired && lane === this.#reading) this.#transport.settle(POLLIN);
      try {
        return attempt();
      } finally {
        this.#late = false;
      }
    };
    return limit.run(lane, attemptOnTime, signal, operation);
  }

  /**
   * Begins a call: throws the errors that need no attempt, and returns how many seconds the call may wait (null is without a
   * limit). The call keeps this timeout, as CPython's calls do. A later `settimeout` is for later calls.
   */
  #begin(flags: number): number | null {
    checkInteger(flags, "flags");
    this.#live();
    return (flags & MSG_DONTWAIT) === 0 ? this.#timeout : 0;
  }

  /**
   * The flags for the kernel. MSG_WAITALL and SO_RCVLOWAT apply in blocking mode only: Python makes the descriptor of a
   * socket with a timeout non-blocking, and there the kernel ignores both. The last attempt of a time limit ignores them too.
   */
  #effective(flags: number, timeout: number | null): number {
    if (timeout === null && !this.#late) return flags;
    flags &= ~MSG_WAITALL;
    return this.#transport.limits === undefined ? flags : flags | MSG_DONTWAIT;
  }
}

/** The synchronous methods. The stack of an error that they throw begins at the line that called them. */
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
