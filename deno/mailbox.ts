// One bound Deno.DatagramConn: what has arrived at it, and what is on its way out.
//
// The receive queue is the kernel's, with the kernel's bound and the kernel's dropping: at most one datagram is
// taken out of it before it is asked for, and only while something waits. (Linux by default: 212,992 bytes, where
// a datagram counts with its overhead, 768 bytes for one of up to 192: 277 of those for UDP, and 11 datagrams for
// AF_UNIX.) So two datagrams are the most that a socket holds in this process: 2 * 65,535 bytes, 2 * 262,144 of AF_UNIX.

import type { Address } from "../base/addresses.ts";
import type { Bytes } from "../base/data.ts";
import { POLLERR, POLLIN, POLLOUT } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, WouldBlock } from "../seam/transport.ts";
import type { Waiters } from "../seam/waiters.ts";
import { fromDeno } from "./errors.ts";
import { Interrupter } from "./unix_datagrams.ts";
import { PendingSend } from "./pending_send.ts";
import { SendMemory } from "./send_memory.ts";
import { Reference, turns } from "./event_loop.ts";

/** No UDP datagram is longer. */
const LONGEST_UDP = 65535;
/** A Unix datagram is bounded by its sender's buffer: 212,960 bytes where nothing changed Linux's defaults. */
const LONGEST_UNIX = 262144;

/** The largest payload that is valid over both IPv4 and IPv6. */
const VALID_UDP = 65507;

/** For how many rounds of turns a send that may not wait is given the time to begin: a bound, for what never ends. */
const MOST_ROUNDS = 1000;

/** A datagram that arrived and was not taken yet, as Deno tells it. Its data is lent until it is taken. */
export type Arrival = [data: Bytes, from: Deno.Addr];

/** A datagram on its way out. */
class PendingDatagram extends PendingSend {
  readonly to: Deno.Addr;
  readonly address: Address;
  /** Whether Deno has it. */
  launched = false;

  constructor(caller: Caller | null, bytes: Uint8Array, to: Deno.Addr, address: Address) {
    super(caller, bytes, false);
    this.to = to;
    this.address = address;
  }
}

/** A bound datagram socket. */
export class Mailbox {
  /** Deno's socket, for its address and options. */
  readonly conn: Deno.DatagramConn;
  /** Whether receives under way keep the process alive. */
  readonly reference: Reference;
  readonly #waiters: Waiters;
  readonly #accepts: (from: Deno.Addr) => boolean;
  /** Unix sockets alone have one. */
  readonly #interrupter: Interrupter | null;

  // One buffer for all receives: Deno serves 198,000 datagrams per second with one, 60,000 without.
  #buffer: Bytes | null = null;
  #receiving = false;
  /** The receive under way, or the last one. */
  #underWay: Promise<unknown> | undefined;
  #arrival: Arrival | null = null;
  readonly #memory = new SendMemory();
  /** The send under way. */
  #pending: PendingDatagram | null = null;
  /** A send that has ended, until its caller has the outcome. */
  #landed: PendingDatagram | null = null;
  /** The port that the last datagram went out to. */
  #reached: Deno.NetAddr | null = null;
  /** How many options are being set that no datagram may overtake. */
  #held = 0;
  #error: Error | null = null;
  #closed = false;

  /** Takes over a bound socket. Arrivals that `accepts` does not want are dropped. */
  constructor(
    conn: Deno.DatagramConn,
    waiters: Waiters,
    referenced: boolean,
    accepts: (from: Deno.Addr) => boolean,
  ) {
    this.conn = conn;
    this.reference = new Reference(conn as Deno.DatagramConn & { ref(): void; unref(): void }, referenced);
    this.#waiters = waiters;
    this.#accepts = accepts;
    this.#interrupter = conn.addr.transport === "unixpacket" ? new Interrupter(conn.addr) : null;
  }

  /** Takes the pending error, as reading SO_ERROR does. */
  takeError(): Error | null {
    const error = this.#error;
    this.#error = null;
    // It stood before what comes.
    if (error !== null && this.#waiters.wait(POLLIN)) this.receiveAhead();
    return error;
  }

  /** Leaves an error for the next call, as the kernel does with what it learns late. */
  fail(error: Error): void {
    this.#error = error;
    this.#waiters.wake(POLLIN | POLLOUT | POLLERR);
  }

  // Receiving.

  /** The oldest datagram, which stays until `take`. */
  look(): Arrival | WouldBlock {
    if (this.#error !== null) throw this.takeError();
    return this.#arrival ?? WOULD_BLOCK;
  }

  /** Takes the oldest datagram. */
  take(): void {
    this.#arrival = null;
    // For a waiter that stays registered over a receive, as epoll's does.
    if (this.#waiters.wait(POLLIN)) this.receiveAhead();
  }

  /** Starts a receive if one is wanted and none is under way. */
  receiveAhead(): void {
    if (this.#receiving) this.reference.parked = !this.#waiters.hold(POLLIN);
    else if (this.#arrival === null && this.#error === null && !this.#closed && !this.#isLent()) {
      this.reference.parked = !this.#waiters.hold(POLLIN);
      this.#buffer ??= new Uint8Array(this.#interrupter === null ? LONGEST_UDP : LONGEST_UNIX);
      this.#receiving = true;
      this.#underWay = this.conn.receive(this.#buffer).then(this.#onReceive, this.#onReceiveFailure);
    }
  }

  /** Whether a send has Deno's socket to itself: see unix_datagrams.ts. */
  #isLent(): boolean {
    return this.#interrupter !== null && this.#pending !== null && this.#pending.launched;
  }

  readonly #onReceive = (arrival: Arrival): void => {
    this.#receiving = false;
    const from = arrival[1];
    if (!this.#interrupter?.sent(from) && this.#accepts(from)) this.#arrival = arrival;
    this.#launch();
    if (this.#arrival !== null) this.#waiters.wake(POLLIN);
    else if (this.#waiters.wait(POLLIN)) this.receiveAhead();
  };

  readonly #onReceiveFailure = (error: unknown): void => {
    this.#receiving = false;
    if (this.#closed) return;
    this.fail(fromDeno(error, { syscall: "recvfrom" }));
    this.#launch();
  };

  /** A waiter left: a receive under way that nothing waits for must not keep the process alive. */
  park(): void {
    if (!this.#receiving || this.#closed || this.#waiters.hold(POLLIN)) return;
    if (this.#interrupter === null) this.reference.parked = true;
    else if (!this.#waiters.wait(POLLIN)) this.#interrupter.interruptIfAllowed();
  }

  // Sending.

  /**
   * Sends one datagram, or tells what became of the one of the caller's current turn. Deno makes the system call at once
   * and tells its outcome two microtasks later. So errors are exact, as the kernel's are.
   *
   * Where the last datagram went out to the same UDP port, this one counts as sent at once, which makes an echo
   * server a third faster; should it fail after all (the network has just gone), the next call tells it.
   */
  send(caller: Caller, data: Uint8Array, to: Deno.Addr, address: Address): number | WouldBlock {
    if (this.#landed !== null && this.#landed.isOf(caller)) return this.#outcome(this.#landed);
    if (this.#pending !== null) {
      // Deno does not have it yet where a receive has to end first: it waits on, or is withdrawn with its call.
      if (!this.#pending.isOf(caller) || !this.#pending.launched) return WOULD_BLOCK;
      // Still under way (the receiver's queue is full), and not to be taken back: it counts as sent, and is seen through.
      const { length } = this.#pending;
      this.#pending.release();
      return length;
    }
    if (this.#error !== null) throw this.takeError();
    const counts = this.#held === 0 && this.#isReached(to) && data.length <= VALID_UDP;
    this.#pending = new PendingDatagram(
      counts ? null : caller,
      this.#memory.copy(data, data.length),
      to,
      address,
    );
    this.#launch();
    return counts ? data.length : WOULD_BLOCK;
  }

  #outcome(landed: PendingDatagram): number {
    this.#landed = null;
    if (landed.error !== null) throw landed.error;
    return landed.sent;
  }

  /** Whether it has the send of a caller's current turn. */
  holds(caller: Caller): boolean {
    return this.#pending?.isOf(caller) || this.#landed?.isOf(caller) || false;
  }

  /** A caller gives up its send. What is under way is seen through, and what Deno does not have yet is withdrawn. */
  forget(caller: Caller): void {
    const pending = this.#pending;
    if (pending?.isOf(caller)) {
      pending.release();
      if (!pending.launched) {
        pending.land();
        this.#pending = null;
        this.#waiters.wake(POLLOUT);
      }
    }
    if (this.#landed?.isOf(caller)) this.#landed = null;
  }

  /** Whether the last datagram went out to a UDP port. */
  #isReached(to: Deno.Addr): boolean {
    const last = this.#reached;
    return last !== null && last.port === (to as Deno.NetAddr).port && last.hostname === (to as Deno.NetAddr).hostname;
  }

  #launch(): void {
    const pending = this.#pending;
    if (pending === null || pending.launched || this.#held > 0) return;
    if (this.#interrupter !== null && this.#receiving) {
      return this.#interrupter.interrupt((error) => {
        if (pending === this.#pending && !pending.launched) this.#onSendFailure(error);
      });
    }
    pending.launched = true;
    this.conn.send(pending.rest, pending.to).then(this.#onSent, this.#onSendFailure);
  }

  readonly #onSent = (count: number): void => {
    const pending = this.#pending!;
    pending.sent = count;
    if (this.#interrupter === null) this.#reached = pending.to as Deno.NetAddr;
    this.#land(pending);
  };

  readonly #onSendFailure = (error: unknown): void => {
    const pending = this.#pending!;
    this.#reached = null;
    pending.error = fromDeno(error, { syscall: "sendto", address: pending.address });
    this.#land(pending);
  };

  #land(pending: PendingDatagram): void {
    this.#memory.giveBack(pending.land());
    this.#pending = null;
    if (this.#interrupter !== null && this.#waiters.wait(POLLIN)) this.receiveAhead();
    if (this.#closed) return this.#release();
    if (pending.awaited) this.#landed = pending;
    else if (pending.error !== null) return this.fail(pending.error);
    this.#waiters.wake(POLLOUT);
  }

  /** Lets no datagram out before an option that is told to Deno has taken effect. */
  async hold(task: Promise<unknown>): Promise<void> {
    this.#held++;
    try {
      await task;
    } catch (error) {
      if (!this.#closed) this.fail(fromDeno(error, { syscall: "setsockopt" }));
    } finally {
      this.#held--;
      this.#launch();
    }
  }

  // The state as a whole.

  /** The level of every event. */
  events(): number {
    let events = 0;
    if (this.#arrival !== null) events |= POLLIN;
    if (this.#pending === null) events |= POLLOUT;
    if (this.#error !== null) events |= POLLIN | POLLERR;
    return events;
  }

  /** Learns what the kernel knows: the outcome of a send, and whether a datagram waits. */
  async settle(mask: number): Promise<void> {
    const pending = this.#pending;
    if ((mask & POLLOUT) !== 0 && pending !== null) {
      // The receive that is in the way ends by a datagram to this very socket, so it ends soon.
      const isLaunched = () => pending.launched || pending.landed;
      for (let left = MOST_ROUNDS; left > 0 && !isLaunched(); left--) await turns(isLaunched);
      await turns(() => pending.landed);
    }
    if ((mask & ~POLLOUT) === 0) return;
    for (;;) {
      this.receiveAhead();
      if (!this.#receiving) return;
      await turns(() => !this.#receiving);
      if (this.#receiving) return this.park();
    }
  }

  /** Settles when the closed socket's address is free; undefined where it is at once. */
  get released(): Promise<unknown> | undefined {
    return this.#receiving ? this.#underWay : undefined;
  }

  /** Closes behind what was sent. */
  close(): void {
    this.#closed = true;
    if (this.#receiving) this.reference.hold();
    if (this.#pending === null || this.#pending.launched) this.#release();
  }

  #release(): void {
    this.#interrupter?.close();
    try {
      this.conn.close();
    } catch {
      // Closed already: a send that outlived the socket landed.
    }
  }
}
