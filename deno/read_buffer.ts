// The memory that a connection reads into: filled at the end by reads, emptied from the start by receives.

import type { Bytes } from "../base/data.ts";
import { copyOf } from "../base/pool.ts";

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
   * Whether the memory is better given away than copied from. If it is less than half full, the next one costs more than
   * the copy, and whatever keeps the data keeps twice its memory.
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
