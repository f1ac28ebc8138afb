// The SYN of a connection, or the SYN that answers one: sent again until it is acknowledged.

import type { Timer } from "../time/timer.ts";
import type { Connection } from "./connection.ts";
import { RoundTrip } from "./round_trip.ts";

/** How often an answer to a SYN is sent again (Linux's net.ipv4.tcp_synack_retries). */
const ANSWER_RETRIES = 5;

/** The handshake of one connection. */
export class Handshake {
  readonly #connection: Connection;
  readonly #timer: Timer;
  readonly #timeout = new RoundTrip();
  #startedAt = 0;
  #tries = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#timer = connection.timer(() => this.#expired());
  }

  /** How long the peer took; null where the SYN was sent twice, since it may have answered either. */
  get roundTrip(): number | null {
    return this.#tries > 0 ? null : this.#connection.now - this.#startedAt;
  }

  /** Sends the SYN. */
  start(): void {
    this.#startedAt = this.#connection.now;
    // Before it is sent: over loopback the answer is there at once.
    this.#timer.set(this.#timeout.timeout);
    this.#connection.sendSyn(false);
  }

  /** Ends the repeating. */
  stop(): void {
    this.#timer.clear();
  }

  #expired(): void {
    const connection = this.#connection;
    const answers = connection.state === "SYN_RECEIVED";
    if (this.#tries >= (answers ? ANSWER_RETRIES : connection.settings.synRetries)) return connection.fail("ETIMEDOUT");
    this.#tries++;
    this.#timeout.backOff();
    this.#timer.set(this.#timeout.timeout);
    connection.sendSyn(true);
  }
}
