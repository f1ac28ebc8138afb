// TLS over any transport, with a synchronous engine.
//
// Attempts drive the engine. A receive asks it for plaintext. If it needs more, the attempt takes ciphertext from the
// transport below. So no data is read before a call asks for it, and lanes, timeouts, select and files work as on any
// other transport.

import type { Address } from "../base/addresses.ts";
import { SHUT_RD, SHUT_RDWR, SHUT_WR } from "../base/constants.ts";
import type { Bytes } from "../base/data.ts";
import { errorFor } from "../base/errors.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import type { Clock, Timer } from "../seam/clock.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { AncillaryData, Caller, Received, Transport, Waiter, WouldBlock } from "../seam/transport.ts";
import { Waiters } from "../seam/waiters.ts";
import { acknowledgedBytes } from "./acknowledged.ts";
import { NEEDS_DATA } from "./engine.ts";
import type { ByteQueue, ConnectionInfo, Engine } from "./engine.ts";
import { SSLEOFError, SSLError, wantReadError, wantWriteError } from "./errors.ts";
import { checkFlags } from "./flags.ts";
import { Forwarding } from "./forwarding.ts";
import { Outgoing } from "./outgoing.ts";
import { ReadAhead } from "./read_ahead.ts";

/** How much is encrypted before it is sent. It limits the memory that a peer can use up by not reading. */
const MOST_UNSENT = 65536;
/**
 * How much may be unsent when more ciphertext is received. A peer could use up the memory by records that must be answered
 * (key updates), if it does not receive the answers. Sends alone stay below this.
 */
const MAX_UNANSWERED = 4 * MOST_UNSENT;
/** The largest size of one receive from the transport below, and of one decryption. */
const CHUNK = 65536;
/**
 * How many chunks without data are decrypted in a row. Then the event loop turns, so that a peer that sends only key updates
 * does not keep all other work waiting.
 */
const MAX_FRUITLESS = 2;
/** How many chunks of unread data a close receives first. A close with unread data makes the kernel drop unsent data. */
const MAX_UNREAD_CHUNKS = 4;
/** After close, unsent data is dropped if the peer has accepted nothing between two checks. In milliseconds. */
const LINGER_CHECK = 60_000;

/** Memory for ciphertext and plaintext. All connections share it, because it is used within one call only. */
const ciphertext = new Uint8Array(CHUNK);
const plaintext = new Uint8Array(CHUNK);

/** An engine and its two byte queues. */
export interface Side {
  engine: Engine;
  /** Ciphertext for the engine. */
  incoming: ByteQueue;
  /** Ciphertext from it. */
  outgoing: ByteQueue;
}

/** A transport with TLS. */
export interface SecureTransport extends Transport {
  /** The information about the connection; null while it has no TLS: before connect, and after unwrap and close. */
  readonly connectionInfo: ConnectionInfo | null;
  /** Puts TLS on the connection. Returns a promise if that takes time. */
  start(): void | Promise<void>;
  /** Continues the handshake. POLLIN tells when to try again. */
  handshake(): void | WouldBlock;
  /** Ends TLS on both sides. POLLIN tells when to try again. */
  unwrap(): void | WouldBlock;
}

/** The parts of a connection. */
export interface TlsOptions {
  /** Makes the engine. */
  side: () => Side;
  /** Whether a truncated stream counts as one that has ended. */
  suppressRaggedEofs: boolean;
  clock: Clock;
}

/** A TLS connection. It moves no data before `start`, and has no TLS after `unwrap`. */
export class TlsTransport extends Forwarding implements SecureTransport {
  readonly #options: TlsOptions;
  readonly #waiters = new Waiters();
  /** The caller of receives from the transport below. */
  readonly #reader: Caller & { turn: number } = { turn: 0 };
  #side: Side | null = null;
  /** Whether `unwrap` has ended TLS. Before that, no byte is ever sent or received unencrypted. */
  #plain = false;
  /** Whether the last attempt of `unwrap` or a receive was one of `unwrap`. */
  #unwrapping = false;
  #outgoing: Outgoing | null = null;
  /**
   * The TLS error that ended the handshake. Every later call throws it again. Without it OpenSSL would report a truncated
   * stream.
   */
  #handshakeError: unknown = undefined;
  /** The error for the next receive, if it was found before that receive. */
  #readError: unknown = undefined;
  /** The error for the next send, found in the same way. */
  #sendError: unknown = undefined;
  /** Whether the engine has used all of its ciphertext. Asking it again would take 0.4 µs and return nothing. */
  #engineDrained = false;
  /** Whether the transport below has ended. */
  #ended = false;
  /** How many chunks in a row had no data. */
  #fruitless = 0;
  /** Whether receiving was shut down. */
  #receiveShut = false;
  /** Whether sending was shut down. If so, close_notify follows the data. */
  #sendShut = false;
  #finSent = false;
  #references = 1;
  #closing = false;
  #lingerTimer: Timer | undefined;
  /** Set while a closed connection still sends data. */
  #lingering: PromiseWithResolvers<void> | undefined;
  /** The waiter that is registered with the transport below, and its mask. */
  #registered: Waiter | null = null;
  #mask = 0;
  #waking = false;
  /** Whether the waiters were woken since the transport below last had no data. Then they know of the data that it has. */
  #announced = false;
  /** Whether the transport below did not take all ciphertext, and the waiters were not woken since. */
  #blocked = false;
  /** There are two such waiters, because an interest of an epoll must not keep the process alive. */
  readonly #foreground: Waiter = { wake: () => this.#wake() };
  readonly #background: Waiter = { wake: () => this.#wake(), background: true };

  constructor(inner: Transport, options: TlsOptions) {
    super(inner);
    this.#options = options;
  }

  get connectionInfo(): ConnectionInfo | null {
    return this.#side?.engine ?? null;
  }

  start(): void {
    // TLS begins once. After unwrap, a new wrap_socket can begin another one.
    if (this.#plain) throw errorFor("ENOTCONN", { syscall: "do_handshake" });
    const side = this.#options.side();
    this.#side = side;
    this.#outgoing = new Outgoing(this.inner, side.outgoing);
  }

  // The handshake, and the end of TLS

  handshake(): void | WouldBlock {
    const side = this.#tls("do_handshake");
    if (side.engine.established) return;
    if (this.#handshakeError !== undefined) throw this.#handshakeError;
    try {
      if (!this.#repeatStep(side, () => side.engine.handshake())) return WOULD_BLOCK;
    } catch (error) {
      // A send that failed has taken the kernel's error. The engine then sees a truncated stream.
      if (error instanceof SSLEOFError && this.#sendError !== undefined) throw this.#sendError;
      if (error instanceof SSLError) this.#handshakeError = error;
      throw error;
    }
    this.#fruitless = 0;
    this.#flush();
  }

  unwrap(): void | WouldBlock {
    const side = this.#tls("unwrap");
    if (!side.engine.established) throw errorFor("ENOTCONN", { syscall: "unwrap" });
    this.#unwrapping = true;
    if (!this.#repeatStep(side, () => side.engine.shutdown()) || !this.#flush()) return WOULD_BLOCK;
    // A send that waits must fail now. Later it would continue without TLS.
    this.#waiters.wake(POLLOUT);
    const ahead = side.incoming.read();
    if (ahead.length > 0) this.inner = new ReadAhead(this.inner, ahead);
    this.#freeEngine(side);
    this.#plain = true;
    this.#register();
  }

  /** Returns the transport below, for data without TLS. */
  #plainTransport(syscall: string): Transport {
    if (this.#side !== null) throw new RangeError(`${syscall} not allowed on instances of SSLSocket`);
    if (!this.#plain) throw errorFor("ENOTCONN", { syscall });
    return this.inner;
  }

  #tls(syscall: string): Side {
    if (this.#side === null) throw errorFor("ENOTCONN", { syscall });
    return this.#side;
  }

  #freeEngine(side: Side): void {
    side.engine.free();
    this.#side = this.#outgoing = null;
  }

  /** Repeats a step of the engine with more ciphertext. Returns false if there is no more ciphertext now. */
  #repeatStep(side: Side, step: () => boolean): boolean {
    for (;;) {
      try {
        this.#outgoing!.mayHaveOutput = true;
        if (step()) return true;
      } finally {
        // Sends the next handshake message, or the alert after an error.
        this.#flush();
      }
      if (!this.#feedEngine(side)) return false;
    }
  }

  /** Takes ciphertext, or the end of it, from the transport below. Returns false if there is none now. */
  #feedEngine(side: Side): boolean {
    if (this.#ended || this.#fruitless === MAX_FRUITLESS) return false;
    if (this.#blocked && this.#outgoing!.size > MAX_UNANSWERED) return false;
    const count = this.inner.recvInto(this.#reader, ciphertext, 0);
    if (count === WOULD_BLOCK) {
      this.#announced = false;
      this.#fruitless = 0;
      return false;
    }
    if (!this.#announced) this.#announce();
    if (++this.#fruitless === MAX_FRUITLESS) this.#continueLater();
    this.#reader.turn++;
    this.#engineDrained = false;
    if (count === 0) {
      this.#ended = true;
      side.incoming.write_eof();
    } else side.incoming.write(ciphertext.subarray(0, count));
    return true;
  }

  /** Sends ciphertext. Returns true if all of it was sent, or if an error prevents that. */
  #flush(): boolean {
    const outgoing = this.#outgoing;
    if (outgoing === null || outgoing.empty) return this.#afterFlush();
    try {
      if (!outgoing.flush()) {
        this.#blocked = true;
        this.#register();
        return false;
      }
    } catch (error) {
      // The next send throws it. Data that the peer sent before can still be received.
      outgoing.abandon();
      this.#sendError ??= error;
    }
    if (this.#blocked) this.#announce();
    return this.#afterFlush();
  }

  #afterFlush(): true {
    if (this.#sendShut && !this.#finSent) this.#sendFin();
    return true;
  }

  // Receiving

  override recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    if (this.#side === null) return this.#plainTransport("recv").recv(caller, size, flags);
    const count = this.recvInto(caller, plaintext.subarray(0, Math.min(size, CHUNK)), flags);
    return count === WOULD_BLOCK ? WOULD_BLOCK : plaintext.slice(0, count);
  }

  override recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    if (this.#side === null) return this.#plainTransport("recv_into").recvInto(caller, view, flags);
    checkFlags("recv", flags);
    return this.#read(this.#side, view);
  }

  override recvFrom(caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    return this.#plainTransport("recvfrom").recvFrom(caller, size, flags);
  }

  override recvFromInto(caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    return this.#plainTransport("recvfrom_into").recvFromInto(caller, view, flags);
  }

  override recvMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillarySize: number,
    flags: number,
  ): Received | WouldBlock {
    return this.#plainTransport("recvmsg").recvMessage(caller, views, ancillarySize, flags);
  }

  /** Decrypts records into a view until it is full or there are no more. */
  #read(side: Side, view: Uint8Array): number | WouldBlock {
    if (view.length === 0) return 0;
    this.#unwrapping = false;
    if (this.handshake() === WOULD_BLOCK) return WOULD_BLOCK;
    let filled = 0;
    while (filled < view.length) {
      const count = this.#decrypt(side, filled === 0 ? view : view.subarray(filled), filled === 0);
      if (count === 0) break;
      if (count !== NEEDS_DATA) {
        filled += count;
        // The last record was shorter than the view, and there is no more ciphertext.
        if (filled < view.length && side.incoming.pending === 0) this.#engineDrained = true;
      } else if (filled > 0) break;
      else if (!this.#feedEngine(side)) {
        this.#flush();
        return WOULD_BLOCK;
      }
    }
    // Sends the reply to a key update.
    this.#flush();
    this.#fruitless = 0;
    return filled;
  }

  /** Wakes the waiters after a turn of the event loop. They then continue to decrypt. */
  async #continueLater(): Promise<void> {
    await this.#options.clock.turn();
    this.#fruitless = 0;
    this.#waiters.wake(~0);
  }

  /** Decrypts one record. An error after data is stored for the next receive. */
  #decrypt(side: Side, view: Uint8Array, first: boolean): number {
    if (this.#readError === undefined) {
      if (this.#engineDrained) return NEEDS_DATA;
      try {
        this.#outgoing!.mayHaveOutput = true;
        const count = side.engine.read(view);
        if (count === NEEDS_DATA) this.#engineDrained = true;
        return count;
      } catch (error) {
        this.#readError = error;
        this.#flush();
      }
    }
    if (!first || this.#isSuppressedEof(this.#readError)) return 0;
    throw this.#readError;
  }

  /** Returns whether a truncated stream counts as one that has ended. */
  #isSuppressedEof(error: unknown): boolean {
    return error instanceof SSLEOFError && (this.#options.suppressRaggedEofs || this.#receiveShut);
  }

  // Sending

  override send(caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    const side = this.#side;
    if (side === null) return this.#plainTransport("send").send(caller, data, flags);
    checkFlags("send", flags);
    if (this.#sendShut) throw errorFor("EPIPE", { syscall: "send" });
    if (this.handshake() === WOULD_BLOCK || !this.#flush()) return WOULD_BLOCK;
    if (this.#sendError !== undefined) throw this.#sendError;
    let sent = 0;
    while (sent < data.length) {
      this.#outgoing!.mayHaveOutput = true;
      const count = side.engine.write(data.subarray(sent, sent + MOST_UNSENT));
      // A write needs data only during a renegotiation, which is not supported.
      if (count === NEEDS_DATA) break;
      sent += count;
      if (!this.#flush()) break;
    }
    return sent > 0 || data.length === 0 ? sent : WOULD_BLOCK;
  }

  override sendTo(caller: Caller, data: Uint8Array, flags: number, address: Address): number | WouldBlock {
    return this.#plainTransport("sendto").sendTo(caller, data, flags, address);
  }

  override sendMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    address: Address | null,
  ): number | WouldBlock {
    return this.#plainTransport("sendmsg").sendMessage(caller, views, ancillary, flags, address);
  }

  holdsSend(caller: Caller): boolean {
    return this.#side === null && (this.inner.holdsSend?.(caller) ?? false);
  }

  override forget(caller: Caller): void {
    // An engine has no late outcomes.
    if (this.#side === null) this.inner.forget(caller);
  }

  override shutdown(how: number): void | Promise<void> {
    const side = this.#side;
    if (side === null || (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR)) return this.inner.shutdown(how);
    let done: void | Promise<void> = undefined;
    if (how !== SHUT_WR) {
      // This comes first: after both sides have ended the stream, SHUT_RD is ENOTCONN.
      done = this.inner.shutdown(SHUT_RD);
      this.#receiveShut = true;
    }
    if (how !== SHUT_RD && !this.#sendShut) {
      this.#sendShut = true;
      this.#closeNotify(side);
      this.#flush();
    }
    return done;
  }

  #closeNotify({ engine }: Side): void {
    this.#outgoing!.mayHaveOutput = true;
    engine.closeNotify();
  }

  #sendFin(): void {
    this.#finSent = true;
    Promise.try(() => this.inner.shutdown(SHUT_WR)).catch(() => {
      // Ignored: the peer has closed the connection already.
    });
  }

  blockingError(mask: number): Error {
    if (this.#side === null) return this.inner.blockingError?.(mask) ?? errorFor("EAGAIN");
    // A receive does not wait until earlier data is sent, as in OpenSSL. The handshake, unwrap and sends do.
    const receives = mask === POLLIN && this.#side.engine.established && !this.#unwrapping;
    return receives || this.#outgoing!.empty ? wantReadError() : wantWriteError();
  }

  // Waiting

  override events(mask: number): number {
    const side = this.#side;
    if (side === null) return this.inner.events(mask);
    // During the handshake the events of the transport below count.
    if (!side.engine.established) return this.inner.events(mask);
    let events = this.inner.events(mask) & (POLLERR | POLLHUP);
    if ((mask & (POLLIN | POLLRDHUP)) !== 0 && this.#readable(side)) {
      events |= POLLIN;
      if (side.engine.pending() === 0) events |= POLLRDHUP;
    }
    if (this.#sendShut || this.#flush()) events |= POLLOUT;
    return events;
  }

  /** Returns whether a receive would not block. Takes ciphertext until the engine has plaintext, the end or an error. */
  #readable(side: Side): boolean {
    try {
      while (this.#readError === undefined && !this.#hasPlaintext(side)) if (!this.#feedEngine(side)) return false;
    } catch (error) {
      this.#readError = error;
    }
    return true;
  }

  #hasPlaintext(side: Side): boolean {
    if (this.#engineDrained) return false;
    this.#outgoing!.mayHaveOutput = true;
    this.#engineDrained = !side.engine.readable();
    return !this.#engineDrained;
  }

  override watch(mask: number, waiter: Waiter): void {
    this.#waiters.add(mask, waiter);
    this.#register();
  }

  override unwatch(waiter: Waiter): void {
    this.#waiters.remove(waiter);
    this.#register();
  }

  override settle(mask: number): Promise<void> | undefined {
    const established = this.#side?.engine.established !== false;
    return this.inner.settle(established ? mask : mask | POLLIN);
  }

  /** Wakes all waiters: a record may be data, an end, or part of the handshake. */
  #wake(): void {
    this.#unregister();
    this.#waking = this.#announced = true;
    this.#blocked = false;
    try {
      const flushed = this.#flush();
      if (this.#closing) return flushed ? this.#finish() : undefined;
      this.#waiters.wake(~0);
    } finally {
      this.#waking = false;
      this.#register();
    }
  }

  /**
   * Wakes all waiters soon. It is called if a call or a select has received or sent before the transport below reported that
   * this is possible. That report may never come: the kernel drops an event that does not hold any more when it is asked.
   */
  #announce(): void {
    this.#announced = true;
    this.#blocked = false;
    if (this.#waiters.has(~0)) queueMicrotask(() => this.#waiters.wake(~0));
  }

  /** Registers with the transport below for the events that the waiters need. */
  #register(): void {
    if (this.#waking) return;
    const unsent = this.#outgoing !== null && !this.#outgoing.empty;
    // After close only unsent data counts. Interests of an epoll stay among the waiters until its next wait.
    if (!unsent && (this.#closing || !this.#waiters.has(~0))) return this.#unregister();
    const waiter = unsent || this.#waiters.keepAlive(~0) ? this.#foreground : this.#background;
    const mask = this.#wanted(unsent);
    if (waiter === this.#registered && mask === this.#mask) return;
    if (waiter !== this.#registered) this.#unregister();
    this.#registered = waiter;
    this.#mask = mask;
    this.inner.watch(mask, waiter);
  }

  #wanted(unsent: boolean): number {
    const reads = this.#waiters.has(POLLIN | POLLRDHUP);
    const writes = this.#waiters.has(POLLOUT);
    const side = this.#side;
    let mask = 0;
    if (reads || (writes && side !== null && !side.engine.established)) mask |= POLLIN | POLLRDHUP;
    if (unsent || (writes && side === null)) mask |= POLLOUT;
    return mask;
  }

  #unregister(): void {
    if (this.#registered === null) return;
    this.inner.unwatch(this.#registered);
    this.#registered = null;
  }

  // The end

  override dup(): Transport {
    this.#references++;
    return this;
  }

  override close(): void {
    if (--this.#references > 0) return;
    this.#closing = true;
    if (this.#side?.engine.established && this.#sendError === undefined) this.#closeNotify(this.#side);
    if (this.#flush()) this.#finish();
    else {
      this.#lingering = Promise.withResolvers();
      this.#linger();
    }
    this.#waiters.wake(~0);
  }

  override get released(): Promise<unknown> | undefined {
    return this.#lingering?.promise.then(() => this.inner.released) ?? this.inner.released;
  }

  /** Waits until the unsent data is sent, as long as there is progress. */
  #linger(): void {
    const { clock } = this.#options;
    const before = this.#progress();
    const check = () => this.#progress() > before ? this.#linger() : this.#finish();
    this.#lingerTimer = clock.setTimeout(check, LINGER_CHECK);
    clock.hold(this.#lingerTimer, false);
  }

  /** A number that grows when data is sent, or arrives at the peer. */
  #progress(): number {
    return this.#outgoing!.turn + acknowledgedBytes(this.inner);
  }

  #finish(): void {
    this.#options.clock.clearTimeout(this.#lingerTimer);
    this.#unregister();
    if (this.#side !== null) {
      this.#drainUnread();
      this.#outgoing!.abandon();
      this.#freeEngine(this.#side);
    }
    this.inner.close();
    this.#lingering?.resolve();
  }

  /** Takes unread data before a close. With unread data the kernel would reset the connection and drop unsent data. */
  #drainUnread(): void {
    try {
      for (let chunk = 0; chunk < MAX_UNREAD_CHUNKS; chunk++) {
        const count = this.inner.recvInto(this.#reader, ciphertext, 0);
        if (count === WOULD_BLOCK || count === 0) return;
        this.#reader.turn++;
      }
    } catch {
      // The connection was reset already.
    }
  }
}
