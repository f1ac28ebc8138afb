// The timeline of a network: the time now, and the events to come. A pacer makes the events happen: at once in virtual
// time (virtual.ts), or as real time passes (real.ts).

import { Random } from "../random.ts";
import { EventQueue } from "./queue.ts";
import type { Action } from "./queue.ts";

/** The tie of an event that comes after all others of the same time. */
const LAST = 1;

/** Selects the random sequence that orders simultaneous events (see `Random`). */
const TIES = 0x71e5;

/**
 * The kinds of timers. They decide whether a run is a deadlock, and whether the process stays alive.
 *
 * - "progress": it may wake a program.
 * - "probe": it may wake a program, or repeat for ever without an effect. Probes of a closed window and keepalive are such.
 * - "background": it may wake a program, but does not keep the process alive.
 * - "expiry": it wakes no program.
 */
export type TimerKind = "progress" | "probe" | "background" | "expiry";

/** The events of one network. Times are whole nanoseconds since its start. */
export class Timeline {
  /** Set when an event may have woken a program. The pacer then lets the event loop turn, and clears it. */
  woken = false;
  /**
   * Set when a global timer after `unref` has fired. The event loop turns then too. But such a timer may repeat for ever, so
   * it does not rule a deadlock out.
   */
  ticked = false;
  /** The number of pending events and timers of each kind. An event that is no timer counts as "progress". */
  readonly pending: Record<TimerKind, number> = { progress: 0, probe: 0, background: 0, expiry: 0 };
  /** How many events have happened. */
  count = 0;
  /** Called when `pending` or the queue has changed. The pacer of real time uses it. */
  onChange: () => void = () => {};
  readonly #queue = new EventQueue();
  readonly #ties: Random;
  readonly #realNow: (() => number) | undefined;
  #now = 0;
  #firing = false;
  #paused = false;
  #stopped = false;

  /** `realNow` is the real time in nanoseconds since the start. Without it, time is virtual. */
  constructor(seed: number, realNow?: () => number) {
    this.#ties = new Random(seed, TIES);
    this.#realNow = realNow;
  }

  /** The time now. It stands still while an event happens. Virtual time also stands still between events. */
  get now(): number {
    if (this.#realNow !== undefined && !this.#firing && !this.#paused) this.#now = Math.max(this.#now, this.#realNow());
    return this.#now;
  }

  /** Lets the time stand still until `resume`. Work on packets reads it often, and reading the real clock takes 0.2 µs. */
  pause(): void {
    this.#now = this.now;
    this.#paused = true;
  }
  resume(): void {
    this.#paused = false;
  }

  /** Returns a random tie: the place of an event among the events of the same time. The seed decides it. */
  tie(): number {
    return this.#ties.next();
  }

  /** Returns a random tie after another tie. */
  tieAfter(tie: number): number {
    return tie + (LAST - tie) * this.#ties.next();
  }

  /** Adds an action that happens at a time. */
  at(time: number, action: Action, tie: number = this.tie()): void {
    if (this.#stopped) return;
    this.pending.progress++;
    this.#queue.add(Math.max(time, this.now), tie, action);
    this.onChange();
  }

  /** Adds an action that can be postponed. The caller counts it in `pending`. */
  addPostponable(time: number, action: Required<Action>): void {
    if (!this.#stopped) this.#queue.add(Math.max(time, this.now), this.tie(), action);
  }

  /** Notes that an action of `addPostponable` was discarded before it happened. */
  discard(): void {
    this.#queue.discard();
  }

  /** Calls a function of a program after all other events of this time. */
  after(callback: () => void): void {
    const fire = () => {
      this.woken = true;
      callback();
    };
    this.at(this.now, { fire }, LAST);
  }

  /** Returns the time of the next event, or Infinity if there is none. */
  nextTime(): number {
    return this.#queue.nextTime();
  }

  /** Returns the time of the last event, or -Infinity if there is none. */
  lastTime(): number {
    return this.#queue.lastTime();
  }

  /** The number of events. Cleared timers may be included. */
  get size(): number {
    return this.#queue.size;
  }

  /** Removes every event and accepts no new ones. */
  stop(): void {
    this.#stopped = true;
    this.#queue.clear();
    this.onChange();
  }

  /**
   * Runs the expiries that are due. The pacer of real time sets no timer for them if nothing else is pending. So a call
   * whose result depends on expiries runs them first.
   */
  expire(): void {
    const { progress, probe, background } = this.pending;
    if (this.#realNow === undefined || this.#firing || progress + probe + background > 0) return;
    const { now } = this;
    while (this.step(now));
  }

  /** Lets virtual time pass, without an event, until a time before the next event. */
  passUntil(time: number): void {
    this.#now = Math.max(this.#now, time);
  }

  /** Makes the next event happen if its time is at most `limit`. Returns whether one happened. */
  step(limit: number): boolean {
    const time = this.#queue.nextTime();
    if (time === Infinity || time > limit) return false;
    const action = this.#queue.take();
    if (time > this.#now) this.#now = time;
    this.count++;
    if (action.due === undefined) this.pending.progress--;
    this.#firing = true;
    try {
      action.fire();
    } finally {
      this.#firing = false;
    }
    return true;
  }
}
