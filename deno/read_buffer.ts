// What the receiving side of a connection keeps: the bytes that were read, and the receives that wait.

import { copyOf } from "../base/data.ts";
import type { Bytes } from "../base/data.ts";
import type { Caller } from "../seam/transport.ts";

/** From this length on, giving the memory to the caller is cheaper than a copy. */
const LARGE = 16384;

/** The largest memory that an empty buffer keeps. Only receives with MSG_WAITALL need more. */
const MOST_KEPT = 131072;

const EMPTY = new Uint8Array(0);

/**
 * Bytes that were read and not yet received, in one block of memory. Reads fill it at the end, and receives empty it from
 * the start.
 */
export class ReadBuffer {
  #memory: Bytes = EMPTY;
  /** The index of the first byte in the memory. */
  #start = 0;
  /** The index after the last byte. */
  #end = 0;
  /** Whether a read writes to the memory after the bytes. The memory must not be replaced then. */
  #reading = false;
  /**
   * Larger memory that was released. If it was not collected yet, the next large receive uses it again. With new memory each
   * time, receives of 1 MiB took 1.7 times the CPU time.
   */
  #released: WeakRef<Bytes> | null = null;

  /** The number of bytes. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Returns free memory after the bytes, for a read to fill. `endRead` ends the read. */
  beginRead(size: number): Bytes {
    this.#reserve(size);
    this.#reading = true;
    const end = this.#end + size;
    return this.#end === 0 && end === this.#memory.length ? this.#memory : this.#memory.subarray(this.#end, end);
  }

  /** Ends a read, which brought `count` bytes. */
  endRead(count: number): void {
    this.#reading = false;
    this.#end += count;
  }

  #reserve(size: number): void {
    const { length } = this;
    if (length === 0) this.#start = this.#end = 0;
    if (this.#isTooLargeFor(length + size)) this.#release(length + size);
    if (this.#memory.length - this.#end >= size) return;
    this.#moveTo(this.#memory.length < length + size ? this.#newMemory(length + size) : this.#memory);
  }

  #newMemory(size: number): Bytes {
    const released = size > MOST_KEPT ? this.#released?.deref() : undefined;
    return released !== undefined && released.length >= size ? released : new Uint8Array(size);
  }

  /** Whether the memory is much larger than a number of bytes needs. */
  #isTooLargeFor(size: number): boolean {
    return this.#memory.length > MOST_KEPT && this.#memory.length >= 4 * size;
  }

  /** Replaces the memory by a smaller one. */
  #release(size: number): void {
    if (this.#released?.deref() !== this.#memory) this.#released = new WeakRef(this.#memory);
    this.#moveTo(size === 0 ? EMPTY : new Uint8Array(size));
  }

  /** Moves the bytes to the beginning of some memory, which may be the present one. */
  #moveTo(memory: Bytes): void {
    const { length } = this;
    memory.set(this.#memory.subarray(this.#start, this.#end));
    this.#memory = memory;
    this.#start = 0;
    this.#end = length;
  }

  /** Removes the first `size` bytes and returns them. It copies them, unless it is cheaper to return the memory itself. */
  take(size: number): Bytes {
    if (size === this.length && this.#isWorthGiving(size)) return this.#giveAway();
    const data = this.peek(size);
    this.drop(size);
    return data;
  }

  /** Returns a copy of the first `size` bytes. They stay in the buffer. */
  peek(size: number): Bytes {
    return copyOf(this.#memory, this.#start, this.#start + size);
  }

  /** Copies the first bytes into a view, which must be large enough. */
  copyInto(view: Uint8Array, size: number): void {
    view.set(this.#memory.subarray(this.#start, this.#start + size));
  }

  /** Drops the first bytes. */
  drop(size: number): void {
    this.#start += size;
    if (!this.#reading && this.#isTooLargeFor(this.length)) this.#release(this.length);
  }

  /**
   * Whether to give the memory to the caller instead of a copy. An echo of 64 KiB takes 0.67 of the CPU time that way (9 of
   * 9 pairs). An echo of 16 KiB, and a program that only receives, take the same time either way. If the memory is less
   * than half full, new memory costs more than the copy, and the caller would keep twice the memory that its data needs.
   */
  #isWorthGiving(size: number): boolean {
    return size >= LARGE && 2 * size > this.#memory.length && !this.#reading;
  }

  #giveAway(): Bytes {
    const data = this.#memory.subarray(this.#start, this.#end);
    this.#memory = EMPTY;
    this.#released = null;
    this.#start = this.#end = 0;
    return data;
  }
}

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

/**
 * The pending receives of one connection. Duplicates of a socket share its transport, so there may be several. Usually there
 * is at most one, so the first one has a field of its own.
 */
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
