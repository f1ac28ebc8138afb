// The loops of all backends of a runtime, as one. A wait runs each of them, and waits for each to catch up.

import type { Loop } from "../seam/loop.ts";

/** Any number of loops. */
export class Loops implements Loop {
  readonly #loops = new Set<Loop>();
  /** How often waiters were woken. */
  readonly wakeUps: { count: number } = { count: 0 };

  /** Adds a backend's loop. Adding it again changes nothing. */
  add(loop: Loop): void {
    this.#loops.add(loop);
    loop.join?.(this.wakeUps);
  }

  catchUp(): Promise<void> | undefined {
    return this.#all((loop) => loop.catchUp());
  }

  beginWait(): void {
    for (const loop of this.#loops) loop.beginWait();
  }

  endWait(): Promise<void> | undefined {
    return this.#all((loop) => loop.endWait());
  }

  /** Asks each loop, and waits for those that take a moment. */
  #all(ask: (loop: Loop) => void | Promise<void>): Promise<void> | undefined {
    let behind: Promise<void>[] | undefined;
    for (const loop of this.#loops) {
      const one = ask(loop);
      if (one instanceof Promise) (behind ??= []).push(one);
    }
    return behind === undefined ? undefined : behind.length === 1 ? behind[0] : Promise.all(behind).then(() => {});
  }
}
