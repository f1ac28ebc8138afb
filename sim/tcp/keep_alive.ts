// SO_KEEPALIVE: an idle connection is probed, and given up where the peer does not answer.

import type { Timer } from "../time/timer.ts";
import { SECOND } from "../time/units.ts";
import type { Connection } from "./connection.ts";

/** The probes of one connection. */
export class KeepAlive {
  readonly #connection: Connection;
  readonly #timer: Timer;
  #unanswered = 0;
  #heardAt = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#timer = connection.timer(() => this.#expired(), "probe");
  }

  /** Starts, where the option is set. */
  start(): void {
    this.#heardAt = this.#connection.now;
    this.#unanswered = 0;
    const { keepAlive } = this.#connection.settings;
    if (keepAlive.on) this.#timer.set(keepAlive.idle * SECOND);
    else this.#timer.clear();
  }

  /** Notes that the peer has sent something. */
  heard(): void {
    this.#heardAt = this.#connection.now;
    this.#unanswered = 0;
  }

  /** Ends the probing. */
  stop(): void {
    this.#timer.clear();
  }

  #expired(): void {
    const connection = this.#connection;
    const { keepAlive } = connection.settings;
    const quiet = connection.now - this.#heardAt;
    if (quiet < keepAlive.idle * SECOND && this.#unanswered === 0) {
      return this.#timer.set(keepAlive.idle * SECOND - quiet);
    }
    // What is outstanding is sent again anyway.
    if (connection.sender.flight > 0) return this.#timer.set(keepAlive.interval * SECOND);
    if (this.#unanswered >= keepAlive.count) {
      connection.reset();
      return connection.fail("ETIMEDOUT");
    }
    this.#unanswered++;
    this.#timer.set(keepAlive.interval * SECOND);
    connection.probe();
  }
}
