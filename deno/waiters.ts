// Who waits for which events: a list that is registered in and left without an allocation.

import { POLLERR, POLLHUP, POLLNVAL } from "../base/poll.ts";
import type { Waiter } from "../transport.ts";

/** Errors and hang-up wake everybody, as in poll(2). */
const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

/** The waiters of one socket. */
export class Waiters {
  readonly #waiters: Waiter[] = [];
  readonly #masks: number[] = [];

  /** Registers a waiter, or changes the mask of a registered one. */
  add(mask: number, waiter: Waiter): void {
    const place = this.#waiters.indexOf(waiter);
    if (place >= 0) this.#masks[place] = mask;
    else {
      this.#waiters.push(waiter);
      this.#masks.push(mask);
    }
  }

  /** Withdraws a waiter, if it is there. */
  remove(waiter: Waiter): void {
    const place = this.#waiters.indexOf(waiter);
    if (place < 0) return;
    this.#waiters.splice(place, 1);
    this.#masks.splice(place, 1);
  }

  /** Whether anybody waits for one of these events. */
  wait(mask: number): boolean {
    for (const wanted of this.#masks) if ((wanted & mask) !== 0) return true;
    return false;
  }

  /** Whether nobody waits at all. */
  get empty(): boolean {
    return this.#waiters.length === 0;
  }

  /** Wakes whoever waits for one of these events. Waiters may come and go meanwhile. */
  wake(events: number): void {
    const all = (events & ALWAYS) !== 0;
    if (this.#waiters.length === 1) {
      if (all || (this.#masks[0] & events) !== 0) this.#waiters[0].wake();
      return;
    }
    const woken = this.#waiters.filter((_, place) => all || (this.#masks[place] & events) !== 0);
    for (const waiter of woken) waiter.wake();
  }
}
