// How often a wait lets the event loop turn, and how long it may look for more.
//
// What is ready at once must not come without a look at the event loop: a program that only ever finds ready sockets would
// run in microtasks alone, and no timer, signal or late news would get through to it.
//
// Settling takes some 0.13 ms where a backend learns late. A wait that found something already does it too, so that its
// lists are complete as the kernel's are. But under load, when that happens thousands of times a second, speed counts
// more, and the rest comes with the next wait.

import type { Clock } from "../../seam/clock.ts";

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
