// A pollable that the test controls, in place of a socket.

import type { Descriptor, Openable } from "../core/descriptors.ts";
import type { Runtime } from "../core/runtime.ts";
import { realRuntime } from "../deno/runtime.ts";
import type { Waiter } from "../seam/transport.ts";

const ALWAYS = 0x38;

/** A pollable whose events are set by hand. */
export class Memory implements Openable {
  readonly waiters = new Map<Waiter, number>();
  readonly #number: number | undefined;
  #descriptor: Descriptor | undefined;
  #events: number;

  /** `number` is the descriptor that the test wants, as a backend with real descriptors has one. */
  constructor(events = 0, number?: number, runtime: Runtime = realRuntime) {
    this.#events = events;
    this.#number = number;
    this.#descriptor = runtime.descriptors.enter(this);
  }

  /** Sets the events that hold. It wakes the waiters for the new events, and for those in `again`. */
  set(events: number, again = 0): void {
    const news = (events & ~this.#events) | again;
    this.#events = events;
    for (const [waiter, mask] of [...this.waiters]) if ((news & (mask | ALWAYS)) !== 0) waiter.wake();
  }

  /** The descriptor that it wants, before it is in the table. Then its descriptor, and -1 after it was closed. */
  fileno(): number {
    if (this.#descriptor === undefined) return this.#number as number;
    return this.#descriptor.closed ? -1 : this.#descriptor.fd;
  }
  events(): number {
    return this.#events;
  }
  watch(mask: number, waiter: Waiter): void {
    this.waiters.set(waiter, mask);
  }
  unwatch(waiter: Waiter): void {
    this.waiters.delete(waiter);
  }
  settle(): undefined {
    return undefined;
  }
  /** Closes the descriptor in the table, which closes this object. */
  closeNumber(): void {
    this.#descriptor!.close();
  }
  close(): void {
    this.#events = 0x20;
    for (const waiter of [...this.waiters.keys()]) waiter.wake();
  }
}
