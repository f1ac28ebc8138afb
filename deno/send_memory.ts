// Memory for the copies of data that is sent. Each connection keeps memory for small copies. Large copies use memory that
// all connections share.

import type { Bytes } from "../base/data.ts";

/** Copies up to this length use the connection's own memory. */
const LARGEST_KEPT = 4096;
/** How many spare buffers are kept of each size. Sizes are powers of two. */
const MOST_SPARE = 8;

/** The spare buffers, by the logarithm of their size. */
const spare: ArrayBuffer[][] = Array.from({ length: 32 }, () => []);

const NOTHING: Bytes = new Uint8Array(0);

/** The memory for the copies of one connection. There is one copy at a time. */
export class SendMemory {
  #kept: Bytes = NOTHING;
  /** The part of the memory that the last copy used. The next copy often has the same length. */
  #copied: Bytes = NOTHING;

  /** Copies the first `length` bytes to send into this memory. The copy is valid until the next one. */
  copy(data: Uint8Array, length: number): Bytes {
    const copied = length <= LARGEST_KEPT ? this.#small(length) : large(length);
    copied.set(length === data.length ? data : data.subarray(0, length));
    return copied;
  }

  #small(length: number): Bytes {
    if (this.#copied.length !== length) {
      if (this.#kept.length < length) this.#kept = new Uint8Array(length);
      this.#copied = this.#kept.subarray(0, length);
    }
    return this.#copied;
  }

  /** Keeps the memory of a copy that is no longer used for a later one. */
  reuse(copied: Uint8Array): void {
    if (copied.length <= LARGEST_KEPT) return;
    const kept = spare[31 - Math.clz32(copied.buffer.byteLength)];
    if (kept.length < MOST_SPARE) kept.push(copied.buffer as ArrayBuffer);
  }
}

function large(length: number): Bytes {
  const logarithm = 32 - Math.clz32(length - 1);
  return new Uint8Array(spare[logarithm].pop() ?? new ArrayBuffer(2 ** logarithm), 0, length);
}
