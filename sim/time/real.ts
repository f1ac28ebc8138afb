// Real time: events happen as time passes. One timer of the runtime is set, for the next event, and only while
// something is pending that a program may wait for: a connection in TIME_WAIT keeps no process alive.

import { MILLISECOND } from "./units.ts";
import type { Timeline } from "./timeline.ts";

/** The longest delay of a timer, 2^31 - 1 ms. */
const LONGEST = 2 ** 31 - 1;

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

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    timeline.onChange = () => this.#schedule();
  }

  #schedule(): void {
    if (this.#timeline.firing) return; // Scheduled once the event has happened.
    const { news, probe } = this.#timeline.pending;
    const next = news + probe > 0 ? this.#timeline.peek()?.time ?? Infinity : Infinity;
    if (next === this.#setFor) return;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#setFor = next;
    if (next === Infinity) return;
    const delay = Math.ceil((next - this.#timeline.now) / MILLISECOND);
    this.#timer = setTimeout(this.#run, Math.min(Math.max(delay, 0), LONGEST));
  }

  readonly #run = (): void => {
    this.#timer = undefined;
    this.#setFor = Infinity;
    const now = this.#timeline.now;
    while (this.#timeline.step(now));
    this.#schedule();
  };
}
