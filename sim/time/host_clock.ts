// The clock of a kernel. All waits of the host's socket module use it. A crash stops the clock, and pending waits never
// end.

import type { Clock } from "../../seam/clock.ts";
import type { Action } from "./queue.ts";
import type { Timeline } from "./timeline.ts";
import { MILLISECOND } from "./units.ts";

/**
 * The clock counts in steps of 2^-16 ms. A double represents such a time and its sum with whole milliseconds exactly. So
 * a deadline two seconds from now is exactly two seconds ahead.
 */
const PARTS = 2 ** 16;

/** The clock of one kernel. */
export class HostClock implements Clock {
  readonly #timeline: Timeline;
  /** The number of its pending timers of the kind "progress". `#background` counts the others. */
  #progress = 0;
  #background = 0;
  #stopped = false;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  now(): number {
    return Math.round(this.#timeline.now * (PARTS / MILLISECOND)) / PARTS;
  }

  setTimeout(callback: () => void, delay: number): HostTimer {
    return this.#start(callback, Math.ceil(delay * MILLISECOND));
  }

  #start(callback: () => void, nanoseconds: number): HostTimer {
    const timer = new HostTimer(this, callback);
    // A timer that never fires has no event. Otherwise it would hide a deadlock.
    if (this.#stopped || nanoseconds === Infinity) return timer;
    timer.deadline = this.#timeline.now + nanoseconds;
    this.#timeline.addPostponable(timer.deadline, timer);
    this.#count(timer, 1);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    if (!(timer instanceof HostTimer) || !timer.isSet) return;
    this.#end(timer);
    this.#timeline.discard();
  }

  hold(timer: unknown, held: boolean): void {
    if (!(timer instanceof HostTimer)) return;
    if (timer.isSet) this.#count(timer, -1);
    timer.kind = held ? "progress" : "background";
    if (timer.isSet) this.#count(timer, 1);
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.#timeline.after(() => this.#work(resolve)));
  }

  /** Waits for some nanoseconds. The promise never settles if the host crashes before. */
  sleep(nanoseconds: number): Promise<void> {
    return new Promise((resolve) => void this.#start(resolve, nanoseconds));
  }

  /** Called by a timer at its deadline. */
  fire(timer: HostTimer): void {
    const { callback } = timer;
    this.#end(timer);
    this.#work(callback);
  }

  #end(timer: HostTimer): void {
    this.#count(timer, -1);
    timer.end();
  }

  #count({ kind }: HostTimer, change: 1 | -1): void {
    // `stop` has subtracted all of them.
    if (this.#stopped) return;
    if (kind === "progress") this.#progress += change;
    else this.#background += change;
    this.#timeline.pending[kind] += change;
    this.#timeline.onChange();
  }

  #work(callback: () => void): void {
    if (this.#stopped) return;
    this.#timeline.woken = true;
    callback();
  }

  /** Whether it was stopped. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Stops the clock. Its timers never fire, and new timers are ignored. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const { pending } = this.#timeline;
    pending.progress -= this.#progress;
    pending.background -= this.#background;
    this.#timeline.onChange();
  }
}

function nothing(): void {}

/** A timer of a host's programs. It is set only once, so it is its own event. A `Timer` needs one that moves. */
class HostTimer implements Required<Action> {
  readonly #clock: HostClock;
  callback: () => void;
  /** "progress" if it keeps the process alive. */
  kind: "progress" | "background" = "progress";
  /** When it fires; Infinity if it was never set, was cleared or has fired. */
  deadline = Infinity;

  constructor(clock: HostClock, callback: () => void) {
    this.#clock = clock;
    this.callback = callback;
  }

  get isSet(): boolean {
    return this.deadline !== Infinity;
  }

  get isDiscarded(): boolean {
    return !this.isSet;
  }

  due(): number {
    return this.#clock.isStopped ? Infinity : this.deadline;
  }

  fire(): void {
    this.#clock.fire(this);
  }

  /** Marks it as cleared or fired. It may stay in the queue until its deadline, so it drops the callback. */
  end(): void {
    this.deadline = Infinity;
    this.callback = nothing;
  }
}
