// System calls that wait on another thread: look-ups of names, and the close of a socket that may have unsent data.
//
// Deno runs the `nonblocking` calls of an isolate on one pool of 32 threads. The reactor's parked epoll_wait needs one of
// them. While every thread waits, that epoll_wait has not started, so no native socket gets an event. Therefore only some
// of these calls run at a time and the others are queued. Look-ups and closes have separate queues: a name server that does
// not reply does not delay closes.

import { isAborted, orAborted, reasonOf, whenAborted } from "../core/promises.ts";

/** Runs up to `limit` calls at a time, in the order in which they were made. */
export class BlockingCalls {
  readonly #limit: number;
  #running = 0;
  /** The functions that start the queued calls. */
  #queue = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The number of queued calls. */
  get queued(): number {
    return this.#queue.size;
  }

  /**
   * Starts a call at once if fewer than `limit` calls run, and otherwise queues it. When the signal is aborted, the promise
   * rejects with its reason. A queued call is then dropped. A call that has started cannot be ended, and keeps its place.
   */
  run<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal !== undefined && isAborted(signal)) return Promise.reject(reasonOf(signal));
    return orAborted(this.#running < this.#limit ? this.#start(call) : this.#enqueue(call, signal), signal);
  }

  #enqueue<T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve) => {
      const start = () => {
        withdraw?.();
        resolve(this.#start(call));
      };
      const withdraw = signal && whenAborted(signal, () => this.#queue.delete(start));
      this.#queue.add(start);
    });
  }

  /** Starts all queued calls, at the end of the isolate. */
  startAll(): void {
    const queue = this.#queue;
    this.#queue = new Set();
    for (const start of queue) start();
  }

  async #start<T>(call: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await call();
    } finally {
      this.#running--;
      if (this.#running < this.#limit) this.#startNext();
    }
  }

  #startNext(): void {
    for (const start of this.#queue) {
      this.#queue.delete(start);
      return start();
    }
  }
}

/** The look-ups of names. */
export const lookUps: BlockingCalls = new BlockingCalls(16);
/** The closes that may wait for unsent data. */
export const closes: BlockingCalls = new BlockingCalls(8);
