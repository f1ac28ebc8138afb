// Memory that receives share. An attempt never waits, so the kernel fills it and the result is copied out before anybody
// else can want it; a socket that waits holds no buffer.

import { copyOf } from "../base/pool.ts";

/** Large enough for any UDP datagram and for a good bulk read. */
const FIRST = 256 * 1024;
/** A stream may be read in parts, so no more than this at once. */
const STREAM_LIMIT = 1024 * 1024;
/** A datagram cannot: but the kernel has none longer than a Unix socket's send buffer, and this is beyond it. */
const DATAGRAM_LIMIT = 64 * 1024 * 1024;

let scratch = new Uint8Array(FIRST);

/** Room for `size` bytes, or for as many as one receive should ask for. */
export function room(size: number, stream: boolean): Uint8Array<ArrayBuffer> {
  if (size <= scratch.length) return scratch;
  const wanted = Math.min(size, stream ? STREAM_LIMIT : DATAGRAM_LIMIT);
  if (wanted > scratch.length) scratch = new Uint8Array(wanted);
  return scratch;
}

/** From here on a buffer of its own costs a receive less than the copy. */
const LARGE = 16 * 1024;

let fresh = new Uint8Array(0);

/** Whether a receive of a size is worth a buffer of its own, if it will be filled. */
export function isBulk(size: number): boolean {
  return size >= LARGE && size <= STREAM_LIMIT;
}

/** A buffer that nobody has seen, for `handOver`. */
export function ownRoom(size: number): Uint8Array<ArrayBuffer> {
  if (fresh.length !== size) fresh = new Uint8Array(size);
  return fresh;
}

/** Gives `ownRoom`'s buffer away where it was filled well; what is less is copied, and the buffer stays. */
export function handOver(buffer: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (2 * length < buffer.length) return copyOf(buffer, 0, length);
  fresh = new Uint8Array(0);
  return buffer.subarray(0, length);
}
