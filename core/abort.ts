// AbortSignal: the option that carries it, and work that cannot be ended and goes on alone.

/** The last argument of every call that can wait. */
export interface WaitOptions {
  /** Ends the waiting: the call rejects with the signal's reason. Nothing is lost by it. */
  signal?: AbortSignal;
}

/** Settles as a promise does, or rejects with the signal's reason as soon as that is aborted. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
