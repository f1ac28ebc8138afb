// The sizes of control messages, as <sys/socket.h> has them on 64-bit systems.

import { platform } from "./platform.ts";

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
