// Memory for the copies that sends work on. A small copy reuses its connection's memory, a large one what all share.

import type { Bytes } from "../base/data.ts";

/** Up to this length a connection keeps the memory of its copies. */
const LARGEST_KEPT = 4096;
/** Larger memory comes in sizes of powers of two, and so many of each wait for the next copy. */
const MOST_SPARE = 8;

/** Spare memory, by the logarithm of its size. */
const spare: ArrayBuffer[][] = Array.from({ length: 32 }, () => []);

const NOTHING: Bytes = new Uint8Array(0);

/** The memory of one connection's copies, of which there is one at a time. */
export class SendMemory {
  #kept: Bytes = NOTHING;
  /** Its beginning, as long as the last copy: the next one is often as long. */
  #copied: Bytes = NOTHING;

  /** Copies the first bytes of some data. */
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

  /** Takes a copy back that is used no more. */
  giveBack(copied: Uint8Array): void {
    if (copied.length <= LARGEST_KEPT) return;
    const kept = spare[31 - Math.clz32(copied.buffer.byteLength)];
    if (kept.length < MOST_SPARE) kept.push(copied.buffer as ArrayBuffer);
  }
}

function large(length: number): Bytes {
  const logarithm = 32 - Math.clz32(length - 1);
  return new Uint8Array(spare[logarithm].pop() ?? new ArrayBuffer(2 ** logarithm), 0, length);
}
