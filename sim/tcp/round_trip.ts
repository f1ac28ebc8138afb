// The retransmission timeout, by RFC 6298 with Linux's bounds.

import { MILLISECOND, SECOND } from "../time/units.ts";

const FIRST = SECOND;
const LEAST = 200 * MILLISECOND;
const MOST = 120 * SECOND;

/** The round-trip time of one connection, in nanoseconds. */
export class RoundTrip {
  #smoothed = 0;
  #variation = 0;
  #timeout = FIRST;
  /** How often the timeout was doubled. */
  #backoff = 0;

  /** The smoothed round-trip time; 0 before the first measurement. */
  get smoothed(): number {
    return this.#smoothed;
  }

  /** The mean deviation of the round-trip time. */
  get variation(): number {
    return this.#variation;
  }

  /** The retransmission timeout. */
  get timeout(): number {
    return Math.min(this.#timeout * 2 ** this.#backoff, MOST);
  }

  /** Whether doubling no longer makes the timeout longer. */
  get isLongest(): boolean {
    return this.timeout === MOST;
  }

  /** How often the timeout was doubled. */
  get backoff(): number {
    return this.#backoff;
  }

  /** Adds a measurement. It must not come from a segment that was sent twice (Karn's algorithm). */
  measure(sample: number): void {
    if (this.#smoothed === 0) {
      this.#smoothed = sample;
      this.#variation = Math.floor(sample / 2);
    } else {
      const deviation = Math.abs(sample - this.#smoothed);
      this.#variation = Math.floor((3 * this.#variation + deviation) / 4);
      this.#smoothed = Math.floor((7 * this.#smoothed + sample) / 8);
    }
    // Over loopback the measured time may be 0. A smoothed time of 0 would mean that there was no measurement.
    this.#smoothed = Math.max(this.#smoothed, 1);
    this.#timeout = Math.min(Math.max(this.#smoothed + 4 * this.#variation, LEAST), MOST);
  }

  /** Doubles the timeout after it has expired. */
  backOff(): void {
    this.#backoff++;
  }

  /** Ends the doubling after new data was acknowledged. */
  recover(): void {
    this.#backoff = 0;
  }
}
