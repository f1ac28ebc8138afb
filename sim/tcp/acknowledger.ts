// Decides when received data is acknowledged: at once or after a delay. Data that is sent during the delay carries the
// acknowledgement, which then needs no segment of its own (RFC 1122, 4.2.3.2).

import type { Timer } from "../time/timer.ts";
import { MILLISECOND } from "../time/units.ts";
import type { Connection } from "./connection.ts";

/** The longest delay of an acknowledgement (Linux's TCP_DELACK_MIN). */
const DELAY = 40 * MILLISECOND;
/**
 * How many segments after the start are acknowledged without a delay. This makes the peer's slow start faster (Linux's
 * quick ACK mode).
 */
const QUICK = 16;
/** The peer's segments are taken to have at least this many bytes (Linux's TCP_MSS_DEFAULT). */
const LEAST_SEGMENT = 536;

/** The acknowledgements of one connection. */
export class Acknowledger {
  readonly #connection: Connection;
  readonly #timer: Timer;
  #quick = QUICK;
  /** The number of received bytes that are not acknowledged yet. */
  #unacknowledged = 0;
  /**
   * The length of the peer's segments: the longest that was received (Linux's rcv_mss). Over loopback it is less than the
   * MSS, because a segment fills at most half of the window.
   */
  #segment = LEAST_SEGMENT;
  #receivedAt = -Infinity;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#timer = connection.timer(() => connection.acknowledge());
  }

  /** Notes received bytes. `atOnce` is set for a gap and for a repeated segment: TCP acknowledges them without a delay. */
  received(bytes: number, atOnce: boolean): void {
    this.#unacknowledged += bytes;
    this.#receivedAt = this.#connection.now;
    const { sender, receiver, settings } = this.#connection;
    this.#segment = Math.min(Math.max(this.#segment, bytes), sender.mss);
    // If the window has no room for another full segment, the peer waits for this acknowledgement.
    const enough = receiver.window < this.#segment ? this.#segment : 2 * this.#segment;
    if (atOnce || this.#quick > 0 || settings.quickAck || this.#unacknowledged >= enough) {
      if (this.#quick > 0) this.#quick--;
      this.#connection.acknowledge();
    } else if (!this.#timer.isSet) this.#timer.set(DELAY);
  }

  /**
   * Notes that data is sent. If data was received shortly before, the sent data is an answer to it. From then on
   * acknowledgements are delayed, because later answers can carry them.
   */
  answered(): void {
    if (this.#connection.now - this.#receivedAt < DELAY) this.#quick = 0;
  }

  /** Notes that a segment is sent. Every segment acknowledges all received data. */
  sent(): void {
    this.#unacknowledged = 0;
    this.#timer.clear();
  }

  /** Clears the timer. */
  stop(): void {
    this.#timer.clear();
  }
}
