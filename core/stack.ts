// The caller's stack for errors that are made in the event loop.

import { atCaller } from "../base/errors.ts";

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
