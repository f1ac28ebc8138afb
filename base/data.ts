// Data that goes in and out: text or bytes as one byte view, memory for what is received, sizes of control messages.

import { platform } from "./platform.ts";

const encoder = new TextEncoder();

/** What can be sent: text (as UTF-8) or any buffer or view of one, what recv returned among them (shared memory too). */
export type Data = string | ArrayBufferView | ArrayBufferLike;

/** What can be received into: any buffer or view of one. */
export type MutableData = ArrayBufferView | ArrayBufferLike;

/** What is received: bytes in memory that can be posted, transferred and put in a Response. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The bytes of some data, without a copy where there are bytes already. */
export function bytesOf(data: Data): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (typeof data === "string") return encoder.encode(data);
  return viewOf(data);
}

/** The bytes of a buffer that is written to: the same memory, seen as bytes. */
export function viewOf(buffer: ArrayBufferView | ArrayBufferLike): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer;
  if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  if (buffer instanceof ArrayBuffer || Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]") {
    return new Uint8Array(buffer);
  }
  throw new TypeError(`a bytes-like object is required, not '${nameOf(buffer)}'`);
}

/** A value's kind in a word, for error texts. */
export function nameOf(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? value.constructor?.name ?? "object" : typeof value;
}

/** Several views one after the other, in memory of their own. */
export function gather(views: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(views.reduce((sum, view) => sum + view.length, 0));
  let offset = 0;
  for (const view of views) {
    all.set(view, offset);
    offset += view.length;
  }
  return all;
}

/** Spreads data over views, filling each before the next. */
export function scatter(data: Uint8Array, views: Uint8Array[]): void {
  let offset = 0;
  for (const view of views) {
    const piece = data.subarray(offset, offset + view.length);
    view.set(piece);
    offset += piece.length;
  }
}

// Memory for what is received, cheap where it is small.

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

// The sizes of control messages, as <sys/socket.h> has them on 64-bit systems.

/** sizeof(struct cmsghdr), which is a multiple of the alignment. */
const HEADER = platform === "darwin" ? 12 : 16;
/** Control messages start at multiples of this. */
const ALIGNMENT = platform === "darwin" ? 4 : 8;

/** The largest socklen_t that CPython hands to the kernel (SOCKLEN_T_LIMIT). */
const LONGEST = 2 ** 31 - 1;

function checkLength(length: number, longest: number, name: string): void {
  if (!Number.isInteger(length)) throw new TypeError(`${name}() argument must be an integer, not ${length}`);
  if (length < 0 || length > longest) throw new RangeError(`${name}() argument out of range`);
}

/**
 * The length of a control message with `length` bytes of data, without padding behind it; as Python's
 * `socket.CMSG_LEN()`, see cmsg(3).
 *
 * @throws {RangeError} for a negative or too large length.
 *
 * @example
 * ```ts
 * import { CMSG_LEN } from "@berkeley/socket";
 * console.log(CMSG_LEN(4));
 * ```
 */
export function CMSG_LEN(length: number): number {
  checkLength(length, LONGEST - HEADER, "CMSG_LEN");
  return HEADER + length;
}

/**
 * The room that a control message with `length` bytes of data takes up, padding included; as Python's
 * `socket.CMSG_SPACE()`, see cmsg(3).
 *
 * @throws {RangeError} for a negative or too large length.
 *
 * @example
 * ```ts
 * import { CMSG_SPACE } from "@berkeley/socket";
 * console.log(CMSG_SPACE(4));
 * ```
 */
export function CMSG_SPACE(length: number): number {
  // CPython's bound: with the header and one unit of padding it still fits.
  checkLength(length, LONGEST - HEADER - ALIGNMENT, "CMSG_SPACE");
  return HEADER + Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
