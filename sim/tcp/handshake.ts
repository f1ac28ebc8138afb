// Sends a SYN or a SYN-ACK again until it is acknowledged.

import type { Timer } from "../time/timer.ts";
import type { Connection } from "./connection.ts";
import { RoundTrip } from "./round_trip.ts";

/** How often a SYN-ACK is repeated (Linux's net.ipv4.tcp_synack_retries). */
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

  /** The time that the peer took to answer. Null if the SYN was repeated, because the answer may be to either SYN. */
  get roundTrip(): number | null {
    return this.#tries > 0 ? null : this.#connection.now - this.#startedAt;
  }

  /** Sends the SYN or the SYN-ACK. */
  start(): void {
    this.#startedAt = this.#connection.now;
    // The timer is set first, because over loopback the answer arrives within `sendSyn`.
    this.#timer.set(this.#timeout.timeout);
    this.#connection.sendSyn(false);
  }

  /** Stops the repetitions. */
  stop(): void {
    this.#timer.clear();
  }

  /** The time that TCP_USER_TIMEOUT leaves. As in Linux, the SYN is repeated once even if none is left. */
  get #timeLeft(): number {
    const { userTimeout, now } = this.#connection;
    return userTimeout === 0 ? Infinity : this.#startedAt + userTimeout - now;
  }

  #expired(): void {
    const connection = this.#connection;
    const answers = connection.state === "SYN_RECEIVED";
    const retries = answers ? ANSWER_RETRIES : connection.settings.synRetries;
    const left = answers ? Infinity : this.#timeLeft;
    if (this.#tries >= retries || (this.#tries > 0 && left <= 0)) return connection.fail("ETIMEDOUT");
    this.#tries++;
    this.#timeout.backOff();
    this.#timer.set(Math.min(this.#timeout.timeout, Math.max(left, 0)));
    connection.sendSyn(true);
  }
}
