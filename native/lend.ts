// Memory that another thread makes use of.

const lent = new Set<unknown>();

/** Keeps what a call on another thread reads and writes, until it has ended. */
export async function lend<T>(memory: unknown, call: Promise<T>): Promise<T> {
  lent.add(memory);
  try {
    return await call;
  } finally {
    lent.delete(memory);
  }
}
