// The waiters of one socket and their events.

import { POLLERR, POLLHUP, POLLNVAL } from "../base/poll.ts";
import type { Waiter } from "../seam/transport.ts";
import type { Timeline } from "./time/timeline.ts";

/** Errors and hang-up wake every waiter, as in poll(2). */
const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

/** The waiters of one socket. Most sockets have at most one waiter, which is stored in a field and needs no map. */
export class Waiters {
  readonly #timeline: Timeline;
  #first: Waiter | null = null;
  #firstMask = 0;
  #others: Map<Waiter, number> | null = null;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Registers a waiter, or changes the mask of a registered one. */
  add(mask: number, waiter: Waiter): void {
    if (this.#first === waiter || (this.#first === null && !this.#others?.has(waiter))) {
      this.#first = waiter;
      this.#firstMask = mask;
    } else (this.#others ??= new Map()).set(waiter, mask);
  }

  /** Withdraws a waiter, if it is registered. */
  remove(waiter: Waiter): void {
    if (this.#first === waiter) this.#first = null;
    else this.#others?.delete(waiter);
  }

  /** Withdraws all waiters and wakes none. Used after a crash of the host. */
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

  /** Wakes the waiters of some events. A woken waiter may register and withdraw waiters. */
  wake(events: number): void {
    const woken = (events & ALWAYS) !== 0 ? ~0 : events;
    const others = this.#others !== null && this.#others.size > 0 ? [...this.#others] : null;
    if (this.#first !== null && (this.#firstMask & woken) !== 0) this.#wakeOne(this.#first);
    if (others !== null) { for (const [waiter, mask] of others) if ((mask & woken) !== 0) this.#wakeOne(waiter); }
  }

  #wakeOne(waiter: Waiter): void {
    this.#timeline.woken = true;
    waiter.wake();
  }
}
