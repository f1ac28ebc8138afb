// The retry loop: make an attempt; if it would block, wait until it may succeed; make the next attempt.
//
// A socket has two lanes: one for accept and receives, one for connect and sends. A lane serves its calls in the order in
// which they were made, and only its first call makes attempts. So concurrent receives get the data in order, and the bytes
// of two sendall calls do not mix.

import { errorFor, timedOut } from "../base/errors.ts";
import type { ErrorContext } from "../base/errors.ts";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL } from "../base/poll.ts";
import type { Clock, Timer } from "../seam/clock.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Pollable, Transport, Waiter, WouldBlock } from "../seam/transport.ts";
import { isAborted, reasonOf, whenAborted, withCallerStack } from "./promises.ts";
import type { Runtime } from "./runtime.ts";
import { delayUntil } from "./timing.ts";

/** Makes one attempt of a call. It keeps the call's progress between attempts (sendall), and throws only real errors. */
export type Attempt<T> = () => T | WouldBlock;

/** What a call does, for the text of its errors. */
export type Operation = Pick<ErrorContext, "syscall" | "address">;

const NO_OPERATION: Operation = {};

/** The part of a descriptor that a lane uses. */
export interface LaneDescriptor extends Pollable {
  /** The transport behind it. */
  readonly open: Pick<Transport, "forget" | "blockingError">;
}

/** The timer and the signal of a call. Either may make it give up. */
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

/** A call that waits. It is kept small: with many connections it is outside the processor's caches at each wake. */
class Call {
  readonly attempt: Attempt<unknown>;
  readonly operation: Operation;
  readonly promise: Promise<unknown>;
  /** Resolves the promise. With a rejected promise it rejects it, so that a call needs no second function. */
  resolve!: (value: unknown) => void;
  /** The next call of the lane. */
  next: Call | null = null;
  limits: Limits | null = null;
  /** Whether the call has its outcome. */
  #ended = false;

  constructor(attempt: Attempt<unknown>, operation: Operation) {
    this.attempt = attempt;
    this.operation = operation;
    // An executor per call, which V8 inlines. With one shared executor the function would go through a variable, and the
    // garbage collector's write barriers took 3 % of an echo on Deno.
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /** Makes one attempt. Returns whether the call has ended with it. */
  ends(): boolean {
    try {
      const result = this.attempt();
      if (result === WOULD_BLOCK) return false;
      this.#ended = true;
      this.limits?.lift();
      this.resolve(result);
    } catch (error) {
      this.fail(error);
    }
    return true;
  }

  // `fail` and `abort` do nothing if the call has its outcome: an attempt of a stream runs code of the program, which may
  // close the socket or abort the call.

  /** Ends the call with an error. The error was made in the event loop, so it gets the stack of the caller here. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.limits?.lift();
    this.resolve(withCallerStack(error));
  }

  /** Ends the call with the reason of an abort. */
  abort(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.resolve(Promise.reject(reason));
  }

  /** Makes the last attempt. Returns a function that ends the call, or undefined if the attempt would block. */
  lastTry(): (() => void) | undefined {
    try {
      const result = this.attempt();
      if (result === WOULD_BLOCK) return undefined;
      this.#ended = true;
      return () => this.resolve(result);
    } catch (error) {
      return () => this.fail(error);
    }
  }

  /** Ends a call that was given up: at once, or when the transport has no operation under way. */
  finish(pollable: Pollable, end: () => void): void {
    this.limits?.lift();
    const atRest = pollable.atRest?.();
    if (atRest === undefined) end();
    else atRest.then(end);
  }
}

/** A queue of the calls of one socket in one direction. The lane is the waiter and the caller of its first call. */
export class Lane implements Waiter, Caller {
  /** Raised when a call ends; see {@linkcode Caller}. */
  turn = 0;
  readonly #descriptor: LaneDescriptor;
  readonly #mask: number;
  readonly #runtime: Runtime;
  // A linked list, because an array allocates each time that it is filled after it was empty.
  #first: Call | null = null;
  /** Set only when there is a second call. Most lanes have one, and storing a new object in an old one needs a write barrier. */
  #last: Call | null = null;
  #referenced = true;

  constructor(descriptor: LaneDescriptor, mask: number, runtime: Runtime) {
    this.#descriptor = descriptor;
    this.#mask = mask;
    this.#runtime = runtime;
  }

  /**
   * Runs one call until it ends: with the result or the error of an attempt, at its timeout, by an abort, or by `cancel`.
   * The timeout is in seconds. null waits without a limit, and 0 does not wait and rejects with EAGAIN. Giving up ends only
   * the waiting, so nothing is lost.
   */
  run<T>(
    attempt: Attempt<T>,
    timeout: number | null,
    signal: AbortSignal | undefined,
    operation: Operation = NO_OPERATION,
  ): Promise<T> {
    if (signal !== undefined && isAborted(signal)) return this.#runtime.turns.rejection(reasonOf(signal));
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

  /** Queues a call that would block, or that has other calls ahead of it. */
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

  /** Whether no call is queued. A new call may then make its first attempt at once. */
  get idle(): boolean {
    return this.#first === null;
  }

  /** Ends the turn of a call that ended without being queued. */
  endTurn(): void {
    this.turn = (this.turn + 1) | 0;
  }

  /** Rejects every queued call with EBADF, because the socket was closed. After that its address can be bound again. */
  cancel(): void {
    const first = this.#first;
    if (first === null) return;
    const descriptor = this.#descriptor;
    descriptor.unwatch(this);
    descriptor.open.forget(this);
    this.endTurn();
    this.#first = this.#last = null;
    for (let call: Call | null = first; call !== null; call = call.next) call.limits?.lift();
    // In a microtask, because the lanes are cancelled before the backend closes the descriptor.
    queueMicrotask(async () => {
      await descriptor.released;
      for (let call: Call | null = first; call !== null; call = call.next) {
        const ended = call;
        ended.finish(descriptor, () => ended.fail(errorFor("EBADF", ended.operation)));
      }
    });
  }

  /** Makes an attempt of the first call, and of the next ones while the calls end. */
  wake(): void {
    this.#runtime.loops.wakeUps.count++;
    // Withdrawn before the attempt, because the default backend starts reads while a waiter is registered.
    this.#descriptor.unwatch(this);
    for (let call = this.#first; call !== null; call = this.#first) {
      // If the descriptor was closed by its number or through another object, `cancel` was not called.
      if (this.#descriptor.closed) return this.cancel();
      if (!call.ends() && this.#watchFor(call)) return;
      this.#removeFirst(call);
    }
  }

  /** Watches for a call that would block. If that fails (for lack of memory), the call ends with the error. */
  #watchFor(call: Call): boolean {
    try {
      this.#watch();
      return true;
    } catch (error) {
      call.fail(error);
      return false;
    }
  }

  #watch(): void {
    try {
      this.#descriptor.watch(this.#mask, this);
    } catch (error) {
      this.#descriptor.unwatch(this);
      this.#descriptor.open.forget(this);
      throw error;
    }
  }

  #enqueue(call: Call): void {
    if (this.#first === null) {
      try {
        // `watch` may throw, so it comes before the queueing.
        this.#watch();
      } catch (error) {
        this.endTurn();
        throw error;
      }
      this.#first = call;
    } else {
      (this.#last ?? this.#first).next = call;
      this.#last = call;
    }
  }

  /**
   * Takes the first call, which has ended, out of the queue, and ends its turn. Does nothing if the call is not queued any
   * more, because the program has closed the socket during the attempt.
   */
  #removeFirst(call: Call): void {
    if (this.#first !== call) return;
    this.endTurn();
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

  /** Gives a call up: makes its last attempt, and ends the call with `end` if that would block. */
  #giveUp(call: Call, end: () => void): void {
    // Only the first call may make an attempt.
    if (this.#first !== call) {
      if (this.#remove(call)) call.finish(this.#descriptor, end);
      return;
    }
    this.#descriptor.unwatch(this);
    const answer = call.lastTry();
    if (answer === undefined) this.#descriptor.open.forget(this);
    this.#removeFirst(call);
    call.finish(this.#descriptor, answer ?? end);
    if (this.#first !== null) this.wake();
  }

  /** Whether waiting calls and their timers keep the process alive. */
  get referenced(): boolean {
    return this.#referenced;
  }
  set referenced(referenced: boolean) {
    if (referenced === this.#referenced) return;
    this.#referenced = referenced;
    if (this.#first !== null) this.#descriptor.watch(this.#mask, this);
    for (let call = this.#first; call !== null; call = call.next) {
      const timer = call.limits?.timer;
      if (timer !== undefined) this.#runtime.clock.hold(timer, referenced);
    }
  }

  #heed(call: Call, signal: AbortSignal): void {
    const limits = call.limits ??= new Limits(this.#runtime.clock);
    limits.unlisten = whenAborted(signal, (reason) => this.#giveUp(call, () => call.abort(reason)));
  }

  /** Settles the transport for a non-blocking call, and then makes its last attempt. */
  #settle(call: Call): void {
    const turn = this.#runtime.turns.due();
    const end = () => this.#giveUp(call, () => call.fail(this.#blockingError(call)));
    // After the turn, because other calls may use up meanwhile what settling permits.
    const settle = () => {
      const settled = this.#descriptor.settle(this.#mask);
      if (settled === undefined) end();
      else settled.then(end, end);
    };
    if (turn === undefined) settle();
    else turn.then(settle);
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

/**
 * The time limit of one blocking call by SO_RCVTIMEO or SO_SNDTIMEO.
 *
 * The timeout of settimeout() limits a whole call. These options limit each wait in the kernel. So a sendall continues as
 * long as it sends something within each such time. A receive that has part of its data returns that part.
 */
export class TimeLimit {
  /** Whether the time is over. If so, the current attempt is the last one, and takes the data that has arrived. */
  expired = false;
  /** Set by the attempts of a sendall that have sent something: the time then starts again. */
  moved = false;
  readonly #clock: Clock;
  readonly #seconds: number;
  readonly #error: () => Error;

  /** `error` makes the error of the call: EAGAIN, or EINPROGRESS for a connect. */
  constructor(clock: Clock, seconds: number, error: () => Error = () => errorFor("EAGAIN")) {
    this.#clock = clock;
    this.#seconds = seconds;
    this.#error = error;
  }

  /** Runs a call in a lane with this limit. */
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
      // The waiting call keeps the process alive, unless the socket is unref'ed. The timer need not.
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

/** The events for which poll(2) returns when it is asked for POLLIN. The last three cannot be masked. */
const ENDS_POLL = POLLIN | POLLERR | POLLHUP | POLLNVAL;

/**
 * Returns an attempt that is made only if the socket is readable, or has an error or a hang-up. CPython polls first if the
 * socket has a timeout.
 */
export function whenReadable<T>(pollable: Pick<Pollable, "events">, attempt: Attempt<T>): Attempt<T> {
  return () => (pollable.events(POLLIN) & ENDS_POLL) === 0 ? WOULD_BLOCK : attempt();
}
