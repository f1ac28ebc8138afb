// Memory for the copies of data that is sent. All connections share it, so an idle connection keeps none.

import type { Bytes } from "../base/data.ts";

/** Copies up to this length are parts of a pool. The garbage collector frees a pool when none of its parts is used. */
const SMALL = 1024;
const POOL_SIZE = 32768;
/** How many bytes of spare memory are kept for larger copies, for each size. Sizes are powers of two. */
const MOST_SPARE = 2 ** 20;

let pool = new Uint8Array(POOL_SIZE);
let used = 0;

/** The spare memory, by the logarithm of its size. */
const spare: ArrayBuffer[][] = Array.from({ length: 32 }, () => []);

/** Copies the first bytes of some data. */
export function copyToSend(data: Uint8Array, length: number): Bytes {
  const copied = length <= SMALL ? small(length) : large(length);
  copied.set(length === data.length ? data : data.subarray(0, length));
  return copied;
}

/** Keeps the memory of a copy that was sent for a later one. */
export function reuse(copied: Uint8Array): void {
  if (copied.length <= SMALL) return;
  const size = copied.buffer.byteLength;
  const kept = spare[31 - Math.clz32(size)];
  if ((kept.length + 1) * size <= MOST_SPARE) kept.push(copied.buffer as ArrayBuffer);
}

function small(length: number): Bytes {
  if (used + length > POOL_SIZE) {
    pool = new Uint8Array(POOL_SIZE);
    used = 0;
  }
  const piece = pool.subarray(used, used + length);
  used += length;
  return piece;
}

function large(length: number): Bytes {
  const logarithm = 32 - Math.clz32(length - 1);
  return new Uint8Array(spare[logarithm].pop() ?? new ArrayBuffer(2 ** logarithm), 0, length);
}
