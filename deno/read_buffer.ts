// The buffer of a connection. Reads fill it at the end, and receives empty it from the start.

import type { Bytes } from "../base/data.ts";
import { copyOf } from "../base/pool.ts";

/** From this length on, giving the memory to the caller is cheaper than a copy. */
const LARGE = 16384;

const EMPTY = new Uint8Array(0);

/** Bytes that were read and not yet received, in one block of memory. */
export class ReadBuffer {
  #memory: Bytes = EMPTY;
  /** The first byte … */
  #start = 0;
  /** … and the end of the bytes in the memory. */
  #end = 0;
  /** Whether a read writes to the memory after the bytes. The memory must not be replaced then. */
  #reading = false;

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

  /** Copies the first bytes. */
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
  }

  /**
   * Whether to give the memory to the caller instead of a copy. If it is less than half full, new memory costs more than
   * the copy, and the caller would keep twice the memory that its data needs.
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
