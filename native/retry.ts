// The next attempt of a send or a connect that the kernel refused, when no event reports that there is space again.

import { POLLOUT } from "../base/poll.ts";
import type { Source } from "./source.ts";

/** The pause before the next attempt in ms. */
const PAUSE = 1;

/** A refused attempt of one socket. While a call waits for space, a timer lets it try again. */
export class Retry {
  readonly #source: Source;
  readonly #onTry: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onTry` is called before the waiters are woken for the next attempt. */
  constructor(source: Source, onTry: () => void) {
    this.#source = source;
    this.#onTry = onTry;
  }

  /** Begins the pause, unless it has begun. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#onTry();
      this.#source.announce(POLLOUT);
    }, PAUSE);
    if (!this.#source.referenced) Deno.unrefTimer(this.#timer);
  }

  /** Ends the pause without an attempt. The next `start` begins it again. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
