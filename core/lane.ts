// The one retry loop: try; if it would block, wait until it may succeed; try again.
//
// A socket has two lanes, one for what reads (accept, recv …) and one for what writes (connect, send …).
// In a lane calls are served first come, first served: only the first one tries and waits. That keeps
// concurrent receives fair and a sendall whole, since a call keeps its place until it is done.

import { errorFor, timedOut } from "../base/errors.ts";
import type { ErrorContext } from "../base/errors.ts";
import { POLLIN } from "../base/poll.ts";
import type { Clock, Timer } from "../seam/clock.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Pollable, Transport, Waiter, WouldBlock } from "../seam/transport.ts";
import { isAborted, reasonOf, whenAborted, withCallerStack } from "./promises.ts";
import type { Runtime } from "./runtime.ts";
import { delayUntil } from "./timing.ts";

/** One try of a call. It keeps its own progress between tries (sendall), and throws only real errors. */
export type Attempt<T> = () => T | WouldBlock;

/** What a call does: what the errors that are made here tell of it. */
export type Operation = Pick<ErrorContext, "syscall" | "address">;

const NO_OPERATION: Operation = {};

/** What a lane needs of a descriptor. */
export interface LaneDescriptor extends Pollable {
  /** The transport behind it. */
  readonly open: Pick<Transport, "forget" | "blockingError">;
}

/** What may end a call before its time. */
class Limits {
  readonly clock: Clock;
  timer: Timer | undefined = undefined;
  /** Stops listening to the signal. */
  unlisten: (() => void) | undefined = undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  lift(): void {
    if (this.timer !== undefined) this.clock.clearTimeout(this.timer);
    this.unlisten?.();
    this.timer = this.unlisten = undefined;
  }
}

/** A call that waits. Small: with many connections, each wait finds it outside the processor's caches. */
class Call {
  readonly attempt: Attempt<unknown>;
  readonly operation: Operation;
  readonly promise: Promise<unknown>;
  resolve!: (value: unknown) => void;
  reject!: (reason: unknown) => void;
  /** The call behind it. */
  next: Call | null = null;
  limits: Limits | null = null;

  constructor(attempt: Attempt<unknown>, operation: Operation) {
    this.attempt = attempt;
    this.operation = operation;
    // V8 compiles this executor away, and both functions go from one new object into another. One executor for all, which
    // kept them in variables meanwhile, cost the garbage collector's write barriers: 3 % of an echo on Deno.
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** One try. Returns whether that was the call's end. */
  ends(): boolean {
    try {
      const result = this.attempt();
      if (result === WOULD_BLOCK) return false;
      this.limits?.lift();
      this.resolve(result);
    } catch (error) {
      this.fail(error);
    }
    return true;
  }

  /** Ends the call with an error, which gets the caller's stack: it was made in the event loop, below all of that. */
  fail(error: unknown): void {
    this.limits?.lift();
    this.resolve(withCallerStack(error));
  }

  /** The last try. Returns what ends the call, undefined where it would block. */
  lastTry(): (() => void) | undefined {
    try {
      const result = this.attempt();
      return result === WOULD_BLOCK ? undefined : () => this.resolve(result);
    } catch (error) {
      return () => this.fail(error);
    }
  }

  /** Ends a call that was withdrawn, at once or after the backend's own waiting. */
  finish(pollable: Pollable, end: () => void): void {
    this.limits?.lift();
    const atRest = pollable.atRest?.();
    if (atRest === undefined) end();
    else atRest.then(end);
  }
}

/** A queue of calls that wait for the same readiness of the same socket. Each in its turn is the transport's caller. */
export class Lane implements Waiter, Caller {
  /** Raised whenever a call ends; see {@linkcode Caller}. */
  turn = 0;
  /** Set by the attempts that lend; see {@linkcode Caller}. */
  lends = false;
  readonly #descriptor: LaneDescriptor;
  readonly #mask: number;
  readonly #runtime: Runtime;
  // A linked list: an array that is filled and emptied again allocates each time.
  #first: Call | null = null;
  /** Set with the second call: most are alone, and each store of something new in something old has its price. */
  #last: Call | null = null;
  #referenced = true;

  constructor(descriptor: LaneDescriptor, mask: number, runtime: Runtime) {
    this.#descriptor = descriptor;
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
    operation: Operation = NO_OPERATION,
  ): Promise<T> {
    if (signal !== undefined && isAborted(signal)) return Promise.reject(reasonOf(signal));
    if (this.#first === null) {
      try {
        const result = attempt();
        if (result !== WOULD_BLOCK) {
          this.endTurn();
          return this.#runtime.turns.resolution(result as T);
        }
      } catch (error) {
        this.endTurn();
        return this.#runtime.turns.rejection(error);
      }
    }
    return this.wait(attempt, timeout, signal, operation);
  }

  /** Queues a call that would block, or that has others ahead of it. */
  wait<T>(
    attempt: Attempt<T>,
    timeout: number | null,
    signal: AbortSignal | undefined,
    operation: Operation = NO_OPERATION,
  ): Promise<T> {
    const call = new Call(attempt, operation);
    this.#enqueue(call);
    if (signal !== undefined) this.#heed(call, signal);
    if (timeout === 0) this.#settle(call);
    else if (timeout !== null) this.#expire(call, this.#runtime.clock.now() + timeout * 1000);
    return call.promise as Promise<T>;
  }

  /** Whether no call is queued: then a try takes no other call's place. */
  get idle(): boolean {
    return this.#first === null;
  }

  /** Ends the turn of a call that was answered without being queued. */
  endTurn(): void {
    this.turn = (this.turn + 1) | 0;
    this.lends = false;
  }

  /** Rejects every queued call with EBADF: the socket was closed. Then its address can be bound again. */
  cancel(): void {
    const first = this.#first;
    if (first === null) return;
    const descriptor = this.#descriptor;
    descriptor.unwatch(this);
    descriptor.open.forget(this);
    this.endTurn();
    this.#first = this.#last = null;
    for (let call: Call | null = first; call !== null; call = call.next) call.limits?.lift();
    // In a moment: lanes are told of a close before the backend is.
    queueMicrotask(async () => {
      await descriptor.released;
      for (let call: Call | null = first; call !== null; call = call.next) {
        const ended = call;
        ended.finish(descriptor, () => ended.fail(errorFor("EBADF", ended.operation)));
      }
    });
  }

  /** Tries the first call, and the ones behind it for as long as they succeed. */
  wake(): void {
    this.#runtime.loops.wakeUps.count++;
    // Withdrawn before the try: a backend that reads ahead does so only while a waiter is registered.
    this.#descriptor.unwatch(this);
    // Closed by its number, or through another object: then this lane was not told.
    if (this.#descriptor.closed) return this.cancel();
    while (this.#first !== null) {
      if (!this.#first.ends()) {
        this.#descriptor.watch(this.#mask, this);
        return;
      }
      this.#removeFirst();
    }
  }

  #enqueue(call: Call): void {
    if (this.#first === null) {
      try {
        // `watch` may throw, so it comes before the queueing.
        this.#descriptor.watch(this.#mask, this);
      } catch (error) {
        this.#descriptor.open.forget(this);
        this.endTurn();
        throw error;
      }
      this.#first = call;
    } else {
      (this.#last ?? this.#first).next = call;
      this.#last = call;
    }
  }

  /** Takes the first call, which has ended, out of the queue. Its turn ends with it. */
  #removeFirst(): void {
    this.endTurn();
    const call = this.#first!;
    this.#first = call.next;
    if (this.#last === call) this.#last = null;
  }

  /** Takes a call that is not the first out of the queue. Returns whether it was in it. */
  #remove(call: Call): boolean {
    for (let at = this.#first; at !== null; at = at.next) {
      if (at.next !== call) continue;
      at.next = call.next;
      if (this.#last === call) this.#last = at;
      return true;
    }
    return false;
  }

  /** Gives a call its last try and, where that would block too, its end. */
  #giveUp(call: Call, end: () => void): void {
    // Only the first call may try: what stands behind it has nothing to take.
    if (this.#first !== call) {
      if (this.#remove(call)) call.finish(this.#descriptor, end);
      return;
    }
    this.#descriptor.unwatch(this);
    const answer = call.lastTry();
    if (answer === undefined) this.#descriptor.open.forget(this);
    this.#removeFirst();
    call.finish(this.#descriptor, answer ?? end);
    if (this.#first !== null) this.wake();
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
    limits.unlisten = whenAborted(signal, (reason) => this.#giveUp(call, () => call.reject(reason)));
  }

  /** A call that may not wait still lets the backend learn what the kernel has. */
  #settle(call: Call): void {
    const settled = this.#descriptor.settle(this.#mask) ?? this.#runtime.turns.due();
    const end = () => this.#giveUp(call, () => call.fail(this.#blockingError(call)));
    if (settled === undefined) end();
    else settled.then(end, end);
  }

  #blockingError(call: Call): Error {
    return this.#descriptor.open.blockingError?.(this.#mask) ?? errorFor("EAGAIN", call.operation);
  }

  #expire(call: Call, deadline: number): void {
    const { clock } = this.#runtime;
    const timer = clock.setTimeout(() => {
      if (clock.now() < deadline) this.#expire(call, deadline);
      else this.#giveUp(call, () => call.fail(timedOut(call.operation)));
    }, delayUntil(deadline, clock.now()));
    if (!this.#referenced) clock.hold(timer, false);
    (call.limits ??= new Limits(this.#runtime.clock)).timer = timer;
  }
}

// SO_RCVTIMEO and SO_SNDTIMEO: how long the kernel lets a blocking call wait.
//
// A timeout of settimeout() bounds a whole call. These bound each wait of the kernel's: a sendall goes on for as long as
// each such span brings progress, and a receive that has some of what it wants ends with that.

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
