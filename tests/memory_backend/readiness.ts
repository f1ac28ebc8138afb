// What both kinds of sockets have: references, waiters, and news that is told in a microtask of its own. A waiter that
// were woken at once would run within the attempt that makes the news.

import { POLLNVAL } from "../../base/poll.ts";
import type { Waiter } from "../../seam/transport.ts";
import { Waiters } from "../../seam/waiters.ts";

/** The part of a transport that has to do with readiness. */
export abstract class Readiness {
  readonly #waiters = new Waiters();
  #references = 1;
  #news = 0;

  /** The level of all events. */
  protected abstract level(): number;
  /** Ends the socket, with its last reference. */
  protected abstract end(): void;

  get closed(): boolean {
    return this.#references === 0;
  }

  events(): number {
    return this.closed ? POLLNVAL : this.level();
  }
  watch(mask: number, waiter: Waiter): void {
    this.#waiters.add(mask, waiter);
  }
  unwatch(waiter: Waiter): void {
    this.#waiters.remove(waiter);
  }
  settle(): undefined {
    return undefined;
  }

  /** Tells the waiters of some events. */
  tell(events: number): void {
    if (this.#news === 0) {
      queueMicrotask(() => {
        const news = this.#news;
        this.#news = 0;
        this.#waiters.wake(news);
      });
    }
    this.#news |= events;
  }

  fileno(): undefined {
    return undefined;
  }
  ref(): void {}
  unref(): void {}
  dup(): this {
    this.#references++;
    return this;
  }
  close(): void {
    if (--this.#references > 0) return;
    this.end();
    this.#waiters.wake(~0);
  }
}
