// Memory that a call on another thread uses.

const lent = new Set<unknown>();

/** Keeps the memory of a call on another thread reachable until the call has ended. */
export async function lend<T>(memory: unknown, call: Promise<T>): Promise<T> {
  lent.add(memory);
  try {
    return await call;
  } finally {
    lent.delete(memory);
  }
}
