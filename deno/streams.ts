// Streams (TCP and AF_UNIX) over Deno.listen and Deno.connect: the states of a stream socket, and the effect of each call
// in each state, as in the kernel.

import type { Address } from "../base/addresses.ts";
import {
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_WR,
  SO_ACCEPTCONN,
  SO_ERROR,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../base/constants.ts";
import { gather } from "../base/data.ts";
import type { Bytes } from "../base/data.ts";
import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import type { ErrnoName } from "../base/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { IN_PROGRESS, recvMessageBy, WOULD_BLOCK } from "../seam/transport.ts";
import type {
  Accepted,
  AncillaryData,
  Caller,
  InProgress,
  Received,
  Transport,
  Waiter,
  WouldBlock,
} from "../seam/transport.ts";
import { anyAddress, autobindName, fromAddr } from "./addresses.ts";
import { isNamed, LookUps, openConnection, openerOf, resolveName } from "./endpoints.ts";
import type { Listen } from "./endpoints.ts";
import { Connection } from "./connection.ts";
import { errnoOf, fromDeno } from "./errors.ts";
import { Listener } from "./listener.ts";
import {
  checkAncillary,
  checkFlags,
  checkHow,
  kindOption,
  NATIVE_HINT,
  optionNumber,
  optionValue,
  StreamOptions,
} from "./options.ts";
import { eventLoopTurns, noted } from "./event_loop.ts";
import { SharedWaiters } from "./waiters.ts";

/** A connect that is under way, or that has ended and whose outcome no call has taken. */
interface Connecting {
  address: Address;
  /** The call that began it. */
  caller: Caller;
  turn: number;
  /** The connection or the error; null while the connect is under way. */
  outcome: Deno.Conn | Error | null;
  /** Ends the connect when the socket is closed. Deno's connect would keep the process alive for minutes. */
  end: AbortController;
}

/** The flags that receives support. The others need the kernel. */
const RECEIVE_FLAGS = MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL | MSG_TRUNC;
/** The flags that sends support. */
const SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL;

const NOTHING = new Uint8Array(0);

/** The pause before another attempt of a connect to a Unix listener whose queue is full, in milliseconds. */
const QUEUE_FULL_PAUSE = 5;

/** A stream socket of the default backend. */
export class StreamTransport implements Transport {
  readonly family: number;
  readonly type: number = SOCK_STREAM;
  readonly proto: number;

  readonly #waiters = new SharedWaiters();
  readonly #options: StreamOptions;
  readonly #lookUps = new LookUps();
  #listener: Listener | null = null;
  #connecting: Connecting | null = null;
  /** Whether a TCP connect failed. Both directions count as shut down until connect reports the error or tries again. */
  #failed = false;
  #connection: Connection | null = null;
  /** The address that bind or connect was called with. It has the scope, which Deno does not report. */
  #asked: Address | null = null;
  /** The path of a Unix listener as it was bound; Deno got an absolute path. Accepted connections have it, too. */
  #path: Address | null = null;
  /** The timer for the next attempt of a connect that found the queue full. */
  #pause: ReturnType<typeof setTimeout> | undefined;
  #references = 1;
  #referenced = true;

  constructor(family: number, proto: number, options = new StreamOptions(family)) {
    this.family = family;
    this.proto = proto;
    this.#options = options;
  }

  // Addresses.

  bind(address: Address): void {
    if (address === "") {
      // Linux returns success when a bound Unix socket is bound to "" again.
      if (this.#path !== null) return;
      address = autobindName();
    }
    if (this.#listener !== null || this.#connection !== null || this.#connecting !== null) {
      throw errorFor("EINVAL", { syscall: "bind", address });
    }
    this.#claim(address);
  }

  #claim(address: Address): void {
    const open = openerOf(address, this.family, this.#options);
    this.#listener = new Listener(open, this.#waiters, this.#referenced);
    this.#asked = address;
    if (this.family === AF_UNIX) this.#path = address;
  }

  getsockname(): Address {
    if (this.#path !== null) return this.#path;
    if (this.#connection !== null) return fromAddr(this.#connection.conn.localAddr, this.family, this.#asked);
    if (this.#listener !== null) return fromAddr(this.#listener.addr, this.family, this.#asked);
    return anyAddress(this.family);
  }

  getpeername(): Address {
    if (this.#connection === null || this.#over()) throw errorFor("ENOTCONN", { syscall: "getpeername" });
    return fromAddr(this.#connection.conn.remoteAddr, this.family, this.#asked);
  }

  // Listening.

  listen(backlog: number): void {
    if (this.#connection !== null || this.#connecting !== null || this.#failed) {
      throw errorFor("EINVAL", { syscall: "listen" });
    }
    if (this.#listener === null) {
      if (this.family === AF_UNIX) throw errorFor("EINVAL", { syscall: "listen" });
      this.#claim(anyAddress(this.family));
    }
    this.#listener!.listen(backlog);
    if (this.#waiters.has(POLLIN)) this.#listener!.acceptAhead();
  }

  accept(): Accepted | WouldBlock {
    if (!this.#listener?.listening) throw errorFor("EINVAL", { syscall: "accept" });
    const conn = this.#listener.accept();
    if (conn === WOULD_BLOCK) return WOULD_BLOCK;
    // On Linux an accepted socket has its listener's options.
    const transport = new StreamTransport(this.family, this.proto, this.#options.inherit());
    transport.#asked = this.#asked;
    transport.#path = this.#path;
    transport.#adopt(conn);
    return { transport, address: transport.getpeername() };
  }

  /** Whether a TCP connection has ended. A Unix socket keeps its peer's address. */
  #over(): boolean {
    return this.family !== AF_UNIX && this.#connection !== null && this.#connection.gone;
  }

  #adopt(conn: Deno.Conn): void {
    this.#options.apply(conn);
    this.#connection = new Connection(conn, this.#waiters, this.#referenced);
    if (this.#waiters.has(POLLIN | POLLRDHUP)) this.#connection.inflow.readAhead();
  }

  /** Makes a transport of an existing connection. */
  static connected(conn: Deno.Conn, family: number): StreamTransport {
    const transport = new StreamTransport(family, 0);
    transport.#adopt(conn);
    return transport;
  }

  // Connecting.

  resolve(address: Address): Address | Promise<Address> {
    return isNamed(address, this.family) ? this.#lookUps.run(resolveName(address, this.family)) : address;
  }

  connect(caller: Caller, address: Address): void | InProgress | WouldBlock {
    const connecting = this.#connecting;
    if (connecting !== null) {
      // The kernel connects a Unix socket at once. If that call was given up, the same connect again waits for its outcome.
      if (!isAwaited(connecting) && this.family === AF_UNIX && connecting.address === address) {
        connecting.caller = caller;
        connecting.turn = caller.turn;
      }
      const waits = connecting.outcome === null;
      if (isOwn(connecting, caller)) return waits ? WOULD_BLOCK : this.finishConnect();
      // The outcome is for the call that waits for it.
      if (waits || isAwaited(connecting)) throw errorFor("EALREADY", { syscall: "connect", address });
      return this.finishConnect();
    }
    if (this.#connection !== null) throw errorFor("EISCONN", { syscall: "connect", address });
    if (this.#listener !== null) {
      if (this.family === AF_UNIX && this.#listener.listening) {
        throw errorFor("EINVAL", { syscall: "connect", address });
      }
      if (this.#listener.listening) throw errorFor("EISCONN", { syscall: "connect", address });
      throw errorFor("EOPNOTSUPP", { syscall: "connect", address, hint: `connect after bind: ${NATIVE_HINT}` });
    }
    const started: Connecting = { address, caller, turn: caller.turn, outcome: null, end: new AbortController() };
    this.#connecting = started;
    this.#failed = false;
    noted(openConnection(address, this.family, started.end.signal)).then((conn) => {
      if (this.#references === 0) return conn.close();
      started.outcome = conn;
      this.#asked = address;
      this.#adopt(conn);
      this.#waiters.wake(POLLOUT);
    }, (error) => {
      started.outcome = fromDeno(error, { syscall: "connect", address });
      if ((started.outcome as OSError).code === "EAGAIN") return this.#connectLater();
      this.#failed = this.family !== AF_UNIX;
      this.#waiters.wake(POLLIN | POLLOUT | POLLERR);
    });
    return this.family === AF_UNIX ? WOULD_BLOCK : IN_PROGRESS;
  }

  /**
   * Tries again later to connect to a Unix listener whose queue is full. In the kernel a blocking connect waits for that.
   * Deno fails instead, and no event tells when there is space, so waiters are woken after a pause.
   */
  #connectLater(): void {
    this.#connecting = null;
    if (this.#waiters.has(POLLOUT)) this.#pause = setTimeout(() => this.#waiters.wake(POLLOUT), QUEUE_FULL_PAUSE);
  }

  finishConnect(): void | WouldBlock {
    if (this.#connecting === null) return;
    const { outcome } = this.#connecting;
    if (outcome === null) return WOULD_BLOCK;
    this.#connecting = null;
    if (!(outcome instanceof Error)) return;
    this.#failed = false;
    throw outcome;
  }

  disconnect(): void {
    throw errorFor("EOPNOTSUPP", { syscall: "connect", hint: `connect to AF_UNSPEC on a stream: ${NATIVE_HINT}` });
  }

  /** Returns the pending error of a connect or of the connection, and clears it, as reading SO_ERROR does. */
  #takeError(): Error | null {
    const outcome = this.#connecting?.outcome;
    if (!(outcome instanceof Error)) return this.#connection?.takeError() ?? null;
    this.#connecting = null;
    return outcome;
  }

  // Data.

  recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    if (this.#ended()) return new Uint8Array(0);
    const connection = this.#connection ?? this.#unconnected("recv", "EINVAL", "ENOTCONN");
    if (flags !== 0) checkFlags("recv", flags, RECEIVE_FLAGS);
    if (connection === WOULD_BLOCK) return WOULD_BLOCK;
    return connection.inflow.recv(caller, size, this.#wanted(size, flags), (flags & MSG_PEEK) !== 0);
  }

  recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    if (this.#ended()) return 0;
    const connection = this.#connection ?? this.#unconnected("recv", "EINVAL", "ENOTCONN");
    if (flags !== 0) checkFlags("recv", flags, RECEIVE_FLAGS);
    if (connection === WOULD_BLOCK) return WOULD_BLOCK;
    return connection.inflow.recvInto(caller, view, this.#wanted(view.length, flags), (flags & MSG_PEEK) !== 0);
  }

  recvFrom(caller: Caller, size: number, flags: number): [Bytes, null] | WouldBlock {
    const data = this.recv(caller, size, flags);
    return data === WOULD_BLOCK ? WOULD_BLOCK : [data, null];
  }

  recvFromInto(caller: Caller, view: Uint8Array, flags: number): [number, null] | WouldBlock {
    const count = this.recvInto(caller, view, flags);
    return count === WOULD_BLOCK ? WOULD_BLOCK : [count, null];
  }

  recvMessage(
    caller: Caller,
    views: Uint8Array[],
    _ancillarySize: number,
    flags: number,
  ): Received | WouldBlock {
    return recvMessageBy((size) => this.recv(caller, size, flags), views);
  }

  send(caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    const connection = this.#connection ?? this.#unconnected("send", "ENOTCONN", "EPIPE");
    if (flags !== 0) checkFlags("send", flags, SEND_FLAGS);
    return connection === WOULD_BLOCK ? WOULD_BLOCK : connection.outflow.send(caller, data);
  }

  sendTo(caller: Caller, data: Uint8Array, flags: number, address: Address): number | WouldBlock {
    // TCP ignores the address on a connected stream. AF_UNIX refuses it.
    if (this.family === AF_UNIX) {
      throw errorFor(this.#connection === null ? "EOPNOTSUPP" : "EISCONN", { syscall: "sendto", address });
    }
    return this.send(caller, data, flags);
  }

  sendMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    address: Address | null,
  ): number | WouldBlock {
    checkAncillary(ancillary);
    // An attempt for the outcome of a send reads no data. The memory may have been transferred since.
    const data = this.holdsSend(caller) ? NOTHING : gather(views);
    return address === null ? this.send(caller, data, flags) : this.sendTo(caller, data, flags, address);
  }

  holdsSend(caller: Caller): boolean {
    return this.#connection?.outflow.holds(caller) ?? false;
  }

  forget(caller: Caller): void {
    this.#connection?.inflow.forget(caller);
    this.#connection?.outflow.forget(caller);
  }

  /** How many bytes must be there before a receive takes any. A peek on a Unix stream waits for one only. */
  #wanted(size: number, flags: number): number {
    const waits = (flags & MSG_WAITALL) !== 0 && (this.family !== AF_UNIX || (flags & MSG_PEEK) === 0);
    return waits ? Math.max(size, 1) : 1;
  }

  /** Whether a connect failed and reported its error. In the kernel, receives then return the end of the stream. */
  #ended(): boolean {
    return this.#failed && this.#connecting === null;
  }

  /** Throws the kernel's error for a socket without a connection, or returns WOULD_BLOCK during a connect. */
  #unconnected(syscall: string, onUnix: ErrnoName, onTcp: ErrnoName): WouldBlock {
    if (this.#connecting !== null && this.#connecting.outcome === null) return WOULD_BLOCK;
    throw this.#takeError() ?? errorFor(this.family === AF_UNIX ? onUnix : onTcp, { syscall });
  }

  shutdown(how: number): void | Promise<void> {
    checkHow(how);
    // The kernel may have connected already although Deno has not reported it.
    const settled = this.#connection === null && !this.#listener ? this.settle(POLLOUT) : undefined;
    if (settled !== undefined) return settled.then(() => this.#shutdown(how));
    return this.#shutdown(how);
  }

  #shutdown(how: number): void | Promise<void> {
    const connection = this.#connection;
    if (connection !== null && !this.#over()) {
      if (how !== SHUT_RD) connection.outflow.shut();
      if (how !== SHUT_WR) return connection.inflow.shut();
    } else if (this.#listener?.listening) {
      // On Linux, shutting down the receiving side of a listener ends listening. The address stays claimed.
      if (how !== SHUT_WR) return this.#listener.unlisten();
    } else if (this.family !== AF_UNIX) throw errorFor("ENOTCONN", { syscall: "shutdown" });
  }

  // TLS: see tls/ in this folder.

  /** Whether a duplicate of the socket is open. */
  get hasDuplicate(): boolean {
    return this.#references > 1;
  }

  /** The connection; null if there is none. */
  get connection(): Connection | null {
    return this.#connection;
  }

  /** Whether an accept is under way, or an accepted connection has not been taken yet. */
  get acceptsAhead(): boolean {
    return this.#listener?.busy === true;
  }

  /** Replaces the connection by another one, which `replace` makes of it. No call may be under way. */
  async replaceConnection(replace: (conn: Deno.Conn) => Promise<Deno.Conn>): Promise<void> {
    const old = this.#connection;
    if (old === null) throw errorFor("ENOTCONN");
    // TLS reads from it from now on.
    old.inflow.close();
    const conn = await replace(old.conn);
    if (this.#references === 0) return conn.close();
    this.#connection = new Connection(conn, this.#waiters, this.#referenced);
    if (this.#waiters.has(POLLIN | POLLRDHUP)) this.#connection.inflow.readAhead();
  }

  /** Opens the listener again with another function, on the same address. */
  replaceListener(listen: Listen): void {
    this.#listener!.replace(openerOf(this.getsockname(), this.family, this.#options, listen));
  }

  // Options.

  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, size: number): Uint8Array;
  getsockopt(level: number, name: number, size?: number): number | Uint8Array {
    return optionValue(this.#getOption(level, name), size);
  }

  #getOption(level: number, name: number): number {
    if (level === SOL_SOCKET) {
      if (name === SO_ACCEPTCONN) return this.#listener?.listening ? 1 : 0;
      if (name === SO_ERROR) return errnoOf(this.#takeError());
    }
    const kind = level === SOL_SOCKET ? kindOption(name, this.family, this.type) : undefined;
    return kind ?? this.#options.get(level, name);
  }

  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    this.#options.set(level, name, optionNumber(value));
    if (this.#connection !== null) this.#options.apply(this.#connection.conn);
  }

  // Readiness.

  events(): number {
    if (this.#connection !== null) return this.#connection.events();
    if (this.#listener?.listening) return this.#listener.events();
    if (this.#connecting !== null && this.#connecting.outcome === null) return 0;
    // In the kernel a stream that is not connected has POLLHUP. A failed connect also has POLLERR, until it is reported.
    if (this.#connecting !== null) return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP;
    return this.#failed ? POLLIN | POLLOUT | POLLHUP | POLLRDHUP : POLLOUT | POLLHUP;
  }

  watch(mask: number, waiter: Waiter): void {
    this.#waiters.add(mask, waiter);
    if ((mask & ~POLLOUT) === 0) return;
    this.#connection?.inflow.readAhead();
    this.#listener?.acceptAhead();
  }

  unwatch(waiter: Waiter): void {
    this.#waiters.remove(waiter);
    this.#connection?.inflow.park();
    this.#listener?.park();
  }

  settle(mask: number): Promise<void> | undefined {
    if (this.#connection !== null) return this.#connection.settle(mask);
    if (this.#listener?.listening) return this.#listener.settle(mask);
    const connecting = this.#connecting;
    if (connecting === null || connecting.outcome !== null) return undefined;
    return eventLoopTurns(() => connecting.outcome !== null);
  }

  // References.

  fileno(): undefined {
    return undefined;
  }

  dup(): Transport {
    this.#references++;
    this.#setReferenced(true);
    return this;
  }

  ref(): void {
    this.#setReferenced(true);
  }
  unref(): void {
    this.#setReferenced(false);
  }
  /** Sets the reference of all duplicates. If there are several, that of the waiters decides. */
  #setReferenced(wanted: boolean): void {
    const referenced = wanted || this.#references > 1;
    this.#referenced = referenced;
    if (this.#connection !== null) this.#connection.inflow.reference.referenced = referenced;
    if (this.#listener !== null) this.#listener.referenced = referenced;
  }

  get released(): Promise<unknown> | undefined {
    return this.#references === 0 ? this.#listener?.released : undefined;
  }

  close(): void {
    if (--this.#references === 0) {
      this.#lookUps.close();
      if (this.#pause !== undefined) clearTimeout(this.#pause);
      if (this.#connecting?.outcome === null) this.#connecting.end.abort();
      this.#connection?.close();
      this.#listener?.close();
    }
    this.#waiters.wake(POLLNVAL);
  }
}

/** Whether a connect belongs to the caller's current turn. */
function isOwn(connecting: Connecting, caller: Caller): boolean {
  return connecting.caller === caller && isAwaited(connecting);
}

/** Whether the call that began a connect still waits for its outcome. */
function isAwaited({ caller, turn }: Connecting): boolean {
  return caller.turn === turn;
}
