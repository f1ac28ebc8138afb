// The clock of a kernel. The host's socket module waits by it. A crash stops it, and pending waits never end.

import type { Clock } from "../../seam/clock.ts";
import type { Timeline } from "./timeline.ts";
import { Timer } from "./timer.ts";
import { MILLISECOND } from "./units.ts";

/**
 * The clock counts in steps of 2^-16 ms. Such times are exact as doubles, and so are their sums with whole
 * milliseconds. So a deadline two seconds from now is exactly two seconds ahead.
 */
const PARTS = 2 ** 16;

/** The clock of one kernel. */
export class HostClock implements Clock {
  readonly #timeline: Timeline;
  readonly #timers = new Set<Timer>();
  readonly #beforeWork: () => void;
  #stopped = false;

  /** `beforeWork` is called before any callback. */
  constructor(timeline: Timeline, beforeWork: () => void = () => {}) {
    this.#timeline = timeline;
    this.#beforeWork = beforeWork;
  }

  now(): number {
    return Math.round(this.#timeline.now * (PARTS / MILLISECOND)) / PARTS;
  }

  setTimeout(callback: () => void, delay: number): Timer {
    const timer: Timer = new Timer(this.#timeline, () => {
      this.#timers.delete(timer);
      this.#work(callback);
    });
    // A timer without end would keep the process alive for nothing.
    if (this.#stopped || delay === Infinity) return timer;
    this.#timers.add(timer);
    timer.set(Math.ceil(delay * MILLISECOND));
    return timer;
  }

  clearTimeout(timer: unknown): void {
    if (!(timer instanceof Timer)) return;
    timer.clear();
    this.#timers.delete(timer);
  }

  hold(timer: unknown, held: boolean): void {
    if (timer instanceof Timer) timer.hope = held ? "news" : "background";
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.#timeline.after(() => this.#work(resolve)));
  }

  /** Settles after some nanoseconds. It never settles if the host crashes before. */
  sleep(nanoseconds: number): Promise<void> {
    return new Promise((resolve) => this.setTimeout(resolve, nanoseconds / MILLISECOND));
  }

  #work(callback: () => void): void {
    if (this.#stopped) return;
    this.#timeline.woken = true;
    this.#beforeWork();
    callback();
  }

  /** Stops it for good. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.clear();
    this.#timers.clear();
  }
}
