// System calls that wait on another thread: look-ups of names, and the close of a socket that may have unsent data.
//
// Deno runs the `nonblocking` calls of an isolate on one pool of 32 threads. The reactor's parked epoll_wait needs one of
// them. While every thread waits, that epoll_wait has not started, so no native socket gets an event. Therefore only some
// of these calls run at a time and the others are queued. Look-ups and closes have separate queues: a name server that does
// not reply does not delay closes.

/** Runs up to `limit` calls at a time, in the order in which they were made. */
export class BlockingCalls {
  readonly #limit: number;
  #running = 0;
  #queue: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Starts a call at once if fewer than `limit` calls run, and otherwise queues it. */
  run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limit) return this.#start(call);
    return new Promise((resolve) => this.#queue.push(() => resolve(this.#start(call))));
  }

  /** Starts all queued calls, at the end of the isolate. */
  startAll(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const start of queue) start();
  }

  async #start<T>(call: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await call();
    } finally {
      this.#running--;
      if (this.#running < this.#limit) this.#queue.shift()?.();
    }
  }
}

/** The look-ups of names. */
export const lookUps: BlockingCalls = new BlockingCalls(16);
/** The closes that may wait for unsent data. */
export const closes: BlockingCalls = new BlockingCalls(8);
