// One bound Deno.DatagramConn: the datagram that has arrived, and the send that is under way.
//
// The receive queue is the kernel's, and so are its limit and the dropping. At most one datagram is taken out of it before
// a receive, and only while something waits. (Linux's default limit is 212,992 bytes. A datagram counts with its overhead:
// 768 bytes for a payload of up to 192. So 277 of those fit for UDP, and 11 datagrams for AF_UNIX.) This process holds at
// most two datagrams of a socket: 2 * 65,535 bytes, or 2 * 425,984 bytes for AF_UNIX.

import type { Address } from "../base/addresses.ts";
import type { Bytes } from "../base/data.ts";
import { POLLERR, POLLIN, POLLOUT } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, WouldBlock } from "../seam/transport.ts";
import type { Waiters } from "../seam/waiters.ts";
import { fromDeno } from "./errors.ts";
import { Interrupter } from "./unix_datagrams.ts";
import { PendingSend } from "./pending_send.ts";
import { copyToSend, reuse } from "./send_memory.ts";
import { beginOperation, endOperation, eventLoopTurns, Reference } from "./event_loop.ts";

/** The largest size of a UDP datagram. */
const LONGEST_UDP = 65535;
/**
 * The size of a Unix datagram is limited by its sender's buffer. With Linux's defaults it is 212,960 bytes, and with SO_SNDBUF
 * 425,952 bytes at most. A longer one, which needs a larger net.core.wmem_max, is cut.
 */
const LONGEST_UNIX = 425984;

/** The largest payload that is valid over both IPv4 and IPv6. */
const VALID_UDP = 65507;

/**
 * How many times at most a non-blocking send waits for the event loop until it begins. The limit is for the case that a
 * receive under way never ends.
 */
const MOST_ROUNDS = 1000;

/** How long a receive of a Unix socket runs before a pause, and how long the pause is, in milliseconds. */
const UNTIL_PAUSE = 50, PAUSE = 0;

/** A datagram that arrived and was not received yet. Its data lies in shared memory until `take`. */
export type Arrival = [data: Bytes, from: Deno.Addr];

/** A datagram that is to be sent. */
class PendingDatagram extends PendingSend {
  readonly to: Deno.Addr;
  readonly address: Address;
  /** Whether the datagram was passed to Deno. */
  started = false;

  constructor(caller: Caller | null, bytes: Uint8Array, to: Deno.Addr, address: Address) {
    super(caller, bytes);
    this.to = to;
    this.address = address;
  }
}

/** A bound datagram socket. */
export class BoundConn {
  /** Deno's socket, for its address and options. */
  readonly conn: Deno.DatagramConn;
  /** Whether receives under way keep the process alive. It has an effect on UDP only; for Unix sockets see `#planPause`. */
  readonly #reference: Reference;
  #referenced: boolean;
  readonly #waiters: Waiters;
  readonly #accepts: (from: Deno.Addr) => boolean;
  /** Ends a receive under way; null for UDP, which needs no interrupter. */
  readonly #interrupter: Interrupter | null;

  // One buffer for all receives: Deno receives 198,000 datagrams per second with it, and 60,000 with a new one for each.
  #buffer: Bytes | null = null;
  #receiving = false;
  /** The number of the receive under way. */
  #operation = 0;
  /** The timer until the next pause, or until its end. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the receive under way is being ended for a pause. */
  #pauses = false;
  /** The receive under way, or the last one. */
  #underWay: Promise<unknown> | undefined;
  #arrival: Arrival | null = null;
  /** The send under way. */
  #pending: PendingDatagram | null = null;
  /** A send that has ended and whose caller has not taken the outcome yet. */
  #endedSend: PendingDatagram | null = null;
  /** Where the last datagram went; null after an error. */
  #lastDestination: Deno.NetAddr | null = null;
  /** The number of options that are being set. No datagram is sent meanwhile. */
  #pendingOptions = 0;
  #error: Error | null = null;
  #closed = false;

  /** Takes over a bound socket. Datagrams for which `accepts` returns false are dropped. */
  constructor(
    conn: Deno.DatagramConn,
    waiters: Waiters,
    referenced: boolean,
    accepts: (from: Deno.Addr) => boolean,
  ) {
    this.conn = conn;
    this.#referenced = referenced;
    this.#reference = new Reference(conn as Deno.DatagramConn & { ref(): void; unref(): void }, referenced);
    this.#waiters = waiters;
    this.#accepts = accepts;
    this.#interrupter = conn.addr.transport === "unixpacket" ? new Interrupter(conn.addr) : null;
  }

  /** Set by ref() and unref(). */
  set referenced(referenced: boolean) {
    this.#referenced = referenced;
    this.#reference.referenced = referenced;
    this.#planPause();
  }

  /** Takes the pending error, as reading SO_ERROR does. */
  takeError(): Error | null {
    const error = this.#error;
    this.#error = null;
    // No receive was started while the error was pending.
    if (error !== null && this.#waiters.has(POLLIN)) this.receiveAhead();
    return error;
  }

  /** Stores an error for the next call, as the kernel does with an error that it learns late. */
  fail(error: Error): void {
    this.#error = error;
    this.#waiters.wake(POLLIN | POLLOUT | POLLERR);
  }

  // Receiving.

  /** Returns the oldest datagram, which stays until `take`. Throws the pending error. */
  look(): Arrival | WouldBlock {
    if (this.#error !== null) throw this.takeError();
    return this.#arrival ?? WOULD_BLOCK;
  }

  /** Drops the oldest datagram, which has been received. */
  take(): void {
    this.#arrival = null;
    // For waiters that stay registered, as epoll's do.
    if (this.#waiters.has(POLLIN)) this.receiveAhead();
  }

  /** Starts a receive if something waits for a datagram and no receive is under way. */
  receiveAhead(): void {
    this.#reference.parked = !this.#waiters.keepAlive(POLLIN);
    if (!this.#receiving && this.#arrival === null && this.#error === null && !this.#closed && !this.#isSending()) {
      this.#buffer ??= new Uint8Array(this.#interrupter === null ? LONGEST_UDP : LONGEST_UNIX);
      this.#receiving = true;
      this.#operation = beginOperation();
      this.#pauses = false;
      this.#underWay = this.conn.receive(this.#buffer).then(this.#onReceive, this.#onReceiveFailure);
    }
    this.#planPause();
  }

  /** Whether a send is under way on a Unix socket, which excludes a receive: see unix_datagrams.ts. */
  #isSending(): boolean {
    return this.#interrupter !== null && this.#pending !== null && this.#pending.started;
  }

  readonly #onReceive = (arrival: Arrival): void => {
    endOperation(this.#operation);
    this.#receiving = false;
    const from = arrival[1];
    if (!this.#interrupter?.sent(from) && this.#accepts(from)) this.#arrival = arrival;
    this.#startSend();
    if (this.#arrival !== null) this.#waiters.wake(POLLIN);
    else if (this.#pauses && !this.#isWanted) this.#pause();
    else if (this.#waiters.has(POLLIN)) this.receiveAhead();
  };

  readonly #onReceiveFailure = (error: unknown): void => {
    endOperation(this.#operation);
    this.#receiving = false;
    if (this.#closed) return;
    this.fail(fromDeno(error, { syscall: "recvfrom" }));
    this.#startSend();
  };

  /** Called when a waiter was withdrawn. A receive under way that nothing waits for must not keep the process alive. */
  park(): void {
    if (!this.#receiving || this.#closed || this.#waiters.keepAlive(POLLIN)) return;
    if (this.#interrupter === null) this.#reference.parked = true;
    else if (!this.#waiters.has(POLLIN)) this.#interrupter.interruptIfAllowed();
    else this.#planPause();
  }

  // Pauses. Deno cannot unreference the receive of a Unix socket. So a receive that must not keep the process alive is ended
  // from time to time, and begun again from an unref'ed timer. If nothing else keeps the process alive, it ends meanwhile.

  /** Whether a waiter wants the process to stay alive for a receive. */
  get #isWanted(): boolean {
    return this.#referenced && this.#waiters.keepAlive(POLLIN);
  }

  /** Whether the receive under way must not keep the process alive, although something waits for it. */
  get #mustPause(): boolean {
    return this.#receiving && !this.#closed && !this.#isWanted && this.#waiters.has(POLLIN);
  }

  /** Ends the receive after a while if it must not keep the process alive. */
  #planPause(): void {
    if (this.#interrupter === null || this.#timer !== undefined || !this.#mustPause) return;
    this.#setTimer(UNTIL_PAUSE, () => {
      if (!this.#mustPause) return;
      this.#pauses = true;
      this.#interrupter!.interruptIfAllowed();
    });
  }

  /** Receives again in a moment. */
  #pause(): void {
    this.#setTimer(PAUSE, () => {
      if (this.#waiters.has(POLLIN)) this.receiveAhead();
    });
  }

  /** Sets the timer, which does not keep the process alive. */
  #setTimer(delay: number, task: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      task();
    }, delay);
    Deno.unrefTimer(this.#timer);
  }

  // Sending.

  /**
   * Sends one datagram, or returns the outcome of the send of the caller's current turn. Deno makes the system call at once
   * and returns its outcome two microtasks later, so errors are exact.
   *
   * If the last datagram went to the same UDP port, this one counts as sent at once. That makes an echo server a third
   * faster. If the send fails after all (when the network has just gone), the next call throws the error.
   */
  send(caller: Caller, data: Uint8Array, to: Deno.Addr, address: Address): number | WouldBlock {
    if (this.#endedSend !== null && this.#endedSend.isOf(caller)) return this.#outcome(this.#endedSend);
    if (this.#pending !== null) {
      // Deno does not have the datagram yet if a receive has to end first. The send waits, or is withdrawn with its call.
      if (!this.#pending.isOf(caller) || !this.#pending.started) return WOULD_BLOCK;
      // The receiver's queue is full. The send cannot be taken back, so it counts as sent and continues.
      const { length } = this.#pending;
      this.#pending.release();
      return length;
    }
    if (this.#error !== null) throw this.takeError();
    const counts = this.#pendingOptions === 0 && this.#isLastDestination(to) && data.length <= VALID_UDP;
    this.#pending = new PendingDatagram(
      counts ? null : caller,
      copyToSend(data, data.length),
      to,
      address,
    );
    this.#startSend();
    // The send has failed if the receive under way cannot be ended.
    if (this.#endedSend?.isOf(caller)) return this.#outcome(this.#endedSend);
    return counts ? data.length : WOULD_BLOCK;
  }

  #outcome(ended: PendingDatagram): number {
    this.#endedSend = null;
    if (ended.error !== null) throw ended.error;
    return ended.sent;
  }

  /** Whether the send of a caller's current turn is under way or has ended. */
  holds(caller: Caller): boolean {
    return this.#pending?.isOf(caller) || this.#endedSend?.isOf(caller) || false;
  }

  /** A caller gives up its send. A send that is under way continues. A datagram that Deno does not have yet is withdrawn. */
  forget(caller: Caller): void {
    const pending = this.#pending;
    if (pending?.isOf(caller)) {
      pending.release();
      if (!pending.started) {
        pending.end();
        this.#pending = null;
        // `close` waited for the send, if the socket was closed by its number.
        if (this.#closed) this.#release();
        this.#waiters.wake(POLLOUT);
      }
    }
    if (this.#endedSend?.isOf(caller)) this.#endedSend = null;
  }

  /** Whether the last datagram went to this UDP port. */
  #isLastDestination(to: Deno.Addr): boolean {
    const last = this.#lastDestination;
    return last !== null && last.port === (to as Deno.NetAddr).port && last.hostname === (to as Deno.NetAddr).hostname;
  }

  #startSend(): void {
    const pending = this.#pending;
    if (pending === null || pending.started || this.#pendingOptions > 0) return;
    if (this.#interrupter !== null && this.#receiving) {
      return this.#interrupter.interrupt((error) => {
        if (pending === this.#pending && !pending.started) this.#onSendFailure(error);
      });
    }
    pending.started = true;
    this.conn.send(pending.rest, pending.to).then(this.#onSent, this.#onSendFailure);
  }

  readonly #onSent = (count: number): void => {
    const pending = this.#pending!;
    pending.sent = count;
    if (this.#interrupter === null) this.#lastDestination = pending.to as Deno.NetAddr;
    this.#endSend(pending);
  };

  readonly #onSendFailure = (error: unknown): void => {
    const pending = this.#pending!;
    this.#lastDestination = null;
    pending.error = fromDeno(error, { syscall: "sendto", address: pending.address });
    this.#endSend(pending);
  };

  #endSend(pending: PendingDatagram): void {
    reuse(pending.end());
    this.#pending = null;
    if (this.#interrupter !== null && this.#waiters.has(POLLIN)) this.receiveAhead();
    if (this.#closed) return this.#release();
    if (pending.awaited) this.#endedSend = pending;
    else if (pending.error !== null) return this.fail(pending.error);
    this.#waiters.wake(POLLOUT);
  }

  /** Holds back all datagrams until an option has been set by Deno. */
  async holdSends(task: Promise<unknown>): Promise<void> {
    this.#pendingOptions++;
    try {
      await task;
    } catch (error) {
      if (!this.#closed) this.fail(fromDeno(error, { syscall: "setsockopt" }));
    } finally {
      this.#pendingOptions--;
      this.#startSend();
    }
  }

  // Readiness.

  /** Returns the events that hold now. */
  events(): number {
    let events = 0;
    if (this.#arrival !== null) events |= POLLIN;
    if (this.#pending === null) events |= POLLOUT;
    if (this.#error !== null) events |= POLLIN | POLLERR;
    return events;
  }

  /** Brings the state up to date with the kernel: the outcome of a send, and whether a datagram has arrived. */
  async settle(mask: number): Promise<void> {
    const pending = this.#pending;
    if ((mask & POLLOUT) !== 0 && pending !== null) {
      // The receive that prevents the send is ended by a datagram to this socket, so it ends soon.
      const hasStarted = () => pending.started || pending.ended;
      for (let left = MOST_ROUNDS; left > 0 && !hasStarted(); left--) await eventLoopTurns(hasStarted);
      await eventLoopTurns(() => pending.ended);
    }
    if ((mask & ~POLLOUT) === 0) return;
    for (;;) {
      this.receiveAhead();
      if (!this.#receiving) return;
      await eventLoopTurns(() => !this.#receiving);
      if (this.#receiving) return this.park();
    }
  }

  /** Settles when the address of the closed socket is free. Undefined if it is free at once. */
  get released(): Promise<unknown> | undefined {
    return this.#receiving ? this.#underWay : undefined;
  }

  /** Closes after the datagram that is being sent. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#receiving) this.#reference.hold();
    if (this.#pending === null || this.#pending.started) this.#release();
  }

  #release(): void {
    this.#interrupter?.close();
    try {
      this.conn.close();
    } catch {
      // It is closed already: this runs again if a send was still under way at the close.
    }
  }
}
