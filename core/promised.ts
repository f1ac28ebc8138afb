// Promise.try, which Node 22 does not have yet.

/** Calls a function. What it throws is a rejection. */
export async function promised<T>(call: () => T | Promise<T>): Promise<T> {
  return await call();
}
