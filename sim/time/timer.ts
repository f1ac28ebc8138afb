// A timer that is set and cleared often, as TCP's timers are. Clearing or postponing it leaves its event in the queue.
// The event moves when its old time comes. Otherwise each acknowledgement would add an event for the retransmission
// timer, and the queue would become as long as the history of the connection.

import type { Action } from "./queue.ts";
import type { Hope, Timeline } from "./timeline.ts";

/** Calls a function at a deadline, unless it is cleared before. */
export class Timer {
  readonly #timeline: Timeline;
  readonly #callback: () => void;
  #hope: Hope;
  #deadline = Infinity;
  /** The valid event of this timer in the queue. Older events of the timer are ignored. */
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

  /** The time at which it fires, or Infinity if it is not set. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Sets it to fire after a delay from now. `hope` says what it may lead to. */
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

  /** Changes what it may lead to. */
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

  /** The time at which an event of this timer is due. Infinity for an outdated event or a cleared timer. */
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
