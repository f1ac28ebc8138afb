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

/** The acknowledgements of one connection. */
export class Acknowledger {
  readonly #connection: Connection;
  readonly #timer: Timer;
  #quick = QUICK;
  /** The number of received bytes that are not acknowledged yet. */
  #unacknowledged = 0;
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
    // If the window has no room for another full segment, the peer waits for this acknowledgement.
    const enough = receiver.window < sender.mss ? sender.mss : 2 * sender.mss;
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
