// When to acknowledge what has come: at once, or a little later in the hope of data to send along (RFC 1122, 4.2.3.2).

import type { Timer } from "../time/timer.ts";
import { MILLISECOND } from "../time/units.ts";
import type { Connection } from "./connection.ts";

/** The longest that an acknowledgement waits (Linux's TCP_DELACK_MIN). */
const DELAY = 40 * MILLISECOND;
/** How many segments are acknowledged at once in the beginning, for the peer's slow start (Linux's quick mode). */
const QUICK = 16;

/** The acknowledgements of one connection. */
export class Acknowledger {
  readonly #connection: Connection;
  readonly #timer: Timer;
  #quick = QUICK;
  /** Bytes that came and were not acknowledged. */
  #owed = 0;
  #receivedAt = -Infinity;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#timer = connection.timer(() => connection.acknowledge());
  }

  /** Notes new bytes. `urgent`: something is missing, or came twice: the peer has to know at once. */
  received(bytes: number, urgent: boolean): void {
    this.#owed += bytes;
    this.#receivedAt = this.#connection.now;
    const { sender, receiver, settings } = this.#connection;
    // Where the window has no room for another full segment, the peer sends none before it hears of this one.
    const enough = receiver.window < sender.mss ? sender.mss : 2 * sender.mss;
    if (urgent || this.#quick > 0 || settings.quickAck || this.#owed >= enough) {
      if (this.#quick > 0) this.#quick--;
      this.#connection.acknowledge();
    } else if (!this.#timer.isSet) this.#timer.set(DELAY);
  }

  /** Notes that data goes out. Soon after data came in it is an answer: then acknowledgements wait for such answers. */
  answered(): void {
    if (this.#connection.now - this.#receivedAt < DELAY) this.#quick = 0;
  }

  /** Notes that a segment goes out, which acknowledges everything. */
  sent(): void {
    this.#owed = 0;
    this.#timer.clear();
  }

  /** Ends the waiting. */
  stop(): void {
    this.#timer.clear();
  }
}
