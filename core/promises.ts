// What all calls that may wait share: their options with an AbortSignal, and how they reject.
//
// A program may have put properties on its signal. The signal is therefore read through the methods of its class only, so
// that no property of the object can throw during a wake, a cancel or a close.

import { nameOf } from "../base/data.ts";
import { atCaller, timedOut } from "../base/errors.ts";
import type { ErrorContext } from "../base/errors.ts";
import type { Clock } from "../seam/clock.ts";
import { delayUntil } from "./timing.ts";

/** The options of every call that may wait. They are its last argument. */
export interface WaitOptions {
  /** Aborts the call: it rejects with the signal's reason. What it waited for goes to the next call. null is no signal. */
  signal?: AbortSignal | null;
}

/** Whether a value is a signal, and not only an object with the same prototype. */
function isSignal(value: unknown): value is AbortSignal {
  if (!(value instanceof AbortSignal)) return false;
  try {
    return typeof isAborted(value) === "boolean";
  } catch {
    return false;
  }
}

/** Checks a signal. null and undefined mean no signal; any other value that is no AbortSignal is a TypeError. */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal === null) return undefined;
  if (isSignal(signal)) return signal;
  throw new TypeError(`signal must be an AbortSignal, not ${nameOf(signal)}`);
}

/** Whether a signal is aborted. */
export function isAborted(signal: AbortSignal): boolean {
  return Reflect.get(AbortSignal.prototype, "aborted", signal);
}

/** The reason that a signal was aborted with. */
export function reasonOf(signal: AbortSignal): unknown {
  return Reflect.get(AbortSignal.prototype, "reason", signal);
}

/** Throws the signal's reason if the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal !== undefined && isAborted(signal)) throw reasonOf(signal);
}

/** Calls a function with the reason when a signal is aborted. Returns a function that stops listening. */
export function whenAborted(signal: AbortSignal, aborted: (reason: unknown) => void): () => void {
  const listener = () => aborted(reasonOf(signal));
  EventTarget.prototype.addEventListener.call(signal, "abort", listener, { once: true });
  return () => EventTarget.prototype.removeEventListener.call(signal, "abort", listener);
}

/** Settles as a promise does, or rejects with the signal's reason as soon as the signal is aborted. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    if (isAborted(signal)) reject(reasonOf(signal));
    const withdraw = whenAborted(signal, reject);
    work.then(resolve, reject).finally(withdraw);
  });
}

/**
 * Makes a look-up. Rejects with the signal's reason, or with "timed out" at a deadline of the clock; null is none. The look-up
 * gets a signal that is aborted in both cases. If the look-up cannot end early, it continues, and its result is dropped.
 */
export async function orLate<T>(
  lookUp: (signal: AbortSignal | undefined) => T | Promise<T>,
  clock: Clock,
  deadline: number | null,
  signal: AbortSignal | undefined,
  context?: ErrorContext,
): Promise<T> {
  throwIfAborted(signal);
  if (deadline === null) return await orAborted(promised(() => lookUp(signal)), signal);
  const late = new AbortController();
  const timer = clock.setTimeout(() => late.abort(timedOut(context)), delayUntil(deadline, clock.now()));
  try {
    const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    return await orAborted(promised(() => lookUp(either)), either);
  } finally {
    clock.clearTimeout(timer);
  }
}

// Promise.try, which Node 22 does not have yet.

/** Calls a function, and rejects with what it throws. */
export async function promised<T>(call: () => T | Promise<T>): Promise<T> {
  return await call();
}

// The caller's stack for errors that are made in the event loop.

/**
 * Rejects with an error that has the stack of the program's call. The JavaScript engine knows which async function awaits a
 * promise. So the stack is taken when the promise rejects, and costs nothing while the call is pending.
 */
export async function withCallerStack(error: unknown): Promise<never> {
  // After two turns of the microtask queue the pending promise is connected to this one, and the engine finds the caller.
  await undefined;
  await undefined;
  throw atCaller(error, withCallerStack);
}
