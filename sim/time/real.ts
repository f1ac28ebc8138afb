// Real time: events happen as time passes. One timer of the runtime is set, for the next event, and only while something
// is pending that a program may wait for. It does not keep the process alive if only sockets wait that were unref'ed.

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
  /** Whether the timer keeps the process alive. */
  #isHeld = true;

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
    const isAwaited = news + probe > 0;
    const next = isAwaited || background > 0 ? this.#timeline.nextTime() : Infinity;
    if (isAwaited && next <= this.#timeline.now) return this.#runSoon();
    this.#set(next);
    if (this.#timer === undefined || this.#isHeld === isAwaited) return;
    this.#isHeld = isAwaited;
    hold(this.#timer, isAwaited);
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
    if (time === Infinity) return;
    this.#timer = setTimeout(this.#run, this.#delayUntil(time));
    this.#isHeld = true;
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
