// Turns of the event loop. Calls that need not wait are a matter of microtasks: a loop of them (a peer that has ended its
// stream, a non-blocking socket asked again and again) would let no timer run and no other socket be served.

import type { Clock } from "../seam/clock.ts";

/** How many calls in a row may end without a turn. One turn costs about a microsecond. */
const CALLS_PER_TURN = 512;

/** Counts the calls of a runtime that end without waiting, and lets the event loop turn from time to time. */
export class Turns {
  readonly #clock: Clock;
  #calls = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a call that did not wait. Answers a turn of the event loop for it to end after, where one is due. */
  due(): Promise<void> | undefined {
    return ++this.#calls % CALLS_PER_TURN === 0 ? this.#clock.turn() : undefined;
  }

  /** The promise of a call that has ended without waiting. */
  resolution<T>(result: T): Promise<T> {
    return this.due()?.then(() => result) ?? Promise.resolve(result);
  }

  /** The same of a call that has failed. */
  rejection<T>(error: unknown): Promise<T> {
    return this.due()?.then(() => Promise.reject(error)) ?? Promise.reject(error);
  }
}
