// Runs the events of a timeline by the real clock. It sets one timer of the JavaScript runtime, for the next event. If no
// program can wait for a pending event, it sets none. So a connection in TIME_WAIT does not keep the process alive. It ends
// with the next event, or with the next call that depends on it (`Timeline.expire`).

import { macrotask } from "./macrotask.ts";
import type { Timeline } from "./timeline.ts";
import { MILLISECOND } from "./units.ts";

/** The longest delay of a timer, 2^31 - 1 ms. */
const LONGEST = 2 ** 31 - 1;

/** Sets whether a timer keeps the process alive. A browser's timer is a number, and there is no process. */
function hold(timer: unknown, held: boolean): void {
  if (typeof timer !== "object" || timer === null) return;
  const node = timer as { ref(): void; unref(): void };
  if (held) node.ref();
  else node.unref();
}

/** Returns a function that returns the real time in nanoseconds, from 0 on. */
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
  /** Whether the events that are due will run after this turn of the event loop. */
  #runsSoon = false;
  /** Whether the timer keeps the process alive. */
  #keepsAlive = true;

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
    const { progress, probe, background } = this.#timeline.pending;
    const isAwaited = progress + probe > 0;
    const next = isAwaited || background > 0 ? this.#timeline.nextTime() : Infinity;
    if (isAwaited && next <= this.#timeline.now) return this.#runSoon();
    this.#set(next);
    if (this.#timer === undefined || this.#keepsAlive === isAwaited) return;
    this.#keepsAlive = isAwaited;
    hold(this.#timer, isAwaited);
  }

  /** Runs the events that are due after one turn of the event loop. A timer with delay 0 would take 1 ms. */
  #runSoon(): void {
    if (this.#runsSoon) return;
    this.#runsSoon = true;
    macrotask(() => {
      this.#runsSoon = false;
      this.#run();
    });
  }

  #set(time: number): void {
    // A timer that fires too early does no harm, and clearing it would be slower.
    if (time === this.#setFor || (time !== Infinity && this.#setFor < time)) return;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#setFor = time;
    if (time === Infinity) return;
    this.#timer = setTimeout(this.#run, this.#delayUntil(time));
    this.#keepsAlive = true;
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
