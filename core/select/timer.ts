// The timer of a wait: it wakes the sleeping wait when the time is up, and keeps the process alive until then.
//
// Setting a timer and clearing it takes 1.1 to 1.7 µs, and most waits end long before their time. So a timer outlives
// the wait that it was set for. It stays behind as the spare one, which keeps no process alive, and the next wait has it
// for 0.03 µs; where it is due before that wait's own deadline it is set anew then. (With one promise less to race, a wait
// that sleeps takes 0.8 µs of JavaScript instead of 2.5, a whole round of epoll on Deno 12 to 13 µs, 15 before.)

import type { Clock, Timer } from "../../seam/clock.ts";
import type { Waiter } from "../../seam/transport.ts";
import { delayUntil } from "../delay.ts";
import type { DescriptorTable } from "../descriptors.ts";

/** The timers of one clock's waits, with at most one to spare. */
export class WaitTimers {
  readonly clock: Clock;
  readonly #descriptors: DescriptorTable;
  #spare: WaitTimer | undefined;

  constructor(clock: Clock, descriptors: DescriptorTable) {
    this.clock = clock;
    this.#descriptors = descriptors;
  }

  /** A timer that wakes a waiter at a deadline (by the clock), until it is released. */
  take(waiter: Waiter, deadline: number): WaitTimer {
    const timer = this.#spare ?? new WaitTimer(this);
    this.#spare = undefined;
    timer.begin(waiter, deadline);
    return timer;
  }

  /** Takes a pending timer back. Answers whether it is kept: one spare is enough, and none where nothing is open. */
  keep(timer: WaitTimer): boolean {
    if (this.#spare !== undefined || this.#descriptors.empty) return false;
    this.#spare = timer;
    return true;
  }

  /** Notes that a spare timer has fired: a new one costs no more than setting it again. */
  drop(timer: WaitTimer): void {
    if (this.#spare === timer) this.#spare = undefined;
  }

  /** Clears the spare timer: nothing is open, so that no wait is going to need it. */
  clear(): void {
    this.#spare?.clear();
    this.#spare = undefined;
  }
}

/** A timer that one wait after the other may have. */
export class WaitTimer {
  readonly #timers: WaitTimers;
  #pending: Timer | undefined;
  #due = 0;
  #deadline = 0;
  #waiter: Waiter | undefined;

  /** Made by {@linkcode WaitTimers.take}. */
  constructor(timers: WaitTimers) {
    this.#timers = timers;
  }

  /** Begins to time a wait. */
  begin(waiter: Waiter, deadline: number): void {
    this.#waiter = waiter;
    this.#deadline = deadline;
    // One that is due later is of no use; one that is due before has only to be set again.
    if (this.#pending !== undefined && this.#due <= deadline) this.#timers.clock.hold(this.#pending, true);
    else this.#set();
  }

  /** Wakes nothing any more, and keeps no process alive. */
  release(): void {
    this.#waiter = undefined;
    if (this.#pending === undefined) return;
    if (!this.#timers.keep(this)) return this.clear();
    this.#timers.clock.hold(this.#pending, false);
  }

  /** Ends the timer. */
  clear(): void {
    this.#timers.clock.clearTimeout(this.#pending);
    this.#pending = undefined;
  }

  #set(): void {
    const { clock } = this.#timers;
    clock.clearTimeout(this.#pending);
    const now = clock.now();
    const delay = delayUntil(this.#deadline, now);
    this.#due = now + delay;
    this.#pending = clock.setTimeout(this.#fire, delay);
  }

  readonly #fire = (): void => {
    this.#pending = undefined;
    if (this.#waiter === undefined) this.#timers.drop(this);
    else if (this.#timers.clock.now() < this.#deadline) this.#set();
    else this.#waiter.wake();
  };
}
