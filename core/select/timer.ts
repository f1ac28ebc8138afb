// The timer of a wait: it wakes the one who sleeps when the time is up, and keeps the process alive until then.
//
// Setting a timer and clearing it takes 1.1 to 1.7 µs, and most waits end long before their time. So a timer outlives
// the wait that it was set for. It stays behind as the spare one, unref'ed, and the next wait has it for 0.03 µs; where
// it is due before that wait's own deadline it is set anew then. (With one promise less to race, a wait that sleeps
// takes 0.8 µs of JavaScript instead of 2.5, a whole round of epoll on Deno 12 to 13 µs, 15 before.)

import { delayUntil } from "../delay.ts";
import * as descriptors from "../descriptors.ts";
import type { Waiter } from "../../seam/transport.ts";

let spare: Timer | undefined;

/** A timer that one wait after the other may have. */
export class Timer {
  #handle: ReturnType<typeof setTimeout> | undefined;
  #due = 0;
  #deadline = 0;
  #sleeper: Waiter | undefined;

  /** A timer that wakes somebody at a deadline (by performance.now), until it is released. */
  static take(sleeper: Waiter, deadline: number): Timer {
    const timer = spare ?? new Timer();
    spare = undefined;
    timer.#sleeper = sleeper;
    timer.#deadline = deadline;
    // One that is due later is of no use; one that is due before has only to be set again.
    if (timer.#handle !== undefined && timer.#due <= deadline) Deno.refTimer(timer.#handle);
    else timer.#set();
    return timer;
  }

  /** Wakes nobody any more, and keeps no process alive. */
  release(): void {
    this.#sleeper = undefined;
    if (this.#handle === undefined) return;
    // One spare is enough. And where nothing is open nobody is going to wait: who counts timers is to find none.
    if (spare !== undefined || !descriptors.anyOpen()) return this.#clear();
    Deno.unrefTimer(this.#handle);
    spare = this;
  }

  #set(): void {
    clearTimeout(this.#handle);
    const now = performance.now();
    const delay = delayUntil(this.#deadline, now);
    this.#due = now + delay;
    this.#handle = setTimeout(this.#fire, delay);
  }

  #clear(): void {
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }

  readonly #fire = (): void => {
    this.#handle = undefined;
    if (this.#sleeper === undefined) spare = undefined;
    else if (performance.now() < this.#deadline) this.#set();
    else this.#sleeper.wake();
  };

  static {
    descriptors.onLastClosed(() => {
      if (spare !== undefined) spare.#clear();
      spare = undefined;
    });
  }
}
