// Timers and turns: how long a timer is set for, when the event loop gets a turn, and the timers of waits.

import type { Clock, Timer } from "../seam/clock.ts";
import type { Waiter } from "../seam/transport.ts";
import type { DescriptorTable } from "./descriptors.ts";

/** The longest delay that a timer takes, 2^31 - 1 ms: some 24 days. For a longer one it is set again. */
const LONGEST = 2 ** 31 - 1;

/** The milliseconds from now to a deadline (by the clock), rounded up: a timer must not fire before its time. */
export function delayUntil(deadline: number, now: number): number {
  return deadline === Infinity ? Infinity : Math.min(Math.max(Math.ceil(deadline - now), 0), LONGEST);
}

// Turns of the event loop. Calls that need not wait are a matter of microtasks: a loop of them (a peer that has ended its
// stream, a non-blocking socket asked again and again) would let no timer run and no other socket be served.

/** How many calls in a row may end without a turn. One turn costs about a microsecond. */
const CALLS_PER_TURN = 512;

/** Counts the calls of a runtime that end without waiting, and lets the event loop turn from time to time. */
export class Turns {
  readonly #clock: Clock;
  #calls = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a call that did not wait. Answers a turn of the event loop for it to end after, where one is due. */
  due(): Promise<void> | undefined {
    return ++this.#calls % CALLS_PER_TURN === 0 ? this.#clock.turn() : undefined;
  }

  /** The promise of a call that has ended without waiting. */
  resolution<T>(result: T): Promise<T> {
    return this.due()?.then(() => result) ?? Promise.resolve(result);
  }

  /** The same of a call that has failed. */
  rejection<T>(error: unknown): Promise<T> {
    return this.due()?.then(() => Promise.reject(error)) ?? Promise.reject(error);
  }
}

// How often a wait lets the event loop turn, and how long it may look for more.
//
// What is ready at once must not come without a look at the event loop: a program that only ever finds ready sockets would
// run in microtasks alone, and no timer, signal or late news would get through to it.
//
// Settling takes some 0.13 ms where a backend learns late. A wait that found something already does it too, so that its
// lists are complete as the kernel's are. But under load, when that happens thousands of times a second, speed counts
// more, and the rest comes with the next wait.

/** How many waits in a row may end without a turn of the event loop. */
const WAITS_PER_TURN = 64;
/** How many waits in quick succession may linger … */
const BURST = 16;
/** … and how often one more may. */
const MS_PER_LINGER = 2;

/** The pace of the waits of one runtime. */
export class Pace {
  readonly #clock: Clock;
  #waits = 0;
  #lingers = BURST;
  #refilled: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#refilled = clock.now();
  }

  /** Lets the event loop turn, where that is due. Every wait begins with it. */
  begin(): Promise<void> | undefined {
    if (++this.#waits < WAITS_PER_TURN) return undefined;
    this.#waits = 0;
    return this.#clock.turn();
  }

  /** Notes that the event loop had its turn. */
  turned(): void {
    this.#waits = 0;
  }

  /** Whether a wait that has something to report may take the time to look for more. */
  mayLinger(): boolean {
    const now = this.#clock.now();
    this.#lingers = Math.min(BURST, this.#lingers + (now - this.#refilled) / MS_PER_LINGER);
    this.#refilled = now;
    if (this.#lingers < 1) return false;
    this.#lingers--;
    return true;
  }
}

// The timer of a wait: it wakes the sleeping wait when the time is up, and keeps the process alive until then.
//
// Setting a timer and clearing it takes 1.1 to 1.7 µs, and most waits end long before their time. So a timer outlives
// the wait that it was set for. It stays behind as the spare one, which keeps no process alive, and the next wait has it
// for 0.03 µs; where it is due before that wait's own deadline it is set anew then. (With one promise less to race, a wait
// that sleeps takes 0.8 µs of JavaScript instead of 2.5, a whole round of epoll on Deno 12 to 13 µs, 15 before.)

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
