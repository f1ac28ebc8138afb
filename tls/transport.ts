// TLS over any transport, by a synchronous engine.
//
// The engine is fed by attempts: a receive asks it for plaintext and, where it needs more, the transport behind for ciphertext. So
// nothing is read that was not asked for, and lanes, timeouts, select and files serve a TLS socket as they serve any other.

import type { Address } from "../base/addresses.ts";
import { MSG_DONTWAIT, MSG_NOSIGNAL, SHUT_RD, SHUT_RDWR, SHUT_WR } from "../base/constants/sockets.ts";
import type { Bytes } from "../base/data.ts";
import { errorFor } from "../base/errors.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import type { Clock, Timer } from "../seam/clock.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { AncillaryData, Caller, Received, Transport, Waiter, WouldBlock } from "../seam/transport.ts";
import { Waiters } from "../seam/waiters.ts";
import { NEEDS_DATA } from "./engine.ts";
import type { ByteQueue, Engine, Facts } from "./engine.ts";
import { SSLEOFError, wantReadError, wantWriteError } from "./errors.ts";
import { Forwarding } from "./forwarding.ts";
import { Outgoing } from "./outgoing.ts";

/** What one send encrypts before it hands that on: the bound of what a peer that stops reading costs. */
const MOST_UNSENT = 65536;
/** What one receive takes from the transport behind, and what it decrypts at most. */
const CHUNK = 65536;
/** How many chunks a close takes that came meanwhile: a kernel that finds unread bytes at a close drops what is unsent. */
const LAST_CHUNKS = 4;
/** How long a peer may take none of what was sent before close, in milliseconds. */
const LONGEST_LINGER = 60_000;

/** Ciphertext on its way into an engine, and plaintext on its way out of one: never there beyond one call. */
const ciphertext = new Uint8Array(CHUNK);
const plaintext = new Uint8Array(CHUNK);

const EMPTY = new Uint8Array(0);

/** An engine and its two queues. */
export interface Side {
  engine: Engine;
  /** Ciphertext for the engine. */
  incoming: ByteQueue;
  /** Ciphertext from it. */
  outgoing: ByteQueue;
}

/** A transport that TLS was put on. */
export interface SecureTransport extends Transport {
  /** What is known of the connection; null while there is no TLS on it: before connect, and after unwrap and close. */
  readonly facts: Facts | null;
  /** Puts TLS on the connection, which was made since. A promise where that takes a moment. */
  start(): void | Promise<void>;
  /** Goes on with the handshake. Ready at POLLIN. */
  handshake(): void | WouldBlock;
  /** Ends TLS on both sides; then the connection is a plain one. Ready at POLLIN. */
  unwrap(): void | WouldBlock;
}

/** What one connection is made of. */
export interface TlsOptions {
  /** Makes the engine. */
  side: () => Side;
  /** Whether a stream that is cut off is taken for one that ended. */
  suppressRaggedEofs: boolean;
  clock: Clock;
}

/** A TLS connection. Before `start` it moves no data, and after `unwrap` it is the plain one. */
export class TlsTransport extends Forwarding implements SecureTransport {
  readonly #options: TlsOptions;
  readonly #waiters = new Waiters();
  /** The caller of the transport's receives. */
  readonly #reader: Caller & { turn: number } = { turn: 0, lends: false };
  #side: Side | null = null;
  /** Whether TLS has ended by `unwrap`. Until then no byte passes unencrypted, whatever becomes of the connection. */
  #plain = false;
  #outgoing: Outgoing | null = null;
  /** Why no more can be read, where that was found out ahead of the receive that tells it … */
  #readError: unknown = undefined;
  /** … and why no more can be sent. */
  #sendError: unknown = undefined;
  /** Whether the transport behind has ended. */
  #ended = false;
  /** Whether this side was shut down for receiving … */
  #deaf = false;
  /** … or for sending, which the peer is told behind what was sent. */
  #mute = false;
  #finSent = false;
  /** After unwrap: what came behind the peer's close_notify. */
  #rest: Bytes = EMPTY;
  #references = 1;
  #closing = false;
  #linger: Timer | undefined;
  /** While a closed connection sends what was sent to it before. */
  #lingering: PromiseWithResolvers<void> | undefined;
  /** What is registered with the transport behind, and with which mask. */
  #registered: Waiter | null = null;
  #mask = 0;
  #waking = false;
  /** Two, since the registration of an epoll's interest alone keeps no process alive. */
  readonly #foreground: Waiter = { wake: () => this.#wake() };
  readonly #background: Waiter = { wake: () => this.#wake(), background: true };

  constructor(inner: Transport, options: TlsOptions) {
    super(inner);
    this.#options = options;
  }

  get facts(): Facts | null {
    return this.#side?.engine ?? null;
  }

  start(): void {
    const side = this.#options.side();
    this.#side = side;
    this.#outgoing = new Outgoing(this.inner, side.outgoing);
  }

  // The handshake, and the end of TLS

  handshake(): void | WouldBlock {
    const side = this.#tls("do_handshake");
    if (side.engine.established) return;
    if (!this.#drive(side, () => side.engine.handshake())) return WOULD_BLOCK;
    this.#flush();
  }

  unwrap(): void | WouldBlock {
    const side = this.#tls("unwrap");
    if (!side.engine.established) throw errorFor("ENOTCONN", { syscall: "unwrap" });
    if (!this.#drive(side, () => side.engine.shutdown()) || !this.#flush()) return WOULD_BLOCK;
    this.#rest = side.incoming.read();
    this.#leaveTls(side);
    this.#plain = true;
    this.#register();
  }

  /** The connection behind, for data that is not TLS's. */
  #plainly(syscall: string): Transport {
    if (this.#side !== null) throw new RangeError(`${syscall} not allowed on instances of SSLSocket`);
    if (!this.#plain) throw errorFor("ENOTCONN", { syscall });
    return this.inner;
  }

  #tls(syscall: string): Side {
    if (this.#side === null) throw errorFor("ENOTCONN", { syscall });
    return this.#side;
  }

  #leaveTls(side: Side): void {
    side.engine.free();
    this.#side = this.#outgoing = null;
  }

  /** Repeats a step of the engine with more and more ciphertext. Returns whether it is done; else there is no more now. */
  #drive(side: Side, step: () => boolean): boolean {
    for (;;) {
      try {
        if (step()) return true;
      } finally {
        // The peer's answer, or the alert that tells it why there is none.
        this.#flush();
      }
      if (!this.#pull(side)) return false;
    }
  }

  /** Takes ciphertext from the transport behind. Returns whether there was any, or the end of it. */
  #pull(side: Side): boolean {
    if (this.#ended) return false;
    const count = this.inner.recvInto(this.#reader, ciphertext, 0);
    if (count === WOULD_BLOCK) return false;
    this.#reader.turn++;
    if (count === 0) {
      this.#ended = true;
      side.incoming.write_eof();
    } else side.incoming.write(ciphertext.subarray(0, count));
    return true;
  }

  /** Sends ciphertext. Returns whether all of it is gone, or can never go. */
  #flush(): boolean {
    const outgoing = this.#outgoing;
    if (outgoing === null) return true;
    try {
      if (!outgoing.flush()) {
        this.#register();
        return false;
      }
    } catch (error) {
      // The next send tells it. What the peer has sent before can still be received.
      outgoing.abandon();
      this.#sendError ??= error;
    }
    if (this.#mute && !this.#finSent) this.#sendFin();
    return true;
  }

  // Receiving

  override recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    if (this.#side === null && this.#rest.length === 0) return this.#plainly("recv").recv(caller, size, flags);
    const count = this.recvInto(caller, plaintext.subarray(0, Math.min(size, CHUNK)), flags);
    return count === WOULD_BLOCK ? WOULD_BLOCK : plaintext.slice(0, count);
  }

  override recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    if (this.#side !== null) {
      checkFlags("recv", flags);
      return this.#read(this.#side, view);
    }
    if (this.#rest.length === 0) return this.#plainly("recv_into").recvInto(caller, view, flags);
    const bytes = this.#rest.subarray(0, view.length);
    view.set(bytes);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes.length;
  }

  override recvFrom(caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    this.#plainly("recvfrom");
    const bytes = this.recv(caller, size, flags);
    return bytes === WOULD_BLOCK ? WOULD_BLOCK : [bytes, null];
  }

  override recvFromInto(caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    this.#plainly("recvfrom_into");
    const count = this.recvInto(caller, view, flags);
    return count === WOULD_BLOCK ? WOULD_BLOCK : [count, null];
  }

  override recvMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillarySize: number,
    flags: number,
  ): Received | WouldBlock {
    const inner = this.#plainly("recvmsg");
    if (this.#rest.length === 0) return inner.recvMessage(caller, views, ancillarySize, flags);
    const length = this.recvInto(caller, views[0] ?? EMPTY, flags) as number;
    return { length, ancillary: [], flags: 0, address: null };
  }

  /** Decrypts into a view, record by record, until it is full or no more is there. */
  #read(side: Side, view: Uint8Array): number | WouldBlock {
    if (view.length === 0) return 0;
    if (this.handshake() === WOULD_BLOCK) return WOULD_BLOCK;
    let filled = 0;
    while (filled < view.length) {
      const count = this.#decrypt(side, filled === 0 ? view : view.subarray(filled), filled === 0);
      if (count === 0) break;
      if (count !== NEEDS_DATA) filled += count;
      else if (filled > 0) break;
      else if (!this.#pull(side)) {
        this.#flush();
        return WOULD_BLOCK;
      }
    }
    // A key update is answered.
    this.#flush();
    return filled;
  }

  /** One record. An error behind data is kept for the next receive. */
  #decrypt(side: Side, view: Uint8Array, first: boolean): number {
    if (this.#readError === undefined) {
      try {
        return side.engine.read(view);
      } catch (error) {
        this.#readError = error;
        this.#flush();
      }
    }
    if (!first || this.#isQuietEnd(this.#readError)) return 0;
    throw this.#readError;
  }

  /** Whether a stream that was cut off is taken for one that ended. */
  #isQuietEnd(error: unknown): boolean {
    return error instanceof SSLEOFError && (this.#options.suppressRaggedEofs || this.#deaf);
  }

  // Sending

  override send(caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    const side = this.#side;
    if (side === null) return this.#plainly("send").send(caller, data, flags);
    checkFlags("send", flags);
    if (this.#mute) throw errorFor("EPIPE", { syscall: "send" });
    if (this.handshake() === WOULD_BLOCK || !this.#flush()) return WOULD_BLOCK;
    if (this.#sendError !== undefined) throw this.#sendError;
    let sent = 0;
    while (sent < data.length) {
      const count = side.engine.write(data.subarray(sent, sent + MOST_UNSENT));
      // Only a renegotiation would wait here, and there is none.
      if (count === NEEDS_DATA) break;
      sent += count;
      if (!this.#flush()) break;
    }
    return sent > 0 || data.length === 0 ? sent : WOULD_BLOCK;
  }

  override sendTo(caller: Caller, data: Uint8Array, flags: number, address: Address): number | WouldBlock {
    return this.#plainly("sendto").sendTo(caller, data, flags, address);
  }

  override sendMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    address: Address | null,
  ): number | WouldBlock {
    return this.#plainly("sendmsg").sendMessage(caller, views, ancillary, flags, address);
  }

  override forget(caller: Caller): void {
    // An engine's answers are never late.
    if (this.#side === null) this.inner.forget(caller);
  }

  override shutdown(how: number): void | Promise<void> {
    const side = this.#side;
    if (side === null || (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR)) return this.inner.shutdown(how);
    if (how !== SHUT_RD && !this.#mute) {
      this.#mute = true;
      side.engine.closeNotify();
      this.#flush();
    }
    if (how === SHUT_WR) return;
    this.#deaf = true;
    return this.inner.shutdown(SHUT_RD);
  }

  #sendFin(): void {
    this.#finSent = true;
    Promise.try(() => this.inner.shutdown(SHUT_WR)).catch(() => {
      // The peer has closed the connection already.
    });
  }

  blockingError(mask: number): Error {
    if (this.#side === null) return this.inner.blockingError?.(mask) ?? errorFor("EAGAIN");
    return this.#outgoing!.empty ? wantReadError() : wantWriteError();
  }

  // Waiting

  override events(mask: number): number {
    const side = this.#side;
    if (side === null) return this.inner.events(mask) | (this.#rest.length > 0 ? POLLIN : 0);
    // Whatever the handshake waits for.
    if (!side.engine.established) return this.inner.events(mask);
    let events = this.inner.events(mask) & (POLLERR | POLLHUP);
    if ((mask & (POLLIN | POLLRDHUP)) !== 0 && this.#readable(side)) {
      events |= POLLIN;
      if (side.engine.pending() === 0) events |= POLLRDHUP;
    }
    if (this.#mute || this.#flush()) events |= POLLOUT;
    return events;
  }

  /** Whether a receive would bring something. Takes ciphertext for that, until there is plaintext. */
  #readable(side: Side): boolean {
    try {
      while (this.#readError === undefined && !side.engine.readable()) if (!this.#pull(side)) return false;
    } catch (error) {
      this.#readError = error;
    }
    return true;
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

  /** News of the transport behind may be news of any kind: a record may be data, an end, or part of the handshake. */
  #wake(): void {
    this.#unregister();
    this.#waking = true;
    try {
      const flushed = this.#flush();
      if (this.#closing) return flushed ? this.#finish() : undefined;
      this.#waiters.wake(~0);
    } finally {
      this.#waking = false;
      this.#register();
    }
  }

  /** Registers with the transport behind for what is waited for here. */
  #register(): void {
    if (this.#waking) return;
    const unsent = this.#outgoing !== null && !this.#outgoing.empty;
    if (!unsent && !this.#waiters.has(~0)) return this.#unregister();
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
    const side = this.#side;
    if (side === null) return this.#finish();
    this.#closing = true;
    if (side.engine.established && this.#sendError === undefined) side.engine.closeNotify();
    if (this.#flush()) this.#finish();
    else {
      this.#lingering = Promise.withResolvers();
      this.#linger = this.#boundLinger();
    }
    this.#waiters.wake(~0);
  }

  override get released(): Promise<unknown> | undefined {
    return this.#lingering?.promise.then(() => this.inner.released) ?? this.inner.released;
  }

  #boundLinger(): Timer {
    const { clock } = this.#options;
    const timer = clock.setTimeout(() => this.#finish(), LONGEST_LINGER);
    clock.hold(timer, false);
    return timer;
  }

  #finish(): void {
    this.#options.clock.clearTimeout(this.#linger);
    this.#unregister();
    if (this.#side !== null) {
      this.#takeLast();
      this.#outgoing!.abandon();
      this.#leaveTls(this.#side);
    }
    this.inner.close();
    this.#lingering?.resolve();
  }

  /** A kernel that finds unread bytes at a close resets the connection, and drops what is under way to the peer. */
  #takeLast(): void {
    try {
      for (let chunk = 0; chunk < LAST_CHUNKS; chunk++) {
        const count = this.inner.recvInto(this.#reader, ciphertext, 0);
        if (count === WOULD_BLOCK || count === 0) return;
        this.#reader.turn++;
      }
    } catch {
      // Reset already.
    }
  }
}

/** As in Python there are no flags but those that change nothing of the data. */
function checkFlags(call: string, flags: number): void {
  if ((flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) === 0) return;
  throw new RangeError(`non-zero flags not allowed in calls to ${call}() on SSLSocket`);
}
