// The timeline of a network: what time it is, and what is going to happen. A pacer lets it happen: at once, with virtual
// time, or as real time passes.

import { Random } from "../random.ts";
import { EventQueue } from "./queue.ts";
import type { Action } from "./queue.ts";

/** The tie of what comes after everything else at its time. */
const LAST = 1;

/** The purpose of the random sequence that orders simultaneous events. */
const TIES = 0x71e5;

/**
 * What may come of a timer. "news": something that a program waits for. "probe": the same, but it may go on for ever
 * without news (a zero window, an idle connection with keepalive). "background": the same, but it is no reason to keep
 * the process alive. "expiry": nothing that a program waits for.
 */
export type Hope = "news" | "probe" | "background" | "expiry";

/** The events of one network. Times are whole nanoseconds since its start. */
export class Timeline {
  /** Raised where an event may have let a program go on; the pacer lets it, and lowers it again. */
  woken = false;
  /** How many events and timers are pending, by what may come of them. */
  readonly pending: Record<Hope, number> = { news: 0, probe: 0, background: 0, expiry: 0 };
  /** How many events have happened. */
  count = 0;
  /** Called where what is pending has changed. The pacer of real time listens. */
  onChange: () => void = () => {};
  readonly #queue = new EventQueue();
  readonly #ties: Random;
  readonly #realNow: (() => number) | undefined;
  #now = 0;
  #firing = false;
  #paused = false;
  #stopped = false;

  /** `realNow` is the real time in nanoseconds since the start; left out where time is virtual. */
  constructor(seed: number, realNow?: () => number) {
    this.#ties = new Random(seed, TIES);
    this.#realNow = realNow;
  }

  /** The time. It stands still while an event happens, after `pause` and, where it is virtual, between events. */
  get now(): number {
    if (this.#realNow !== undefined && !this.#firing && !this.#paused) this.#now = Math.max(this.#now, this.#realNow());
    return this.#now;
  }

  /** Lets the time stand still until `resume`. Work on packets reads it often, and the real clock takes 0.2 µs. */
  pause(): void {
    this.#now = this.now;
    this.#paused = true;
  }
  resume(): void {
    this.#paused = false;
  }

  /** A place among the events of the same time, by the seed. */
  tie(): number {
    return this.#ties.next();
  }

  /** A place somewhere behind another one of the same time. */
  tieAfter(tie: number): number {
    return tie + (LAST - tie) * this.#ties.next();
  }

  /** Lets something happen at a time. It is never postponed. */
  at(time: number, action: Action, tie: number = this.tie()): void {
    if (this.#stopped) return;
    this.pending.news++;
    this.#queue.add(Math.max(time, this.now), tie, action);
    this.onChange();
  }

  /** Lets an action happen that can be postponed. It counts in `pending` by itself. */
  enter(time: number, action: Required<Action>): void {
    if (!this.#stopped) this.#queue.add(Math.max(time, this.now), this.tie(), action);
  }

  /** Calls a function of a program after everything else that happens now. */
  after(callback: () => void): void {
    const fire = () => {
      this.woken = true;
      callback();
    };
    this.at(this.now, { fire }, LAST);
  }

  /** The time of the next event, or Infinity if there is none. */
  nextTime(): number {
    return this.#queue.nextTime();
  }

  /** How many events there are, those of cleared timers among them. */
  get size(): number {
    return this.#queue.size;
  }

  /** Drops every event: nothing happens any more. */
  stop(): void {
    this.#stopped = true;
    this.#queue.clear();
    this.onChange();
  }

  /** Lets the next event happen, and returns whether there was one up to a time. */
  step(limit: number): boolean {
    const time = this.#queue.nextTime();
    if (time === Infinity || time > limit) return false;
    const action = this.#queue.take();
    if (time > this.#now) this.#now = time;
    this.count++;
    if (action.due === undefined) this.pending.news--;
    this.#firing = true;
    try {
      action.fire();
    } finally {
      this.#firing = false;
    }
    return true;
  }
}
