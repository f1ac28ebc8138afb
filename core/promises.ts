// What calls that wait have in common: their options with an AbortSignal, and how they reject.
//
// A signal is the caller's object, with whatever properties it was given. It is asked through the methods of its class
// alone, so that nothing on the object can throw in the middle of a wake, a cancel or a close.

import { nameOf } from "../base/data.ts";
import { atCaller } from "../base/errors.ts";

/** The last argument of every call that can wait. */
export interface WaitOptions {
  /** Ends the waiting: the call rejects with the signal's reason. Nothing is lost by it. null is no signal. */
  signal?: AbortSignal | null;
}

/** Whether a value is a signal, and not an object that merely looks like one. */
function isSignal(value: unknown): value is AbortSignal {
  if (!(value instanceof AbortSignal)) return false;
  try {
    return typeof isAborted(value) === "boolean";
  } catch {
    return false;
  }
}

/** Checks a signal: null and undefined are none, everything else that is no AbortSignal is a TypeError. */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal === null) return undefined;
  if (isSignal(signal)) return signal;
  throw new TypeError(`signal must be an AbortSignal, not ${nameOf(signal)}`);
}

/** Whether a signal is aborted. */
export function isAborted(signal: AbortSignal): boolean {
  return Reflect.get(AbortSignal.prototype, "aborted", signal);
}

/** What a signal was aborted with. */
export function reasonOf(signal: AbortSignal): unknown {
  return Reflect.get(AbortSignal.prototype, "reason", signal);
}

/** Throws the reason of a signal that is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal !== undefined && isAborted(signal)) throw reasonOf(signal);
}

/** Calls a function with the reason when a signal is aborted. Returns what withdraws that. */
export function whenAborted(signal: AbortSignal, aborted: (reason: unknown) => void): () => void {
  const listener = () => aborted(reasonOf(signal));
  EventTarget.prototype.addEventListener.call(signal, "abort", listener, { once: true });
  return () => EventTarget.prototype.removeEventListener.call(signal, "abort", listener);
}

/** Settles as a promise does, or rejects with the signal's reason as soon as that is aborted. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    if (isAborted(signal)) reject(reasonOf(signal));
    const withdraw = whenAborted(signal, reject);
    work.then(resolve, reject).finally(withdraw);
  });
}

// Promise.try, which Node 22 does not have yet.

/** Calls a function. What it throws is a rejection. */
export async function promised<T>(call: () => T | Promise<T>): Promise<T> {
  return await call();
}

// The caller's stack for errors that are made in the event loop.

/**
 * Rejects with an error, whose stack is that of the call's caller from then on. The engine knows which async function
 * awaits a promise, so the stack is taken where the rejection has begun; until then a pending call costs nothing.
 */
export async function withCallerStack(error: unknown): Promise<never> {
  // Two turns of the microtask queue: in between, the pending promise is tied to this one.
  await undefined;
  await undefined;
  throw atCaller(error, withCallerStack);
}
