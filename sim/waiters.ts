// The waiters of one simulated socket.

import { Waiters, wokenMask } from "../seam/waiters.ts";
import type { Timeline } from "./time/timeline.ts";

/** Waiters that report to the timeline that a program may run when one of them is woken. */
export class SimWaiters extends Waiters {
  readonly #timeline: Timeline;

  constructor(timeline: Timeline) {
    super();
    this.#timeline = timeline;
  }

  override wake(events: number): void {
    if (this.has(wokenMask(events))) this.#timeline.woken = true;
    super.wake(events);
  }
}
