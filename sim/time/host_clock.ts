// The clock of a kernel, as the socket module above it waits by it. A crash stops it: nothing that waits by it goes on.

import type { Clock } from "../../seam/clock.ts";
import type { Timeline } from "./timeline.ts";
import { Timer } from "./timer.ts";
import { MILLISECOND } from "./units.ts";

/**
 * Parts of a millisecond that the clock tells: 2^-16 of one. Such times are exact as doubles, and so are their sums with
 * whole milliseconds: a deadline of now and two seconds lies exactly two seconds ahead.
 */
const PARTS = 2 ** 16;

/** The clock of one kernel. */
export class HostClock implements Clock {
  readonly #timeline: Timeline;
  readonly #timers = new Set<Timer>();
  readonly #beforeWork: () => void;
  #stopped = false;

  /** `beforeWork` is called before anything that waited goes on. */
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
    // One for ever keeps a process alive, and nothing comes of it.
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

  /** Settles after some nanoseconds, or never where the host crashes before. */
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
