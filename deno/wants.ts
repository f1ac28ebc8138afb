// What the receives that wait on a connection ask for. Duplicates of a socket share its transport, so there may be several.

import type { Caller } from "../seam/transport.ts";

/** What one receive asks for. */
export class Want {
  readonly caller: Caller;
  turn = 0;
  /** How many bytes it takes at most. */
  size = 0;
  /** How many must be there before it is answered (MSG_WAITALL). */
  least = 0;
  /** Tells it from the ones before it: an answer of the kernel counts for every want that is older than the question. */
  number = 0;
  /** Whether the kernel is being asked for it. */
  asking = false;
  /** How many bytes there were at its latest try. */
  seen = 0;

  constructor(caller: Caller) {
    this.caller = caller;
  }

  /** Whether its call still waits. */
  get current(): boolean {
    return this.caller.turn === this.turn;
  }
}

/** The wants of one connection. Nearly always there is one caller: it has a place of its own before the list. */
export class Wants {
  #first: Want | null = null;
  #others: Want[] | null = null;
  /** The number of the latest want. */
  latest = 0;

  /** The want of a caller's current turn, if it has one. */
  find(caller: Caller): Want | undefined {
    const want = this.#of(caller);
    return want !== undefined && want.current ? want : undefined;
  }

  /** Notes what a caller's current turn asks for. */
  note(caller: Caller, size: number, least: number): Want {
    const want = this.#of(caller) ?? this.#add(caller);
    if (want.number === 0 || !want.current) {
      want.turn = caller.turn;
      want.number = ++this.latest;
      want.asking = false;
    }
    want.size = size;
    want.least = least;
    return want;
  }

  /** The most bytes that a waiting receive takes; Infinity where none waits. */
  get largest(): number {
    let largest = this.#first?.current ? this.#first.size : 0;
    if (this.#others !== null) {
      for (const want of this.#others) if (want.current) largest = Math.max(largest, want.size);
    }
    return largest === 0 ? Infinity : largest;
  }

  /** The most bytes that a waiting receive must have before it is answered; 1 where none waits. */
  get least(): number {
    let least = this.#first?.current ? this.#first.least : 1;
    if (this.#others !== null) {
      for (const want of this.#others) {
        if (want.current) least = Math.max(least, want.least);
      }
    }
    return least;
  }

  /** Drops what a caller asks for. */
  drop(caller: Caller): void {
    if (this.#first?.caller === caller) this.#first = null;
    else if (this.#others !== null) this.#others = this.#others.filter((want) => want.caller !== caller);
  }

  #of(caller: Caller): Want | undefined {
    if (this.#first?.caller === caller) return this.#first;
    return this.#others?.find((want) => want.caller === caller);
  }

  #add(caller: Caller): Want {
    const want = new Want(caller);
    // A place whose call has ended is free.
    if (this.#first === null || !this.#first.current) this.#first = want;
    else this.#others = [...this.#others?.filter((other) => other.current) ?? [], want];
    return want;
  }
}
