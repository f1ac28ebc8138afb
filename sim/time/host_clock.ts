// The clock of a kernel. The host's socket module waits by it. A crash stops it, and pending waits never end.

import type { Clock } from "../../seam/clock.ts";
import type { Action } from "./queue.ts";
import type { Timeline } from "./timeline.ts";
import { MILLISECOND } from "./units.ts";

/**
 * The clock counts in steps of 2^-16 ms. Such times are exact as doubles, and so are their sums with whole
 * milliseconds. So a deadline two seconds from now is exactly two seconds ahead.
 */
const PARTS = 2 ** 16;

/** The clock of one kernel. */
export class HostClock implements Clock {
  readonly #timeline: Timeline;
  readonly #beforeWork: (() => void) | undefined;
  /** How many of its timers are pending, by whether they keep the process alive. */
  #news = 0;
  #background = 0;
  #stopped = false;

  /** `beforeWork` is called before anything that waited goes on. */
  constructor(timeline: Timeline, beforeWork?: () => void) {
    this.#timeline = timeline;
    this.#beforeWork = beforeWork;
  }

  now(): number {
    return Math.round(this.#timeline.now * (PARTS / MILLISECOND)) / PARTS;
  }

  setTimeout(callback: () => void, delay: number): HostTimer {
    const timer = new HostTimer(this, callback);
    // One for ever keeps a process alive, and nothing comes of it.
    if (this.#stopped || delay === Infinity) return timer;
    timer.deadline = this.#timeline.now + Math.ceil(delay * MILLISECOND);
    this.#timeline.enter(timer.deadline, timer);
    this.#count(timer, 1);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    if (timer instanceof HostTimer && timer.isSet) this.#end(timer);
  }

  hold(timer: unknown, held: boolean): void {
    if (!(timer instanceof HostTimer)) return;
    if (timer.isSet) this.#count(timer, -1);
    timer.hope = held ? "news" : "background";
    if (timer.isSet) this.#count(timer, 1);
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.#timeline.after(() => this.#work(resolve)));
  }

  /** Settles after some nanoseconds. It never settles if the host crashes before. */
  sleep(nanoseconds: number): Promise<void> {
    return new Promise((resolve) => this.setTimeout(resolve, nanoseconds / MILLISECOND));
  }

  /** Called by a timer whose time has come. */
  fire(timer: HostTimer): void {
    const { callback } = timer;
    this.#end(timer);
    this.#work(callback);
  }

  #end(timer: HostTimer): void {
    this.#count(timer, -1);
    timer.end();
  }

  #count({ hope }: HostTimer, change: 1 | -1): void {
    // After `stop` none is pending.
    if (this.#stopped) return;
    if (hope === "news") this.#news += change;
    else this.#background += change;
    this.#timeline.pending[hope] += change;
    this.#timeline.onChange();
  }

  #work(callback: () => void): void {
    if (this.#stopped) return;
    this.#timeline.woken = true;
    this.#beforeWork?.();
    callback();
  }

  /** Whether it was stopped. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Stops it for good. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const { pending } = this.#timeline;
    pending.news -= this.#news;
    pending.background -= this.#background;
    this.#timeline.onChange();
  }
}

function nothing(): void {}

/** A timer of a host's programs. It is set once, so it needs no event that moves with its deadline, as `Timer` has. */
class HostTimer implements Required<Action> {
  readonly #clock: HostClock;
  callback: () => void;
  /** Whether it keeps the process alive ("news"). */
  hope: "news" | "background" = "news";
  /** When it fires; Infinity where it was never set, was cleared or has fired. */
  deadline = Infinity;

  constructor(clock: HostClock, callback: () => void) {
    this.#clock = clock;
    this.callback = callback;
  }

  get isSet(): boolean {
    return this.deadline !== Infinity;
  }

  due(): number {
    return this.#clock.isStopped ? Infinity : this.deadline;
  }

  fire(): void {
    this.#clock.fire(this);
  }

  /** Marks it as cleared or fired. It stays in the queue until its time comes, so it lets go of what it would call. */
  end(): void {
    this.deadline = Infinity;
    this.callback = nothing;
  }
}
