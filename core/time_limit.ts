// SO_RCVTIMEO and SO_SNDTIMEO: how long the kernel lets a blocking call wait.
//
// A timeout of settimeout() bounds a whole call. These bound each wait of the kernel's: a sendall goes on for as long as
// each such span brings progress, and a receive that has some of what it wants ends with that.

import { errorFor } from "../base/errors.ts";
import { POLLIN } from "../base/poll.ts";
import type { Clock, Timer } from "../seam/clock.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Pollable } from "../seam/transport.ts";
import { delayUntil } from "./delay.ts";
import type { Attempt, Lane, Operation } from "./lane.ts";

/** The time that one blocking call has. */
export class TimeLimit {
  /** Whether the time is up: the attempt that is made now is the last one, and takes what there is. */
  expired = false;
  /** Set by a call that goes on for as long as it gets on. */
  moved = false;
  readonly #clock: Clock;
  readonly #seconds: number;
  readonly #error: () => Error;

  /** `error` makes what the call ends with: EAGAIN, or EINPROGRESS of a connect. */
  constructor(clock: Clock, seconds: number, error: () => Error = () => errorFor("EAGAIN")) {
    this.#clock = clock;
    this.#seconds = seconds;
    this.#error = error;
  }

  /** Runs a call in a lane. */
  async run<T>(
    lane: Lane,
    attempt: Attempt<T>,
    signal: AbortSignal | undefined,
    operation: Operation,
  ): Promise<T> {
    const controller = new AbortController();
    const signals = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
    let timer: Timer;
    const wait = (deadline: number) => {
      timer = this.#clock.setTimeout(() => {
        if (this.#clock.now() < deadline) return wait(deadline);
        if (this.moved) {
          this.moved = false;
          return wait(this.#clock.now() + this.#seconds * 1000);
        }
        this.expired = true;
        controller.abort(this.#error());
      }, delayUntil(deadline, this.#clock.now()));
      // The call itself keeps the process alive, as far as the socket does.
      this.#clock.hold(timer, false);
    };
    wait(this.#clock.now() + this.#seconds * 1000);
    try {
      return await lane.run(attempt, null, signals, operation);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }
}

/** An attempt that is made when the kernel says that it may: CPython polls first where there is a timeout. */
export function whenReadable<T>(pollable: Pollable, attempt: Attempt<T>): Attempt<T> {
  return () => pollable.events(POLLIN) === 0 ? WOULD_BLOCK : attempt();
}
