// A timer that is set and cleared often, as TCP's are. Clearing it or putting it off leaves its event in the queue,
// where it moves on when its time comes: a retransmission timer is set anew at each acknowledgement, and entering an
// event for each would make the queue as long as the connection's history.

import type { Action } from "./queue.ts";
import type { Hope, Timeline } from "./timeline.ts";

/** Calls a function at a deadline, unless it is cleared before. */
export class Timer {
  readonly #timeline: Timeline;
  readonly #callback: () => void;
  #hope: Hope;
  #deadline = Infinity;
  /** The event in the queue that will look at the deadline; any other event of this timer is stale. */
  #ring: Ring | null = null;
  #ringsAt = Infinity;

  constructor(timeline: Timeline, callback: () => void, hope: Hope = "news") {
    this.#timeline = timeline;
    this.#callback = callback;
    this.#hope = hope;
  }

  /** Whether it is set. */
  get isSet(): boolean {
    return this.#deadline !== Infinity;
  }

  /** When it will call; Infinity where it is not set. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Sets it, or sets it anew, for a delay from now. `hope` says what may come of it. */
  set(delay: number, hope: Hope = this.#hope): void {
    if (this.#deadline !== Infinity) this.#timeline.pending[this.#hope]--;
    this.#hope = hope;
    this.#timeline.pending[hope]++;
    this.#deadline = this.#timeline.now + delay;
    if (this.#ring === null || this.#ringsAt > this.#deadline) {
      this.#ring = new Ring(this);
      this.#ringsAt = this.#deadline;
      this.#timeline.enter(this.#deadline, this.#ring);
    }
    this.#timeline.onChange();
  }

  /** Changes what may come of it. */
  set hope(hope: Hope) {
    if (this.#deadline !== Infinity) {
      this.#timeline.pending[this.#hope]--;
      this.#timeline.pending[hope]++;
    }
    this.#hope = hope;
    this.#timeline.onChange();
  }

  /** Clears it. */
  clear(): void {
    if (this.#deadline === Infinity) return;
    this.#deadline = Infinity;
    this.#timeline.pending[this.#hope]--;
    this.#timeline.onChange();
  }

  /** When an event of this timer is due: never where it is stale or the timer was cleared. */
  dueOf(ring: Ring): number {
    if (ring !== this.#ring) return Infinity;
    if (this.#deadline === Infinity) this.#ring = null;
    this.#ringsAt = this.#deadline;
    return this.#deadline;
  }

  /** Called by the event in the queue. */
  fire(): void {
    this.#ring = null;
    this.#deadline = Infinity;
    this.#timeline.pending[this.#hope]--;
    this.#callback();
  }
}

/** An event of a timer in the queue. */
class Ring implements Action {
  readonly #timer: Timer;
  constructor(timer: Timer) {
    this.#timer = timer;
  }
  due(): number {
    return this.#timer.dueOf(this);
  }
  fire(): void {
    this.#timer.fire();
  }
}
