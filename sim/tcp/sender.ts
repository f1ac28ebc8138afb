// The sending side of a connection: what may be sent now, what must be sent again, and when.
//
// Each acknowledgement makes it send more. After a timeout it goes back to the first byte that is not acknowledged, and
// sends from there again, as far as the congestion window allows. It skips data that is acknowledged meanwhile.

import type { Bytes } from "../../base/data.ts";
import type { ErrnoName } from "../../base/errno.ts";
import { ACK, FIN, PSH } from "../net/packet.ts";
import type { Timer } from "../time/timer.ts";
import { Congestion } from "./congestion.ts";
import { RoundTrip } from "./round_trip.ts";
import { SendBuffer } from "./send_buffer.ts";

/** How often data is sent again before the connection ends with ETIMEDOUT (Linux's net.ipv4.tcp_retries2). */
const RETRIES = 15;
/** The same limit after close. It is what Linux uses for the default 0 of net.ipv4.tcp_orphan_retries. */
const ORPHAN_RETRIES = 8;

/** A window of up to this many bytes may be filled by one segment (Linux's TCP_MSS_DEFAULT). */
const SMALL_WINDOW = 536;

const NOTHING: Bytes = new Uint8Array(0);

/** A connection, as its sending side sees it. */
export interface SenderOwner {
  /** The time. */
  readonly now: number;
  /** Whether small segments may follow each other at once: TCP_NODELAY. */
  readonly noDelay: boolean;
  /** Whether small segments wait for more data: TCP_CORK. */
  readonly corked: boolean;
  /**
   * The time without an acknowledgement after which the connection ends, in nanoseconds: TCP_USER_TIMEOUT. With 0, the
   * number of tries decides.
   */
  readonly userTimeout: number;
  /** Whether the application has closed it. */
  readonly orphaned: boolean;
  /** Makes a timer. */
  timer(callback: () => void): Timer;
  /** Sends a segment. */
  emit(flags: number, position: number, data: Bytes, retransmission: boolean): void;
  /** Ends the connection with an error. */
  fail(code: ErrnoName): void;
}

/** The sending side of a connection. Position 0 is the SYN. */
export class Sender {
  readonly buffer: SendBuffer = new SendBuffer(1);
  readonly roundTrip: RoundTrip = new RoundTrip();
  readonly congestion: Congestion;
  /** How many segments were sent again. */
  retransmissions = 0;
  readonly #owner: SenderOwner;
  readonly #timer: Timer;
  #mss: number;
  /** The first position that is not acknowledged. */
  #una = 0;
  /** The next position to send. After a timeout it goes back. */
  #next = 0;
  /** The highest position that was ever sent. */
  #sent = 0;
  /** The end of the peer's window: the first position that may not be sent. */
  #edge = 1;
  /** The largest window that the peer ever offered. */
  #largestWindow = 0;
  /** The sequence and acknowledgement number of the latest window update: RFC 9293's SND.WL1 and SND.WL2. */
  #windowSeq = 0;
  #windowAck = 0;
  #finQueued = false;
  /** The end of the last segment that was smaller than the MSS. */
  #smallEnd = 0;
  /** The segment whose round-trip time is being measured. */
  #timed: { end: number; at: number } | null = null;
  #lastSentAt = 0;
  #tries = 0;
  /** The time since which no data was acknowledged. */
  #unansweredSince = 0;
  /** Whether the timer runs because the peer's window is closed. */
  #probing = false;
  /** The time of the first probe of the closed window. */
  #probedSince = Infinity;

  constructor(owner: SenderOwner, mss: number) {
    this.#owner = owner;
    this.#mss = mss;
    this.congestion = new Congestion(mss);
    this.#timer = owner.timer(() => this.#expired());
  }

  /** The first position that is not acknowledged. */
  get una(): number {
    return this.#una;
  }
  /** The highest position that was ever sent. */
  get sent(): number {
    return this.#sent;
  }
  /** The next position to send. */
  get next(): number {
    return this.#next;
  }
  /** The open part of the peer's window, in bytes. */
  get window(): number {
    return Math.max(this.#edge - this.#una, 0);
  }
  /** The MSS: the longest segment. */
  get mss(): number {
    return this.#mss;
  }
  set mss(mss: number) {
    this.#mss = mss;
    this.congestion.setSegmentSize(mss);
  }
  /**
   * The longest segment that is sent. It is at most half of the largest window, as in Linux's tcp_bound_to_half_wnd.
   * Over loopback a segment may be as long as the window, and would not fit into a window that is partly used.
   */
  get #segment(): number {
    const cutoff = this.#largestWindow > SMALL_WINDOW ? Math.floor(this.#largestWindow / 2) : this.#largestWindow;
    return cutoff > 0 ? Math.min(this.#mss, cutoff) : this.#mss;
  }
  /** Bytes that were sent and not acknowledged. */
  get flight(): number {
    return this.#next - this.#una;
  }
  /** Whether a FIN follows the data. */
  get finQueued(): boolean {
    return this.#finQueued;
  }
  /** Whether everything is acknowledged, including the FIN. */
  get done(): boolean {
    return this.#finQueued && this.#una > this.buffer.end;
  }
  /** Bytes that were written and not acknowledged. */
  get queued(): number {
    return this.buffer.length;
  }
  /** How often the unacknowledged data was sent again since the latest acknowledgement. */
  get tries(): number {
    return this.#tries;
  }

  /** Starts after the SYN was acknowledged. `window` is the peer's first window. */
  start(window: number, seq: number): void {
    this.#una = this.#next = this.#sent = 1;
    this.#windowSeq = seq;
    this.#windowAck = 1;
    this.#largestWindow = window;
    this.#edge = 1 + window;
  }

  /** Queues data. It must not change afterwards. */
  write(data: Bytes): void {
    const idle = this.#owner.now - this.#lastSentAt;
    if (this.#una === this.#sent && idle > this.roundTrip.timeout) this.congestion.restart();
    this.buffer.append(data);
    this.sendQueued();
  }

  /** Queues a FIN behind the data. */
  finish(): void {
    this.#finQueued = true;
    this.sendQueued();
  }

  /** Stores a window update, unless a later segment had one. Returns whether the window changed. */
  setWindow(window: number, seq: number, ack: number): boolean {
    if (seq < this.#windowSeq || (seq === this.#windowSeq && ack < this.#windowAck)) return false;
    this.#windowSeq = seq;
    this.#windowAck = ack;
    this.#largestWindow = Math.max(this.#largestWindow, window);
    if (ack + window === this.#edge) return false;
    this.#edge = ack + window;
    return true;
  }

  /** Handles an acknowledgement of new data. */
  acknowledged(ack: number): void {
    const bytes = ack - this.#una;
    const flight = this.flight;
    const wasFull = flight + this.#mss > this.congestion.base || this.#next < this.#sent;
    this.#una = ack;
    if (this.#next < ack) this.#next = ack;
    this.buffer.release(ack);
    this.#measure(ack);
    this.#tries = 0;
    this.#unansweredSince = this.#owner.now;
    this.roundTrip.recover();
    const reaction = this.congestion.acknowledged(bytes, ack, this.#next - ack, wasFull);
    if (this.#una === this.#sent) this.#stopTimer();
    else this.#startTimer();
    if (reaction === "send again") this.#sendAgain();
  }

  /** Handles a duplicate acknowledgement: the peer received a segment behind a gap. */
  duplicate(ack: number): void {
    if (this.congestion.duplicate(ack, this.flight, this.#sent) === "send again") this.#sendAgain();
  }

  /** Notes an answer to a window probe. */
  answered(): void {
    if (!this.#probing) return;
    this.#tries = 0;
  }

  #measure(ack: number): void {
    if (this.#timed === null || ack < this.#timed.end) return;
    this.roundTrip.measure(this.#owner.now - this.#timed.at);
    this.#timed = null;
  }

  /** Sends as much as both windows allow. */
  sendQueued(): void {
    const { buffer } = this;
    const longest = this.#segment;
    // Each round sends at least one byte, so the loop ends.
    for (;;) {
      const available = buffer.end - this.#next;
      if (available <= 0) break;
      const edge = Math.min(this.#edge, this.#una + this.congestion.window);
      const length = Math.min(available, longest, edge - this.#next);
      if (length <= 0 || (length < longest && !this.#maySendSmall(length, available))) break;
      this.#send(length);
    }
    if (this.#finQueued && this.#next === buffer.end) this.#transmit(FIN | ACK, NOTHING);
    this.#arm();
  }

  /**
   * Returns whether a segment below the MSS may be sent. It follows Nagle's algorithm in Minshall's version, and the
   * sender's rule against silly windows (RFC 9293, 3.8.6.2.1).
   */
  #maySendSmall(length: number, available: number): boolean {
    const again = this.#next < this.#sent;
    if (length < available) {
      // The window limits the segment. It is sent if no data is under way and it fills half of the peer's largest window.
      return again ? this.flight === 0 : this.flight === 0 && length >= this.#largestWindow / 2;
    }
    if (again || this.#finQueued) return true;
    if (this.#owner.corked) return false;
    return this.#owner.noDelay || this.#smallEnd <= this.#una;
  }

  #send(length: number): void {
    const data = this.buffer.slice(this.#next, length);
    const isLast = this.#next + length === this.buffer.end;
    if (length < this.#segment) this.#smallEnd = this.#next + length;
    const fin = isLast && this.#finQueued ? FIN : 0;
    this.#transmit(isLast ? PSH | ACK | fin : ACK, data);
  }

  /** Sends a segment at the next position. */
  #transmit(flags: number, data: Bytes): void {
    const position = this.#next;
    const again = position < this.#sent;
    this.#next += data.length + ((flags & FIN) !== 0 ? 1 : 0);
    if (this.#sent === this.#una) this.#unansweredSince = this.#owner.now;
    if (again) this.#timed = null;
    else this.#timed ??= { end: this.#next, at: this.#owner.now };
    this.#sent = Math.max(this.#sent, this.#next);
    this.#lastSentAt = this.#owner.now;
    if (again) this.retransmissions++;
    this.#owner.emit(flags, position, data, again);
  }

  /** Sends the first unacknowledged segment again. */
  #sendAgain(): void {
    this.#timed = null;
    this.retransmissions++;
    const length = Math.min(this.#segment, this.buffer.end - this.#una, Math.max(this.#edge - this.#una, 1));
    if (length <= 0) return this.#owner.emit(FIN | ACK, this.#una, NOTHING, true);
    const isLast = this.#una + length === this.buffer.end;
    const fin = isLast && this.#sent > this.buffer.end ? FIN : 0;
    this.#owner.emit(isLast ? PSH | ACK | fin : ACK, this.#una, this.buffer.slice(this.#una, length), true);
  }

  // The timer.

  /** Sets the timer if data is unacknowledged, or if data waits for a closed window. */
  #arm(): void {
    if (this.#una < this.#sent) {
      if (!this.#timer.isSet || this.#probing) this.#startTimer();
    } else if (this.#next < this.buffer.end && (this.#isBlockedByWindow || this.#owner.corked)) {
      if (this.#timer.isSet && this.#probing) return;
      this.#probing = true;
      this.#probedSince = Infinity;
      this.#timer.set(this.roundTrip.timeout, "probe");
    } else this.#stopTimer();
  }

  /** Whether the peer's window is too small for the next segment. */
  get #isBlockedByWindow(): boolean {
    return this.#edge - this.#next < Math.min(this.#segment, this.buffer.end - this.#next);
  }

  #startTimer(): void {
    if (this.#probing) this.roundTrip.recover();
    this.#probing = false;
    this.#timer.set(this.roundTrip.timeout, "progress");
  }

  #stopTimer(): void {
    if (this.#probing) this.roundTrip.recover();
    this.#probing = false;
    this.#timer.clear();
  }

  /** Stops the timer and drops all data. */
  stop(): void {
    this.#timer.end();
    this.buffer.clear();
  }

  #expired(): void {
    if (this.#hasTimedOut()) return this.#owner.fail("ETIMEDOUT");
    this.#tries++;
    if (this.#probing) return this.#probe();
    const first = this.#tries === 1;
    this.congestion.timedOut(this.#sent - this.#una, this.#sent, first);
    this.roundTrip.backOff();
    this.#next = this.#una;
    this.#timed = null;
    this.#startTimer();
    // At least one segment is sent again, even if the windows are closed.
    if (this.#una < this.buffer.end) {
      const length = Math.min(this.#segment, this.buffer.end - this.#una);
      this.#send(Math.min(length, Math.max(this.#edge - this.#una, 1)));
    } else this.#transmit(FIN | ACK, NOTHING);
    this.sendQueued();
  }

  #hasTimedOut(): boolean {
    const { userTimeout, orphaned, now } = this.#owner;
    // Linux gives up a closed connection whose peer never opens its window, although the peer answers the probes.
    if (orphaned && this.#probing && this.roundTrip.isLongest) return true;
    if (userTimeout > 0 && this.#probing) return now - this.#probedSince >= userTimeout || this.#tries >= RETRIES;
    if (userTimeout > 0) return now - this.#unansweredSince >= userTimeout;
    return this.#tries >= (orphaned ? ORPHAN_RETRIES : RETRIES);
  }

  /** Sends a window probe: the peer's window update may be lost. */
  #probe(): void {
    this.#probedSince = Math.min(this.#probedSince, this.#owner.now);
    this.roundTrip.backOff();
    const length = Math.min(this.#edge - this.#next, this.#mss, this.buffer.end - this.#next);
    if (length > 0) {
      // The window is too small for a full segment, and nothing under way would open it.
      this.#send(length);
      return this.#startTimer();
    }
    // The position was acknowledged already, so the peer answers with an acknowledgement, which has its window.
    this.#owner.emit(ACK, this.#una - 1, NOTHING, true);
    const { userTimeout, now } = this.#owner;
    const left = userTimeout === 0 ? Infinity : this.#probedSince + userTimeout - now;
    this.#timer.set(Math.min(this.roundTrip.timeout, left), "probe");
  }
}
