// The one retry loop: try; if it would block, wait until it may succeed; try again.
//
// A socket has two lanes, one for what reads (accept, recv …) and one for what writes (connect, send …).
// In a lane calls are served first come, first served: only the first one tries and waits. That keeps
// concurrent receives fair and a sendall whole, since a call keeps its place until it is done.

import { errorFor, timedOut } from "../base/errors.ts";
import type { Clock, Timer } from "../seam/clock.ts";
import { WOULD_BLOCK } from "../transport.ts";
import { delayUntil } from "./delay.ts";
import type { Runtime } from "./runtime.ts";
import type { Led, Pollable, Waiter, WouldBlock } from "../transport.ts";

/** One try. It keeps its own progress between tries (sendall), and throws only real errors. */
export type Attempt<T> = () => T | WouldBlock;

/** What may end a call before its time. */
class Limits {
  readonly clock: Clock;
  timer: Timer | undefined = undefined;
  signal: AbortSignal | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  lift(): void {
    if (this.timer !== undefined) this.clock.clearTimeout(this.timer);
    if (this.onAbort !== undefined) this.signal!.removeEventListener("abort", this.onAbort);
  }
}

/** A call that waits. Small: with many connections, each wait finds it outside the processor's caches. */
class Call {
  readonly attempt: Attempt<unknown>;
  readonly promise: Promise<unknown>;
  resolve!: (value: unknown) => void;
  reject!: (reason: unknown) => void;
  /** Who stands behind it. */
  next: Call | null = null;
  limits: Limits | null = null;

  constructor(attempt: Attempt<unknown>) {
    this.attempt = attempt;
    // V8 compiles this executor away, and both functions go from one new object into another. One executor for all, which
    // kept them in variables meanwhile, cost the garbage collector's write barriers: 3 % of an echo on Deno.
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** One try. Answers whether that was its end. */
  ends(): boolean {
    try {
      const result = this.attempt();
      if (result === WOULD_BLOCK) return false;
      this.limits?.lift();
      this.resolve(result);
    } catch (error) {
      this.limits?.lift();
      this.reject(error);
    }
    return true;
  }
}

/** A queue of calls that wait for the same readiness of the same socket. */
export class Lane implements Waiter, Led {
  readonly #pollable: Pollable;
  readonly #mask: number;
  readonly #runtime: Runtime;
  // A linked list: an array that is filled and emptied again allocates each time.
  #first: Call | null = null;
  /** Set with the second call: most are alone, and each store of something new in something old has its price. */
  #last: Call | null = null;
  cancelled = false;
  #referenced = true;

  constructor(pollable: Pollable, mask: number, runtime: Runtime) {
    this.#pollable = pollable;
    this.#mask = mask;
    this.#runtime = runtime;
  }

  /**
   * Runs one call to its end: a result, an error of the attempt, a timeout (seconds; null waits for ever,
   * 0 does not wait and rejects with EAGAIN), an abort, or `cancel`. Giving up only stops the waiting, so
   * nothing is lost by it.
   */
  run<T>(
    attempt: Attempt<T>,
    timeout: number | null,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#first === null) {
      try {
        const result = attempt();
        if (result !== WOULD_BLOCK) return this.#runtime.turns.resolution(result as T);
      } catch (error) {
        return this.#runtime.turns.rejection(error);
      }
      // Nobody stands before this call, and nobody gives it up.
      if (timeout === null && signal === undefined) {
        const led = this.#pollable.lead?.(this.#mask, attempt, this);
        if (led !== undefined) return led;
      }
    }
    return this.wait(attempt, timeout, signal);
  }

  /** Runs a call on whose first try has just answered WOULD_BLOCK, while the lane was idle; or that has to queue up. */
  wait<T>(attempt: Attempt<T>, timeout: number | null, signal: AbortSignal | undefined): Promise<T> {
    const call = new Call(attempt);
    this.#enqueue(call);
    if (signal !== undefined) this.#heed(call, signal);
    if (timeout === 0) this.#settle(call);
    else if (timeout !== null) this.#expire(call, this.#runtime.clock.now() + timeout * 1000);
    return call.promise as Promise<T>;
  }

  /** Whether nobody waits: then a try takes nobody's turn. */
  get idle(): boolean {
    return this.#first === null;
  }

  /** The outcome of a call that the backend has led to its news. */
  retry<T>(attempt: Attempt<T>): T | Promise<T> {
    if (this.cancelled) throw errorFor("EBADF");
    const result = attempt();
    return result === WOULD_BLOCK ? this.run(attempt, null, undefined) : result;
  }

  /** Rejects every waiting call with EBADF: the socket was closed. */
  cancel(): void {
    this.cancelled = true;
    this.#pollable.unwatch(this);
    const first = this.#first;
    this.#first = this.#last = null;
    for (let call: Call | null = first; call !== null; call = call.next) {
      call.limits?.lift();
      call.reject(errorFor("EBADF"));
    }
  }

  /** Tries the first call, and the ones behind it for as long as they succeed. */
  wake(): void {
    // Withdrawn before the try: a backend that reads ahead does so only while somebody waits.
    this.#pollable.unwatch(this);
    // Closed by its number, or through another object: then this lane was not told.
    if (this.#pollable.closed) return this.cancel();
    while (this.#first !== null) {
      if (!this.#first.ends()) {
        this.#pollable.watch(this.#mask, this);
        return;
      }
      this.#dequeue(this.#first);
    }
  }

  #enqueue(call: Call): void {
    if (this.#first === null) {
      // First what may fail: a call that nobody watches for must not stand before the others.
      this.#pollable.watch(this.#mask, this);
      this.#first = call;
    } else {
      (this.#last ?? this.#first).next = call;
      this.#last = call;
    }
  }

  /** Takes a call out of the queue. Answers whether it was in it. */
  #dequeue(call: Call): boolean {
    let before: Call | null = null;
    for (let at = this.#first; at !== call; before = at, at = at.next) if (at === null) return false;
    if (before === null) this.#first = call.next;
    else before.next = call.next;
    if (this.#last === call) this.#last = before;
    return true;
  }

  /** Gives a call its last try and, where that would block too, its end. */
  #giveUp(call: Call, reason: () => unknown): void {
    const isFirst = this.#first === call;
    if (!this.#dequeue(call)) return;
    // Only the first may try: whoever stands behind it has nothing to take.
    if (isFirst) this.#pollable.unwatch(this);
    if (!isFirst || !call.ends()) {
      call.limits?.lift();
      call.reject(reason());
    }
    if (isFirst && this.#first !== null) this.wake();
  }

  /** Whether the timeouts of waiting calls keep the process alive. */
  set referenced(referenced: boolean) {
    this.#referenced = referenced;
    for (let call = this.#first; call !== null; call = call.next) {
      const timer = call.limits?.timer;
      if (timer !== undefined) this.#runtime.clock.hold(timer, referenced);
    }
  }

  #heed(call: Call, signal: AbortSignal): void {
    const limits = call.limits ??= new Limits(this.#runtime.clock);
    limits.signal = signal;
    limits.onAbort = () => this.#giveUp(call, () => signal.reason);
    signal.addEventListener("abort", limits.onAbort, { once: true });
  }

  /** A call that may not wait still lets the backend learn what the kernel has. */
  #settle(call: Call): void {
    const settled = this.#pollable.settle(this.#mask) ?? this.#runtime.turns.due();
    const end = () => this.#giveUp(call, () => errorFor("EAGAIN"));
    if (settled === undefined) end();
    else settled.then(end, end);
  }

  #expire(call: Call, deadline: number): void {
    const { clock } = this.#runtime;
    const timer = clock.setTimeout(() => {
      if (clock.now() < deadline) this.#expire(call, deadline);
      else this.#giveUp(call, timedOut);
    }, delayUntil(deadline, clock.now()));
    if (!this.#referenced) clock.hold(timer, false);
    (call.limits ??= new Limits(this.#runtime.clock)).timer = timer;
  }
}
