// One call after the other: a file's reads share a buffer, and so do its writes.

import { isAborted, throwIfAborted, whenAborted } from "../abort.ts";

/** The call that has its turn. */
interface Running {
  readonly work: Promise<unknown>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Lets calls in one at a time, in the order they came. A call that is still waiting for its turn leaves
 * at once when its signal is aborted; one that has its turn ends by itself, so nothing it took is dropped.
 * Calls that are aborted together end in their order: a program that awaits one after the other misses no rejection.
 */
export class Order {
  #taken = false;
  #running: Running | undefined;
  readonly #waiting: (() => void)[] = [];

  /** Whether a call would have to wait for its turn. */
  get busy(): boolean {
    return this.#taken;
  }

  /** Runs one piece of work when its turn has come. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    throwIfAborted(signal);
    if (this.#taken) await this.#turn(signal);
    this.#taken = true;
    try {
      const running = work();
      this.#running = { work: running, signal };
      return await running;
    } finally {
      this.#running = undefined;
      // The turn is handed over, not set free: a call that comes now must not overtake those that wait.
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken = false;
      else next();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        unlisten?.();
        resolve();
      };
      this.#waiting.push(enter);
      const unlisten = signal === undefined ? undefined : whenAborted(signal, (reason) => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        const end = () => reject(reason);
        const running = this.#running;
        if (running?.signal !== undefined && isAborted(running.signal)) running.work.then(end, end);
        else end();
      });
    });
  }
}
