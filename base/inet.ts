// The inet_ and hton functions. They accept what the C library accepts.

import { AF_INET, AF_INET6 } from "./constants.ts";
import { nameOf, viewOf } from "./data.ts";
import type { MutableData } from "./data.ts";
import { errorFor, OSError } from "./errors.ts";
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6, parseLenientIPv4 } from "./ip.ts";

function checkText(text: unknown, name: string): string {
  if (typeof text !== "string") throw new TypeError(`${name}() argument must be a string, not ${nameOf(text)}`);
  if (text.includes("\0")) throw new RangeError("embedded null character");
  return text;
}

/**
 * Packs an IPv4 address into four bytes, as Python's `socket.inet_aton()`; see inet_aton(3). "127.1" and "0x7f.1" are
 * addresses too. White space and any text after it are ignored.
 *
 * @example
 * ```ts
 * import { inet_aton } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * assert.deepEqual([...inet_aton("1.2")], [1, 0, 0, 2]);
 * ```
 */
export function inet_aton(ip: string): Uint8Array {
  const [text] = checkText(ip, "inet_aton").split(/[ \t\n\v\f\r]/, 1);
  const bytes = parseLenientIPv4(text);
  if (bytes === undefined) throw new OSError("illegal IP address string passed to inet_aton");
  return bytes;
}

/**
 * Converts four bytes to an IPv4 address in dotted form, as Python's `socket.inet_ntoa()`.
 *
 * @example
 * ```ts
 * import { inet_ntoa } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * assert.equal(inet_ntoa(new Uint8Array([127, 0, 0, 1])), "127.0.0.1");
 * ```
 */
export function inet_ntoa(packed: MutableData): string {
  const bytes = viewOf(packed);
  if (bytes.length !== 4) throw new OSError("packed IP wrong length for inet_ntoa");
  return formatIPv4(bytes);
}

/**
 * Packs an address of AF_INET or AF_INET6, as Python's `socket.inet_pton()`; see inet_pton(3). It accepts only the usual form
 * of an address, unlike {@linkcode inet_aton}.
 *
 * @example
 * ```ts
 * import { AF_INET6, inet_pton } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * assert.equal(inet_pton(AF_INET6, "::1")[15], 1);
 * ```
 */
export function inet_pton(family: number, ip: string): Uint8Array {
  if (!Number.isInteger(family)) throw new TypeError("inet_pton() argument 1 must be an integer");
  const text = checkText(ip, "inet_pton");
  if (family !== AF_INET && family !== AF_INET6) throw errorFor("EAFNOSUPPORT", { syscall: "inet_pton" });
  const bytes = family === AF_INET ? parseIPv4(text) : parseIPv6(text);
  if (bytes === undefined) throw new OSError("illegal IP address string passed to inet_pton");
  return bytes;
}

/**
 * Converts a packed address of AF_INET or AF_INET6 to its shortest text, as Python's `socket.inet_ntop()`; see inet_ntop(3).
 *
 * @example
 * ```ts
 * import { AF_INET6, inet_ntop } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * assert.equal(inet_ntop(AF_INET6, new Uint8Array(16)), "::");
 * ```
 */
export function inet_ntop(family: number, packed: MutableData): string {
  if (!Number.isInteger(family)) throw new TypeError("inet_ntop() argument 1 must be an integer");
  const bytes = viewOf(packed);
  if (family !== AF_INET && family !== AF_INET6) throw new RangeError(`unknown address family ${family}`);
  if (bytes.length !== (family === AF_INET ? 4 : 16)) {
    throw new RangeError("invalid length of packed IP address string");
  }
  return family === AF_INET ? formatIPv4(bytes) : formatIPv6(bytes);
}

// CPython's texts. Only those of 16 bits name the function.
const NEGATIVE_16 = "can't convert negative number to C 16-bit unsigned integer";
const TOO_LARGE_16 = "number too large to convert to C 16-bit unsigned integer";
const NEGATIVE_32 = "can't convert negative value to unsigned int";
const TOO_LARGE_32 = "int larger than 32 bits";

/** Reverses the bytes of a number on a little-endian processor. The byte order of the network is big-endian. */
function swap(value: number, bits: 16 | 32, name: string): number {
  if (typeof value !== "number" || (Number.isFinite(value) && !Number.isInteger(value))) {
    throw new TypeError(`${name}() argument must be an integer`);
  }
  if (!(value >= 0)) throw new RangeError(bits === 16 ? `${name}: ${NEGATIVE_16}` : NEGATIVE_32);
  if (value >= 2 ** bits) throw new RangeError(bits === 16 ? `${name}: ${TOO_LARGE_16}` : TOO_LARGE_32);
  const view = new DataView(new ArrayBuffer(4));
  if (bits === 16) {
    view.setUint16(0, value);
    return new Uint16Array(view.buffer)[0];
  }
  view.setUint32(0, value);
  return new Uint32Array(view.buffer)[0];
}

/**
 * Converts a 16-bit number from the machine's byte order to the network's, as Python's `socket.htons()`.
 *
 * @example
 * ```ts
 * import { htons, ntohs } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * assert.equal(ntohs(htons(8080)), 8080);
 * ```
 */
export function htons(value: number): number {
  return swap(value, 16, "htons");
}

/**
 * Converts a 32-bit number from the machine's byte order to the network's, as Python's `socket.htonl()`.
 *
 * @example
 * ```ts
 * import { htonl, ntohl } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * assert.equal(ntohl(htonl(0x7f000001)), 0x7f000001);
 * ```
 */
export function htonl(value: number): number {
  return swap(value, 32, "htonl");
}

/**
 * Converts a 16-bit number from the network's byte order to the machine's, as Python's `socket.ntohs()`.
 *
 * @example
 * ```ts
 * import { htons, ntohs } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * assert.equal(ntohs(htons(8080)), 8080);
 * ```
 */
export function ntohs(value: number): number {
  return swap(value, 16, "ntohs");
}

/**
 * Converts a 32-bit number from the network's byte order to the machine's, as Python's `socket.ntohl()`.
 *
 * @example
 * ```ts
 * import { htonl, ntohl } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * assert.equal(ntohl(htonl(0x7f000001)), 0x7f000001);
 * ```
 */
export function ntohl(value: number): number {
  return swap(value, 32, "ntohl");
}
