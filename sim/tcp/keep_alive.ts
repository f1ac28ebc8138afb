// SO_KEEPALIVE: an idle connection is probed. If the peer does not answer, the connection ends.

import type { Timer } from "../time/timer.ts";
import { SECOND } from "../time/units.ts";
import type { Connection } from "./connection.ts";

/** The probes of one connection. */
export class KeepAlive {
  readonly #connection: Connection;
  readonly #timer: Timer;
  #unanswered = 0;
  #receivedAt = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#timer = connection.timer(() => this.#expired(), "probe");
  }

  /** Starts the timer if the option is set, and stops it if not. */
  start(): void {
    this.#receivedAt = this.#connection.now;
    this.#unanswered = 0;
    const { keepAlive } = this.#connection.settings;
    if (keepAlive.on) this.#timer.set(keepAlive.idle * SECOND);
    else this.#timer.clear();
  }

  /** Notes a segment from the peer. */
  received(): void {
    this.#receivedAt = this.#connection.now;
    this.#unanswered = 0;
  }

  /** Stops the probes for good. */
  stop(): void {
    this.#timer.end();
  }

  /** Whether the peer has not answered for too long. TCP_USER_TIMEOUT takes the place of TCP_KEEPCNT. */
  #isOver(quiet: number): boolean {
    const { userTimeout, settings } = this.#connection;
    if (userTimeout > 0) return this.#unanswered > 0 && quiet >= userTimeout;
    return this.#unanswered >= settings.keepAlive.count;
  }

  #expired(): void {
    const connection = this.#connection;
    const { keepAlive } = connection.settings;
    const quiet = connection.now - this.#receivedAt;
    if (quiet < keepAlive.idle * SECOND && this.#unanswered === 0) {
      return this.#timer.set(keepAlive.idle * SECOND - quiet);
    }
    // Data that is not acknowledged is retransmitted, so no probe is needed.
    if (connection.sender.flight > 0) return this.#timer.set(keepAlive.interval * SECOND);
    if (this.#isOver(quiet)) {
      connection.reset();
      return connection.fail("ETIMEDOUT");
    }
    this.#unanswered++;
    this.#timer.set(keepAlive.interval * SECOND);
    connection.probe();
  }
}
