// A clock that the test controls.

import type { Clock, Timer } from "../seam/clock.ts";

interface Pending {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that stands still until `advance`. Turns are real ones. */
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

  /** How many timers are set. */
  get pending(): number {
    return this.#pending.size;
  }

  /** When the next timer is due; Infinity where none ever is. */
  get nextDue(): number {
    return Math.min(...[...this.#pending].map(({ at }) => at));
  }

  /** Lets everything run that is ready, then moves the time on and fires what is due, in order. */
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
