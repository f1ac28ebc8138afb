// The error of a run that failed. It is the error of the program, with the seed and the virtual time in its message.

import type { Run } from "./simulate.ts";

const runs = new WeakMap<object, Run>();

/** Adds the seed and the time of the run to the message of an error. An error that cannot be changed is wrapped. */
export function failureOf(thrown: unknown, seed: number, time: number): Error {
  const where = `[seed ${seed}, ${time} s]`;
  if (!(thrown instanceof Error)) return new Error(`${String(thrown)} ${where}`, { cause: thrown });
  const { message, stack } = thrown;
  try {
    thrown.message = `${message} ${where}`;
    // V8 copies the message into the stack when the error is made. So the stack must be changed as well.
    if (typeof stack === "string" && message !== "" && stack.includes(message)) {
      thrown.stack = stack.replace(message, () => `${message} ${where}`);
    }
  } catch {
    // The error is frozen, or its message is read-only.
  }
  if (thrown.message.endsWith(where)) return thrown;
  return new Error(`${message} ${where}`, { cause: thrown });
}

/** Stores the run that an error belongs to. */
export function noteRun(error: Error, run: Run): Error {
  runs.set(error, run);
  return error;
}

/**
 * Returns the run that failed with an error of `simulate` or `explore`, with its packets up to the failure. Returns
 * undefined for other errors.
 */
export function failedRun(error: unknown): Run | undefined {
  return typeof error === "object" && error !== null ? runs.get(error) : undefined;
}
