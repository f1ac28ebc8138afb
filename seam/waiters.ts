// Who waits for which events: a list that is registered in and left without an allocation.

import { POLLERR, POLLHUP, POLLNVAL } from "../base/poll.ts";
import type { Waiter } from "./transport.ts";

/** Errors and hang-up wake everybody, as in poll(2). */
const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

/** The waiters of one socket. Mostly there is one, or none: it has a place of its own before the list. */
export class Waiters {
  #first: Waiter | null = null;
  #firstMask = 0;
  /** Made for the second waiter: most sockets never have one. */
  #others: Map<Waiter, number> | null = null;

  /** Registers a waiter, or changes the mask of a registered one. */
  add(mask: number, waiter: Waiter): void {
    if (this.#first === waiter || (this.#first === null && !this.#others?.has(waiter))) {
      this.#first = waiter;
      this.#firstMask = mask;
    } else (this.#others ??= new Map()).set(waiter, mask);
  }

  /** Withdraws a waiter, if it is there. */
  remove(waiter: Waiter): void {
    if (this.#first === waiter) this.#first = null;
    else this.#others?.delete(waiter);
  }

  // These are asked for every operation. The rare case is put aside, so that the common one is small enough to be inlined.

  /** Whether anybody waits for one of these events. */
  wait(mask: number): boolean {
    return (this.#first !== null && (this.#firstMask & mask) !== 0) ||
      (this.#others !== null && this.#othersWait(mask));
  }

  #othersWait(mask: number): boolean {
    for (const wanted of this.#others!.values()) if ((wanted & mask) !== 0) return true;
    return false;
  }

  /** Whether anybody waits for one of these events whose waiting keeps the process alive. */
  hold(mask: number): boolean {
    if (this.#first !== null && (this.#firstMask & mask) !== 0 && !this.#first.background) return true;
    return this.#others !== null && this.#othersHold(mask);
  }

  #othersHold(mask: number): boolean {
    for (const [waiter, wanted] of this.#others!) if ((wanted & mask) !== 0 && !waiter.background) return true;
    return false;
  }

  /** Wakes whoever waits for one of these events. Waiters may come and go meanwhile. */
  wake(events: number): void {
    const woken = (events & ALWAYS) !== 0 ? ~0 : events;
    if (this.#others !== null && this.#others.size > 0) this.#wakeAll(woken);
    else if (this.#first !== null && (this.#firstMask & woken) !== 0) this.#first.wake();
  }

  #wakeAll(woken: number): void {
    const others = [...this.#others!];
    if (this.#first !== null && (this.#firstMask & woken) !== 0) this.#first.wake();
    for (const [waiter, mask] of others) if ((mask & woken) !== 0) waiter.wake();
  }
}
