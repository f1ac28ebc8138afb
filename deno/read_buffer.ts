// Receiving on a connection: the memory, and the calls that wait.
//
// The memory that a connection reads into: filled at the end by reads, emptied from the start by receives.

import { copyOf } from "../base/data.ts";
import type { Bytes } from "../base/data.ts";
import type { Caller } from "../seam/transport.ts";

/** From this length on, giving the memory away is cheaper than a copy. */
const LARGE = 16384;

const EMPTY = new Uint8Array(0);

/** Bytes that were read and not yet received, in one piece of memory. */
export class ReadBuffer {
  #memory: Bytes = EMPTY;
  /** The bytes are those from here … */
  #start = 0;
  /** … to here. */
  #end = 0;
  /** Whether a read writes behind the end at this moment. Then the memory stays where it is. */
  #reading = false;

  /** How many bytes there are. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Free memory behind the bytes, for a read to fill. The read ends with `endRead`. */
  beginRead(size: number): Bytes {
    this.#makeRoom(size);
    this.#reading = true;
    const end = this.#end + size;
    return this.#end === 0 && end === this.#memory.length ? this.#memory : this.#memory.subarray(this.#end, end);
  }

  /** Ends a read, which has brought so many bytes. */
  endRead(count: number): void {
    this.#reading = false;
    this.#end += count;
  }

  #makeRoom(size: number): void {
    const { length } = this;
    if (length === 0) this.#start = this.#end = 0;
    if (this.#memory.length - this.#end >= size) return;
    const bytes = this.#memory.subarray(this.#start, this.#end);
    if (this.#memory.length < length + size) this.#memory = new Uint8Array(length + size);
    this.#memory.set(bytes);
    this.#start = 0;
    this.#end = length;
  }

  /** Takes the first bytes, in memory that nothing else uses. */
  take(size: number): Bytes {
    if (size === this.length && this.#isWorthGiving(size)) return this.#giveAway();
    const data = this.peek(size);
    this.drop(size);
    return data;
  }

  /** A copy of the first bytes. */
  peek(size: number): Bytes {
    return copyOf(this.#memory, this.#start, this.#start + size);
  }

  /** Copies the first bytes into a view, which has room for them. */
  copyInto(view: Uint8Array, size: number): void {
    view.set(this.#memory.subarray(this.#start, this.#start + size));
  }

  /** Drops the first bytes. */
  drop(size: number): void {
    this.#start += size;
  }

  /**
   * Whether the memory is better given away than copied from. An echo of 64 KiB takes 0.67 of the CPU time so (9 of 9
   * pairs); one of 16 KiB, and a program that only receives, take as much either way. If the memory is less than half full,
   * the next one costs more than the copy, and whatever keeps the data keeps twice its memory.
   */
  #isWorthGiving(size: number): boolean {
    return size >= LARGE && 2 * size > this.#memory.length && !this.#reading;
  }

  #giveAway(): Bytes {
    const data = this.#memory.subarray(this.#start, this.#end);
    this.#memory = EMPTY;
    this.#start = this.#end = 0;
    return data;
  }
}

// What the receives that wait on a connection ask for. Duplicates of a socket share its transport, so there may be several.

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
