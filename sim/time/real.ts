// Runs the events of a timeline by the real clock. It sets one timer of the runtime, for the next event. It sets none
// if nothing is pending that a program may wait for: a connection in TIME_WAIT does not keep the process alive.

import type { Timeline } from "./timeline.ts";
import { MILLISECOND } from "./units.ts";

/** The longest delay of a timer, 2^31 - 1 ms. */
const LONGEST = 2 ** 31 - 1;

/**
 * AbortSignal.timeout is the only timer of every runtime that does not keep the process alive. Virtual globals do not
 * replace this copy.
 */
const backgroundTimer = AbortSignal.timeout.bind(AbortSignal);

/** Returns a clock that starts at 0 and tells nanoseconds of real time. */
export function realClock(): () => number {
  const start = performance.now();
  return () => Math.round((performance.now() - start) * MILLISECOND);
}

/** Runs the events of a timeline as real time passes. */
export class RealPacer {
  readonly #timeline: Timeline;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #setFor = Infinity;
  /** Whether a microtask will set the timer. */
  #isDue = false;
  /** The time at which the background timer fires. Such a timer cannot be cleared. */
  #backgroundAt = Infinity;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    timeline.onChange = () => {
      if (this.#isDue) return;
      this.#isDue = true;
      // In a microtask, because over loopback most timers are set and cleared within one call.
      queueMicrotask(() => this.#schedule());
    };
  }

  #schedule(): void {
    this.#isDue = false;
    const { news, probe, background } = this.#timeline.pending;
    const next = this.#timeline.peek()?.time ?? Infinity;
    this.#set(news + probe > 0 ? next : Infinity);
    if (news + probe === 0 && background > 0) this.#setBackground(next);
  }

  #set(time: number): void {
    // A timer that fires too early does no harm. Clearing it would cost more.
    if (time === this.#setFor || (time !== Infinity && this.#setFor < time)) return;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#setFor = time;
    if (time !== Infinity) this.#timer = setTimeout(this.#run, this.#delayUntil(time));
  }

  #setBackground(time: number): void {
    if (time >= this.#backgroundAt) return;
    this.#backgroundAt = time;
    backgroundTimer(this.#delayUntil(time)).addEventListener("abort", () => {
      if (this.#backgroundAt === time) this.#backgroundAt = Infinity;
      this.#run();
    });
  }

  #delayUntil(time: number): number {
    return Math.min(Math.max(Math.ceil((time - this.#timeline.now) / MILLISECOND), 0), LONGEST);
  }

  readonly #run = (): void => {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#setFor = Infinity;
    const now = this.#timeline.now;
    while (this.#timeline.step(now));
    this.#schedule();
  };
}
