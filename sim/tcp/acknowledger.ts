// Decides when received data is acknowledged: at once, or a little later, because data to send may carry the
// acknowledgement (RFC 1122, 4.2.3.2).

import type { Timer } from "../time/timer.ts";
import { MILLISECOND } from "../time/units.ts";
import type { Connection } from "./connection.ts";

/** The longest delay of an acknowledgement (Linux's TCP_DELACK_MIN). */
const DELAY = 40 * MILLISECOND;
/**
 * How many segments are acknowledged at once after the start. It makes the peer's slow start faster (Linux's quick
 * mode).
 */
const QUICK = 16;

/** The acknowledgements of one connection. */
export class Acknowledger {
  readonly #connection: Connection;
  readonly #timer: Timer;
  #quick = QUICK;
  /** The number of received bytes that are not acknowledged yet. */
  #owed = 0;
  #receivedAt = -Infinity;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#timer = connection.timer(() => connection.acknowledge());
  }

  /** Notes received bytes. `urgent` means a gap or a repeated segment, which TCP acknowledges at once. */
  received(bytes: number, urgent: boolean): void {
    this.#owed += bytes;
    this.#receivedAt = this.#connection.now;
    const { sender, receiver, settings } = this.#connection;
    // If the window has no room for another full segment, the peer waits for this acknowledgement.
    const enough = receiver.window < sender.mss ? sender.mss : 2 * sender.mss;
    if (urgent || this.#quick > 0 || settings.quickAck || this.#owed >= enough) {
      if (this.#quick > 0) this.#quick--;
      this.#connection.acknowledge();
    } else if (!this.#timer.isSet) this.#timer.set(DELAY);
  }

  /**
   * Notes that data is sent. If data came in shortly before, this is an answer, and later acknowledgements wait for
   * such answers.
   */
  answered(): void {
    if (this.#connection.now - this.#receivedAt < DELAY) this.#quick = 0;
  }

  /** Notes that a segment is sent. Every segment acknowledges all received data. */
  sent(): void {
    this.#owed = 0;
    this.#timer.clear();
  }

  /** Ends the delay. */
  stop(): void {
    this.#timer.clear();
  }
}
