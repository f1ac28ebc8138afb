// Real time: events happen as time passes. One timer of the runtime is set, for the next event, and only while
// something is pending that a program may wait for: a connection in TIME_WAIT keeps no process alive.

import { macrotask } from "./macrotask.ts";
import type { Timeline } from "./timeline.ts";
import { MILLISECOND } from "./units.ts";

/** The longest delay of a timer, 2^31 - 1 ms. */
const LONGEST = 2 ** 31 - 1;

/** The one timer that every runtime has and that keeps no process alive. Virtual globals do not change it. */
const backgroundTimer = AbortSignal.timeout.bind(AbortSignal);

/** The real time in nanoseconds since a call of this function. */
export function realClock(): () => number {
  const start = performance.now();
  return () => Math.round((performance.now() - start) * MILLISECOND);
}

/** Lets the events of a timeline happen as real time passes. */
export class RealPacer {
  readonly #timeline: Timeline;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #setFor = Infinity;
  /** Whether the schedule is going to be looked at. */
  #isDue = false;
  /** Whether what is due now runs after this turn of the event loop. */
  #runsSoon = false;
  /** The next time at which a background timer fires; it cannot be cleared. */
  #backgroundAt = Infinity;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    timeline.onChange = () => {
      if (this.#isDue) return;
      this.#isDue = true;
      // In a moment: over loopback most timers are set and cleared again within one call.
      queueMicrotask(() => this.#schedule());
    };
  }

  #schedule(): void {
    this.#isDue = false;
    const { news, probe, background } = this.#timeline.pending;
    const next = this.#timeline.nextTime();
    if (news + probe > 0 && next <= this.#timeline.now) return this.#runSoon();
    this.#set(news + probe > 0 ? next : Infinity);
    if (news + probe === 0 && background > 0) this.#setBackground(next);
  }

  /** Runs what is due now after one turn of the event loop. A timer without a delay takes 1 ms. */
  #runSoon(): void {
    if (this.#runsSoon) return;
    this.#runsSoon = true;
    macrotask(() => {
      this.#runsSoon = false;
      this.#run();
    });
  }

  #set(time: number): void {
    // One that is due earlier does no harm, and clearing it would cost more.
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
