// Memory for what is received, cheap where it is small.

import type { Bytes } from "./data.ts";

/** Up to this length a copy comes out of the pool; an allocation of its own costs 290 ns, a piece of the pool 30. */
const LARGEST_PIECE = 4096;
const POOL_SIZE = 32768;

let pool = new Uint8Array(POOL_SIZE);
let used = 0;

/**
 * Copies bytes out of a buffer that is going to be used again. A small copy shares its ArrayBuffer with other
 * received data, as Node's Buffers do: respect its byteOffset, and slice() it before transferring it. It starts where
 * any typed array may.
 */
export function copyOf(buffer: Bytes, start: number, end: number): Bytes {
  const length = end - start;
  if (length > LARGEST_PIECE) return buffer.slice(start, end);
  // A pool that somebody transferred away has no room left either.
  if (used + length > pool.length) {
    pool = new Uint8Array(POOL_SIZE);
    used = 0;
  }
  const piece = pool.subarray(used, used + length);
  piece.set(start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end));
  used = (used + length + 7) & ~7;
  return piece;
}
