// What both kinds of sockets share: reference counting, waiters, and events that are reported in a later microtask. A
// waiter that is woken at once would run within the attempt that causes the event.

import { POLLNVAL } from "../../base/poll.ts";
import type { Waiter } from "../../seam/transport.ts";
import { Waiters } from "../../seam/waiters.ts";

/** The readiness part of a transport. */
export abstract class Readiness {
  readonly #waiters = new Waiters();
  #references = 1;
  #pending = 0;

  /** The events that hold now. */
  protected abstract level(): number;
  /** Ends the socket when its last reference is closed. */
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

  /** Wakes the waiters of some events in a later microtask. */
  report(events: number): void {
    if (this.#pending === 0) {
      queueMicrotask(() => {
        const pending = this.#pending;
        this.#pending = 0;
        this.#waiters.wake(pending);
      });
    }
    this.#pending |= events;
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
