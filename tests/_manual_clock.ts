// A clock that the test controls.

import type { Clock, Timer } from "../seam/clock.ts";

interface Pending {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until `advance` is called. Its turns are turns of the real event loop. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #pending = new Set<Pending>();

  now(): number {
    return this.#now;
  }
  setTimeout(callback: () => void, delay: number): Timer {
    const timer: Pending = { at: this.#now + delay, callback };
    this.#pending.add(timer);
    return timer;
  }
  clearTimeout(timer: Timer | undefined): void {
    this.#pending.delete(timer as Pending);
  }
  hold(): void {}
  turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** The number of timers that are set. */
  get pending(): number {
    return this.#pending.size;
  }

  /** The time of the next timer, or Infinity if none is set. */
  get nextDue(): number {
    return Math.min(...[...this.#pending].map(({ at }) => at));
  }

  /**
   * Waits until everything that is ready has run, then advances the time and fires the timers that are due, in order.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await this.turn();
      let next: Pending | undefined;
      for (const timer of this.#pending) {
        if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
      }
      if (next === undefined) break;
      this.#now = next.at;
      this.#pending.delete(next);
      next.callback();
    }
    this.#now = end;
    await this.turn();
  }
}
