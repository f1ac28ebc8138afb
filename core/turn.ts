// Letting the event loop turn. Calls that need not wait are a matter of microtasks: a loop of them (a peer that has ended
// its stream, a non-blocking socket asked again and again) would let no timer run and no other socket be served.

/** How many calls in a row may end without a turn. One turn costs about a microsecond. */
const CALLS_PER_TURN = 512;
let calls = 0;

/** Counts a call that did not wait. Answers a turn of the event loop for it to end after, where one is due. */
export function turnDue(): Promise<void> | undefined {
  return ++calls % CALLS_PER_TURN === 0 ? turn() : undefined;
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The promise of a call that has ended without waiting. */
export function resolution<T>(result: T): Promise<T> {
  return turnDue()?.then(() => result) ?? Promise.resolve(result);
}

/** The same of a call that has failed. */
export function rejection<T>(error: unknown): Promise<T> {
  return turnDue()?.then(() => Promise.reject(error)) ?? Promise.reject(error);
}
