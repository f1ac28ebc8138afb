// The receives that wait on a connection. Duplicates of a socket share its transport, so there may be several.

import type { Caller } from "../seam/transport.ts";

/** One receive that waits. */
export class PendingReceive {
  readonly caller: Caller;
  turn = 0;
  /** How many bytes it takes at most. */
  size = 0;
  /** How many bytes must be there before it takes any (MSG_WAITALL). */
  least = 0;
  /** Increases with each receive. Asking the kernel serves all receives whose id is not above the latest one at its start. */
  id = 0;
  /** Whether the kernel is being asked for this receive. */
  asking = false;
  /** How many bytes were in the buffer at its latest attempt. */
  seen = 0;

  constructor(caller: Caller) {
    this.caller = caller;
  }

  /** Whether its call has not ended. */
  get current(): boolean {
    return this.caller.turn === this.turn;
  }
}

/** The pending receives of one connection. Usually there is at most one, so the first one has a field of its own. */
export class PendingReceives {
  #first: PendingReceive | null = null;
  #others: PendingReceive[] | null = null;
  /** The id of the latest receive. */
  latest = 0;

  /** Returns the pending receive of a caller's current turn, if there is one. */
  find(caller: Caller): PendingReceive | undefined {
    const pending = this.#of(caller);
    return pending !== undefined && pending.current ? pending : undefined;
  }

  /** Records the receive of a caller's current turn. */
  note(caller: Caller, size: number, least: number): PendingReceive {
    const pending = this.#of(caller) ?? this.#add(caller);
    if (pending.id === 0 || !pending.current) {
      pending.turn = caller.turn;
      pending.id = ++this.latest;
      pending.asking = false;
    }
    pending.size = size;
    pending.least = least;
    return pending;
  }

  /** The largest number of bytes that a pending receive takes; Infinity if none is pending. */
  get largest(): number {
    let largest = this.#first?.current ? this.#first.size : 0;
    if (this.#others !== null) {
      for (const pending of this.#others) if (pending.current) largest = Math.max(largest, pending.size);
    }
    return largest === 0 ? Infinity : largest;
  }

  /** The largest number of bytes that a pending receive must have; 1 if none is pending. */
  get least(): number {
    let least = this.#first?.current ? this.#first.least : 1;
    if (this.#others !== null) {
      for (const pending of this.#others) {
        if (pending.current) least = Math.max(least, pending.least);
      }
    }
    return least;
  }

  /** Drops the pending receive of a caller. */
  drop(caller: Caller): void {
    if (this.#first?.caller === caller) this.#first = null;
    else if (this.#others !== null) this.#others = this.#others.filter((pending) => pending.caller !== caller);
  }

  #of(caller: Caller): PendingReceive | undefined {
    if (this.#first?.caller === caller) return this.#first;
    return this.#others?.find((pending) => pending.caller === caller);
  }

  #add(caller: Caller): PendingReceive {
    const pending = new PendingReceive(caller);
    // The first field is free if its call has ended.
    if (this.#first === null || !this.#first.current) this.#first = pending;
    else this.#others = [...this.#others?.filter((other) => other.current) ?? [], pending];
    return pending;
  }
}
