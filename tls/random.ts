// Random bytes, under the names of Python's ssl module. They come from the JavaScript runtime's generator.

import { checkInteger } from "../core/arguments.ts";
import type { Bytes, Data } from "../base/data.ts";
import { bytesOf } from "../base/data.ts";

/** The largest number of bytes that one call of getRandomValues makes. */
const MOST = 65536;

/**
 * Returns random bytes for keys and tokens, as Python's `ssl.RAND_bytes()`. They come from `crypto.getRandomValues`.
 *
 * @throws {RangeError} for a negative number.
 */
export function RAND_bytes(n: number): Bytes {
  checkInteger(n, "n");
  if (n < 0) throw new RangeError("num must be positive");
  const bytes = new Uint8Array(n);
  for (let at = 0; at < n; at += MOST) crypto.getRandomValues(bytes.subarray(at, at + MOST));
  return bytes;
}

/** Always true: the generator has enough randomness. Python's `ssl.RAND_status()`. */
export function RAND_status(): boolean {
  return true;
}

/** Does nothing but check its argument: the generator needs no seed. Python's `ssl.RAND_add()`. */
export function RAND_add(bytes: Data, _entropy: number): void {
  bytesOf(bytes);
}
