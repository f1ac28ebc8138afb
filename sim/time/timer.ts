// A timer that is set and cleared often, as TCP's timers are. When it is cleared or postponed, its event stays in the
// queue. When the old time comes, the event moves to the new time. With a new event for each setting, each
// acknowledgement would add one to the queue.

import type { Action } from "./queue.ts";
import type { Timeline, TimerKind } from "./timeline.ts";

/** Calls a function at a deadline, unless it is cleared before. */
export class Timer {
  readonly #timeline: Timeline;
  readonly #callback: () => void;
  #kind: TimerKind;
  #deadline = Infinity;
  /** The event of this timer in the queue. Earlier events of the timer are discarded. */
  #event: TimerEvent | null = null;
  #eventTime = Infinity;

  constructor(timeline: Timeline, callback: () => void, kind: TimerKind = "progress") {
    this.#timeline = timeline;
    this.#callback = callback;
    this.#kind = kind;
  }

  /** Whether it is set. */
  get isSet(): boolean {
    return this.#deadline !== Infinity;
  }

  /** The time at which it fires, or Infinity if it is not set. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Sets it to fire after a delay from now. */
  set(delay: number, kind: TimerKind = this.#kind): void {
    if (this.#deadline !== Infinity) this.#timeline.pending[this.#kind]--;
    this.#kind = kind;
    this.#timeline.pending[kind]++;
    this.#deadline = this.#timeline.now + delay;
    if (this.#event === null || this.#eventTime > this.#deadline) {
      this.#discardEvent();
      this.#event = new TimerEvent(this);
      this.#eventTime = this.#deadline;
      this.#timeline.addPostponable(this.#deadline, this.#event);
    }
    this.#timeline.onChange();
  }

  /** Changes the kind, also while the timer is set. */
  set kind(kind: TimerKind) {
    if (this.#deadline !== Infinity) {
      this.#timeline.pending[this.#kind]--;
      this.#timeline.pending[kind]++;
    }
    this.#kind = kind;
    this.#timeline.onChange();
  }

  clear(): void {
    if (this.#deadline === Infinity) return;
    this.#deadline = Infinity;
    this.#timeline.pending[this.#kind]--;
    this.#timeline.onChange();
  }

  /**
   * Clears a timer that will not be set again. Its event no longer refers to it, so that a closed connection does not
   * stay in memory until a deadline of two hours.
   */
  end(): void {
    this.clear();
    this.#discardEvent();
  }

  #discardEvent(): void {
    if (this.#event === null) return;
    this.#event.discard();
    this.#event = null;
    this.#timeline.discard();
  }

  /** Returns the time at which the event is due: Infinity if the timer is cleared. */
  due(): number {
    if (this.#deadline === Infinity) this.#event = null;
    this.#eventTime = this.#deadline;
    return this.#deadline;
  }

  /** Called by the event in the queue. */
  fire(): void {
    this.#event = null;
    this.#deadline = Infinity;
    this.#timeline.pending[this.#kind]--;
    this.#callback();
  }
}

/** An event of a timer in the queue. */
class TimerEvent implements Action {
  /** Null if the event is discarded. */
  #timer: Timer | null;
  constructor(timer: Timer) {
    this.#timer = timer;
  }
  get isDiscarded(): boolean {
    return this.#timer === null;
  }
  discard(): void {
    this.#timer = null;
  }
  due(): number {
    return this.#timer?.due() ?? Infinity;
  }
  fire(): void {
    this.#timer?.fire();
  }
}
