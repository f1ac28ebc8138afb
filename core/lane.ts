// The one retry loop: try; if it would block, wait until it may succeed; try again.
//
// A socket has two lanes, one for what reads (accept, recv …) and one for what writes (connect, send …).
// In a lane calls are served first come, first served: only the first one tries and waits. That keeps
// concurrent receives fair and a sendall whole, since a call keeps its place until it is done.

import { errorFor, timedOut } from "../base/errors.ts";
import type { ErrnoName } from "../base/errno.ts";
import { WOULD_BLOCK } from "../transport.ts";
import type { Pollable, Waiter, WouldBlock } from "../transport.ts";

/** One try. It keeps its own progress between tries (sendall), and throws only real errors. */
export type Attempt<T> = () => T | WouldBlock;

/** The longest delay that a timer takes, 2^31 - 1 ms: some 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A call that waits. */
class Call {
  readonly attempt: Attempt<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  timer: ReturnType<typeof setTimeout> | undefined = undefined;
  signal: AbortSignal | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;

  constructor(
    attempt: Attempt<unknown>,
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
  ) {
    this.attempt = attempt;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** One try. Answers whether that was its end. */
  ends(): boolean {
    try {
      const result = this.attempt();
      if (result === WOULD_BLOCK) return false;
      this.disarm();
      this.resolve(result);
    } catch (error) {
      this.disarm();
      this.reject(error);
    }
    return true;
  }

  disarm(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    if (this.onAbort !== undefined) this.signal!.removeEventListener("abort", this.onAbort);
  }
}

/** A queue of calls that wait for the same readiness of the same socket. */
export class Lane implements Waiter {
  readonly #pollable: Pollable;
  readonly #mask: number;
  readonly #calls: Call[] = [];

  constructor(pollable: Pollable, mask: number) {
    this.#pollable = pollable;
    this.#mask = mask;
  }

  /**
   * Runs one call to its end: a result, an error of the attempt, a timeout (seconds; null waits for ever,
   * 0 does not wait and rejects with `busy`), an abort, or `cancel`. Giving up only stops the waiting, so
   * nothing is lost by it.
   */
  run<T>(
    attempt: Attempt<T>,
    timeout: number | null,
    signal: AbortSignal | undefined,
    busy: ErrnoName = "EAGAIN",
  ): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#calls.length === 0) {
      try {
        const result = attempt();
        if (result !== WOULD_BLOCK) return Promise.resolve(result as T);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    return new Promise<T>((resolve, reject) => {
      const call = new Call(attempt, resolve as (value: unknown) => void, reject);
      if (this.#calls.push(call) === 1) this.#pollable.watch(this.#mask, this);
      if (signal !== undefined) {
        call.signal = signal;
        call.onAbort = () => this.#giveUp(call, () => signal.reason);
        signal.addEventListener("abort", call.onAbort, { once: true });
      }
      if (timeout === 0) this.#settle(call, busy);
      else if (timeout !== null) this.#expire(call, performance.now() + timeout * 1000);
    });
  }

  /** Rejects every waiting call: the socket was closed. */
  cancel(code: ErrnoName): void {
    if (this.#calls.length === 0) return;
    this.#pollable.unwatch(this);
    for (const call of this.#calls.splice(0)) {
      call.disarm();
      call.reject(errorFor(code));
    }
  }

  /** Tries the first call, and the ones behind it for as long as they succeed. */
  wake(): void {
    const calls = this.#calls;
    // Withdrawn before the try: a backend that reads ahead does so only while somebody waits.
    this.#pollable.unwatch(this);
    while (calls.length > 0) {
      if (!calls[0].ends()) {
        this.#pollable.watch(this.#mask, this);
        return;
      }
      calls.shift();
    }
  }

  /** Gives a call its last try and, where that would block too, its end. */
  #giveUp(call: Call, reason: () => unknown): void {
    const place = this.#calls.indexOf(call);
    if (place < 0) return;
    // Only the first may try: whoever stands behind it has nothing to take.
    if (place === 0) this.#pollable.unwatch(this);
    this.#calls.splice(place, 1);
    if (place > 0 || !call.ends()) {
      call.disarm();
      call.reject(reason());
    }
    if (place === 0 && this.#calls.length > 0) this.wake();
  }

  /** A call that may not wait still lets the backend learn what the kernel has. */
  #settle(call: Call, busy: ErrnoName): void {
    const settled = this.#pollable.settle(this.#mask);
    const end = () => this.#giveUp(call, () => errorFor(busy));
    if (settled === undefined) end();
    else settled.then(end, end);
  }

  #expire(call: Call, deadline: number): void {
    // Rounded up: a timer that fires early would report a timeout before its time.
    const rest = Math.ceil(deadline - performance.now());
    call.timer = setTimeout(() => {
      if (performance.now() < deadline) this.#expire(call, deadline);
      else this.#giveUp(call, timedOut);
    }, Math.min(Math.max(rest, 1), LONGEST_TIMER));
  }
}
