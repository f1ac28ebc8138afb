// The loops of all backends of a runtime, as one. A wait runs each of them, and waits for each to catch up.

import type { Loop } from "../seam/loop.ts";

/** Any number of loops. */
export class Loops implements Loop {
  readonly #loops = new Set<Loop>();

  /** Adds a backend's loop. Adding it again changes nothing. */
  add(loop: Loop): void {
    this.#loops.add(loop);
  }

  catchUp(): Promise<void> | undefined {
    let behind: Promise<void>[] | undefined;
    for (const loop of this.#loops) {
      const one = loop.catchUp();
      if (one !== undefined) (behind ??= []).push(one);
    }
    return behind === undefined ? undefined : behind.length === 1 ? behind[0] : Promise.all(behind).then(() => {});
  }

  beginWait(): void {
    for (const loop of this.#loops) loop.beginWait();
  }

  endWait(): void {
    for (const loop of this.#loops) loop.endWait();
  }
}
