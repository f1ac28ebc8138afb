// The waiters of one socket and the events that they wait for. Registering and withdrawing need no allocation.

import { POLLERR, POLLHUP, POLLNVAL } from "../base/poll.ts";
import type { Waiter } from "./transport.ts";

/** Errors and hang-up wake all waiters, as in poll(2). */
const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

/** The masks whose waiters some events wake. */
export function wokenMask(events: number): number {
  return (events & ALWAYS) !== 0 ? ~0 : events;
}

/** The waiters of one socket. Usually there is at most one, so the first one has a field of its own. */
export class Waiters {
  #first: Waiter | null = null;
  #firstMask = 0;
  /** Created for the second waiter, which most sockets never have. */
  #others: Map<Waiter, number> | null = null;

  /** Registers a waiter, or changes the mask of a registered one. */
  add(mask: number, waiter: Waiter): void {
    if (this.#first === waiter || (this.#first === null && !this.#others?.has(waiter))) {
      this.#first = waiter;
      this.#firstMask = mask;
    } else (this.#others ??= new Map()).set(waiter, mask);
  }

  /** Withdraws a waiter. Does nothing if it is not registered. */
  remove(waiter: Waiter): void {
    if (this.#first === waiter) this.#first = null;
    else this.#others?.delete(waiter);
  }

  /** Withdraws all waiters and wakes none. */
  clear(): void {
    this.#first = null;
    this.#others = null;
  }

  /** The events that waiters are registered for. */
  get mask(): number {
    let mask = this.#first === null ? 0 : this.#firstMask;
    for (const wanted of this.#others?.values() ?? []) mask |= wanted;
    return mask;
  }

  // These run for every operation. The rare case has a method of its own, so that the common one is small enough to inline.

  /** Whether a waiter is registered for one of these events. */
  has(mask: number): boolean {
    return (this.#first !== null && (this.#firstMask & mask) !== 0) ||
      (this.#others !== null && this.#othersHave(mask));
  }

  #othersHave(mask: number): boolean {
    for (const wanted of this.#others!.values()) if ((wanted & mask) !== 0) return true;
    return false;
  }

  /** Whether a waiter that keeps the process alive is registered for one of these events. */
  keepAlive(mask: number): boolean {
    if (this.#first !== null && (this.#firstMask & mask) !== 0 && this.keepsAlive(this.#first)) return true;
    return this.#others !== null && this.#othersKeepAlive(mask);
  }

  #othersKeepAlive(mask: number): boolean {
    for (const [waiter, wanted] of this.#others!) if ((wanted & mask) !== 0 && this.keepsAlive(waiter)) return true;
    return false;
  }

  /** Whether a waiter keeps the process alive. */
  protected keepsAlive(waiter: Waiter): boolean {
    return !waiter.background;
  }

  /** Wakes the waiters of these events. Waiters may be registered and withdrawn meanwhile. */
  wake(events: number): void {
    const woken = wokenMask(events);
    if (this.#others !== null && this.#others.size > 0) this.#wakeAll(woken);
    else if (this.#first !== null && (this.#firstMask & woken) !== 0) this.#first.wake();
  }

  #wakeAll(woken: number): void {
    const others = [...this.#others!];
    if (this.#first !== null && (this.#firstMask & woken) !== 0) this.#first.wake();
    for (const [waiter, mask] of others) if ((mask & woken) !== 0) waiter.wake();
  }
}
