// One bound Deno.DatagramConn: what has arrived at it, and what is on its way out.
//
// The receive queue is the kernel's, with the kernel's bound and the kernel's dropping: at most one datagram is
// taken out of it before it is asked for, and only while somebody waits. (Linux by default: 212,992 bytes, where
// a datagram counts with its overhead, 768 bytes for one of up to 192: 277 of those for UDP, and 11 datagrams for
// AF_UNIX.) So two datagrams are the most that a socket holds in this process: 2 * 65,535 bytes, 2 * 262,144 of AF_UNIX.

import type { Address } from "../base/addresses.ts";
import type { Bytes } from "../base/data.ts";
import { POLLERR, POLLIN, POLLOUT } from "../base/poll.ts";
import { WOULD_BLOCK } from "../transport.ts";
import type { Led, WouldBlock } from "../transport.ts";
import { fromDeno } from "./errors.ts";
import { Knock, Nudge } from "./nudge.ts";
import { Reference } from "./reference.ts";
import { turns } from "./turns.ts";
import type { Waiters } from "./waiters.ts";

/** No UDP datagram is longer. */
const LONGEST_UDP = 65535;
/** A Unix datagram is bounded by its sender's buffer: 212,960 bytes where nobody changed Linux's defaults. */
const LONGEST_UNIX = 262144;

/** Most datagrams fit into the room of a network's packet. */
const SMALLEST_BUFFER = 2048;
/** So long a datagram fits into UDP over IPv4 and IPv6. */
const SURE_UDP = 65507;

/** A datagram that arrived and was not taken yet, as Deno tells it. Its data is lent until it is taken. */
export type Arrival = [data: Bytes, from: Deno.Addr];

/** A send under way, or ended and not yet asked about. */
interface Flight {
  /** The caller's own object, by which it is known when it comes back for the outcome. Null: it has it. */
  data: Uint8Array | null;
  /** What Deno sends: a copy, so that the caller may give up or reuse its data. */
  copy: Uint8Array<ArrayBuffer>;
  to: Deno.Addr;
  address: Address;
  launched: boolean;
  landed: boolean;
  error: Error | null;
}

/** A bound datagram socket. */
export class Mailbox {
  /** Deno's socket, for its address and options. */
  readonly conn: Deno.DatagramConn;
  /** Whether receives under way keep the process alive. */
  readonly reference: Reference;
  readonly #waiters: Waiters;
  readonly #accepts: (from: Deno.Addr) => boolean;
  readonly #nudge: Nudge | null;

  // One buffer for all receives: Deno serves 198,000 datagrams per second with one, 60,000 without.
  #buffer: Uint8Array<ArrayBuffer> | null = null;
  #outgoing: Bytes = new Uint8Array(0);
  /** Its beginning, as long as the last datagram: the next one is often as long. */
  #copied: Bytes = this.#outgoing;
  #receiving = false;
  /** The receive under way, or the last one. */
  #underWay: Promise<unknown> | undefined;
  /** The call that the receive under way is led for, and whose it is. */
  #attempt: (() => unknown) | null = null;
  #led: Led | null = null;
  #knock: Knock | null = null;
  #arrival: Arrival | null = null;
  #flight: Flight | null = null;
  #reached: Deno.Addr | null = null;
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
    this.#nudge = conn.addr.transport === "unixpacket" ? new Nudge(conn.addr) : null;
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
    // For whoever stays registered over a receive, as epoll does.
    if (this.#waiters.wait(POLLIN)) this.receiveAhead();
  }

  /** Starts a receive if one is wanted and none is under way. */
  receiveAhead(): void {
    if (this.#receiving) this.reference.parked = !this.#holds();
    else if (this.#arrival === null && this.#error === null && !this.#closed && !this.#lent()) {
      this.reference.parked = !this.#holds();
      this.#underWay = this.#receive().then(this.#onReceive, this.#onReceiveFailure);
    }
  }

  #receive(): Promise<Arrival> {
    this.#buffer ??= new Uint8Array(this.#nudge === null ? LONGEST_UDP : LONGEST_UNIX);
    this.#receiving = true;
    return this.conn.receive(this.#buffer);
  }

  /** Whether somebody waits whose waiting keeps the process alive. */
  #holds(): boolean {
    return this.#led !== null || this.#waiters.hold(POLLIN);
  }

  /**
   * Receives for one call that nobody gives up: its promise is made of Deno's own, which gains 2 to 3 % of a
   * UDP echo. Not for Unix sockets, where a send may have to end the receive.
   *
   * That promise cannot be rejected. Closing the socket ends the receive; so that detach ends it too, and closing one of
   * several duplicates, the socket knocks at its own door.
   */
  lead<T>(attempt: () => T | WouldBlock, led: Led): Promise<T> | undefined {
    if (this.#receiving || this.#error !== null || this.#closed) return undefined;
    this.#attempt = attempt;
    this.#led = led;
    this.reference.parked = false;
    return this.#receive().then(this.#onLed, this.#onLedFailure) as Promise<T>;
  }

  readonly #onLed = (arrival: Arrival): unknown => {
    this.#receiving = false;
    return this.#isNews(arrival) ? this.#retry() : this.#passOver();
  };

  /** Waits on for the led call. A loop: with a chain of promises each datagram of a stranger's would cost memory. */
  async #passOver(): Promise<unknown> {
    for (;;) {
      try {
        const arrival = await this.#receive();
        this.#receiving = false;
        if (this.#isNews(arrival)) break;
      } catch (error) {
        return this.#onLedFailure(error);
      }
    }
    return this.#retry();
  }

  /** Whether a led call has its news by it: a datagram to take, or a knock. */
  #isNews(arrival: Arrival): boolean {
    if (!this.#wants(arrival)) return this.#knock?.arrived(arrival[0]) === true;
    this.#arrival = arrival;
    return true;
  }

  readonly #onLedFailure = (error: unknown): unknown => {
    this.#receiving = false;
    if (!this.#closed) this.#error = fromDeno(error, { syscall: "recvfrom" });
    return this.#retry();
  };

  #retry(): unknown {
    const attempt = this.#attempt!;
    const led = this.#led!;
    this.#attempt = this.#led = null;
    try {
      return led.retry(attempt);
    } finally {
      // Who came later has its turn, or what this one left.
      if (this.#arrival !== null || this.#error !== null) this.#waiters.wake(POLLIN | POLLERR);
      else if (this.#waiters.wait(POLLIN)) this.receiveAhead();
    }
  }

  /** Whether a send has Deno's socket to itself: see nudge.ts. */
  #lent(): boolean {
    return this.#nudge !== null && this.#flight !== null && this.#flight.launched && !this.#flight.landed;
  }

  #wants([data, from]: Arrival): boolean {
    if (this.#nudge?.arrived(from) || this.#knock?.arrived(data)) return false;
    return this.#accepts(from);
  }

  readonly #onReceive = (arrival: Arrival): void => {
    this.#receiving = false;
    if (this.#wants(arrival)) this.#arrival = arrival;
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

  /** Somebody stopped waiting: a receive under way that nobody waits for must not keep the process alive. */
  park(): void {
    if (!this.#receiving || this.#closed) return;
    // In a moment: a socket that is being closed needs it no more.
    if (this.#led?.cancelled) queueMicrotask(this.#knockIfCancelled);
    if (this.#holds()) return;
    if (this.#nudge === null) this.reference.parked = true;
    else if (!this.#waiters.wait(POLLIN)) this.#nudge.sendIfAllowed();
  }

  readonly #knockIfCancelled = (): void => {
    if (this.#led?.cancelled) this.endLed();
  };

  /** Lets a led call try again at once, as if there were news. */
  endLed(): void {
    if (this.#led === null || this.#closed) return;
    (this.#knock ??= new Knock()).at(this.conn).catch(() => {
      // Its user allows no such datagram: the next one ends the call, and the process need not wait for that.
      if (this.#led !== null) this.reference.parked = true;
    });
  }

  // Sending.

  /**
   * Sends one datagram. Deno makes the system call at once and tells its outcome two microtasks later; the
   * same object again asks for it (see transport.ts). So errors are exact, as the kernel's are.
   *
   * Where the last datagram went out to the same UDP port, this one counts as sent at once, which makes an echo
   * server a third faster; should it fail after all (the network has just gone), the next call tells it.
   */
  send(data: Uint8Array, to: Deno.Addr, address: Address): number | WouldBlock {
    const flight = this.#flight;
    if (flight !== null) {
      if (flight.data === data) return this.#outcome(flight);
      if (!flight.landed) return WOULD_BLOCK;
    }
    if (this.#error !== null) throw this.takeError();
    const known = this.#held === 0 && this.#isKnown(to) && data.length <= SURE_UDP;
    const copy = this.#copy(data);
    this.#flight = { data: known ? null : data, copy, to, address, launched: false, landed: false, error: null };
    this.#launch();
    return known ? copy.length : WOULD_BLOCK;
  }

  /** By what the caller of the send under way is known. */
  get sending(): Uint8Array | null {
    return this.#flight === null ? null : this.#flight.data;
  }

  /** Copies into a buffer that all sends share, one after the other: twice as fast as memory of their own. */
  #copy(data: Uint8Array): Bytes {
    const { length } = data;
    if (this.#outgoing.length < length) this.#outgoing = new Uint8Array(Math.max(length, SMALLEST_BUFFER));
    if (this.#copied.length !== length) this.#copied = this.#outgoing.subarray(0, length);
    this.#copied.set(data);
    return this.#copied;
  }

  /** Whether the last datagram went out to a UDP port. */
  #isKnown(to: Deno.Addr): boolean {
    const last = this.#reached as Deno.NetAddr | null;
    return last !== null && last.port === (to as Deno.NetAddr).port && last.hostname === (to as Deno.NetAddr).hostname;
  }

  /**
   * The caller has come back. A send still under way (the receiver's queue is full) cannot be taken back: it
   * counts as sent, and is seen through.
   */
  #outcome(flight: Flight): number {
    flight.data = null;
    if (!flight.landed) return flight.copy.length;
    this.#flight = null;
    if (flight.error !== null) throw flight.error;
    return flight.copy.length;
  }

  #launch(): void {
    const flight = this.#flight;
    if (flight === null || flight.launched || this.#held > 0) return;
    if (this.#nudge !== null && this.#receiving) {
      return this.#nudge.send((error) => {
        if (flight === this.#flight && !flight.launched) this.#onSendFailure(error);
      });
    }
    flight.launched = true;
    this.conn.send(flight.copy, flight.to).then(this.#onSent, this.#onSendFailure);
  }

  readonly #onSent = (): void => {
    const flight = this.#flight!;
    if (this.#nudge === null) this.#reached = flight.to;
    this.#land(flight);
  };

  readonly #onSendFailure = (error: unknown): void => {
    const flight = this.#flight!;
    this.#reached = null;
    flight.error = fromDeno(error, { syscall: "sendto", address: flight.address });
    this.#land(flight);
  };

  #land(flight: Flight): void {
    flight.launched = flight.landed = true;
    if (this.#nudge !== null && this.#waiters.wait(POLLIN)) this.receiveAhead();
    if (this.#closed) return this.#release();
    if (flight.data !== null) this.#waiters.wake(POLLOUT);
    else {
      this.#flight = null;
      if (flight.error !== null) this.fail(flight.error);
      else this.#waiters.wake(POLLOUT);
    }
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
    if (this.#flight === null || this.#flight.landed) events |= POLLOUT;
    if (this.#error !== null) events |= POLLIN | POLLERR;
    return events;
  }

  /** Learns what the kernel knows: the outcome of a send, and whether a datagram waits. */
  async settle(mask: number): Promise<void> {
    const flight = this.#flight;
    if ((mask & POLLOUT) !== 0 && flight !== null && !flight.landed) await turns(() => flight.landed);
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
    if (this.#flight === null || this.#flight.launched) this.#release();
  }

  #release(): void {
    this.#nudge?.close();
    try {
      this.conn.close();
    } catch {
      // Closed already: a send that outlived the socket landed.
    }
  }
}
