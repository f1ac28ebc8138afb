// The arguments of a socket's methods, checked as CPython checks them.

import { AF_VSOCK } from "../base/constants/families.ts";
import { bytesOf, nameOf, viewOf } from "../base/data.ts";
import type { Data, MutableData } from "../base/data.ts";
import type { AncillaryData } from "../transport.ts";

/** CPython's bound of a timeout, 2^63 - 1 ns: some 292 years. */
const LONGEST_TIMEOUT = 9_223_372_036;

/** A timeout in seconds, or none. */
export function checkTimeout(timeout: number | null): number | null {
  if (timeout === null) return null;
  if (typeof timeout !== "number") throw new TypeError(`'${nameOf(timeout)}' object cannot be interpreted as a number`);
  if (Number.isNaN(timeout)) throw new RangeError("Invalid value NaN (not a number)");
  if (timeout < 0) throw new RangeError("Timeout value out of range");
  if (timeout > LONGEST_TIMEOUT) throw new RangeError("timestamp out of range for platform time_t");
  return timeout;
}

/** C's int. */
export function checkInteger(value: number, what: string): void {
  if (!Number.isInteger(value)) {
    const found = typeof value === "number" || typeof value === "string" ? `${typeof value} ${value}` : nameOf(value);
    // The commonest mistake: recv(10, { signal }).
    const hint = typeof value === "object" && value !== null ? "; options come after all other arguments" : "";
    throw new TypeError(`${what} must be an integer, not ${found}${hint}`);
  }
  if (value > 2 ** 31 - 1 || value < -(2 ** 31)) throw new RangeError(`${what} out of range: ${value}`);
}

/** An option's value as a number: C's int, but for AF_VSOCK, whose options have 64 bits. */
export function checkOptionValue(value: number, family: number): void {
  if (family !== AF_VSOCK || !Number.isSafeInteger(value)) checkInteger(value, "option value");
}

/** The options that a call takes last; a signal itself, or one of Python's positional arguments, is a mistake. */
export function checkOptions(options: object): void {
  if (typeof options !== "object" || options === null || options instanceof AbortSignal) {
    throw new TypeError(`options must be an object, { name: value }, not ${nameOf(options)}`);
  }
}

/** How much a receive may bring at most. */
export function checkSize(size: number, method: string): void {
  checkInteger(size, "bufsize");
  if (size < 0) throw new RangeError(`negative buffersize in ${method}`);
}

/** How many bytes of control messages a receive may bring. */
export function checkAncillarySize(size: number, method: string): void {
  checkInteger(size, "ancbufsize");
  if (size < 0) throw new RangeError(`invalid ancillary data buffer length in ${method}`);
}

/** One control message to send, as CPython takes it: a sequence of exactly three items. */
export function checkControlMessage(message: readonly [level: number, type: number, data: Data]): AncillaryData {
  if (!Array.isArray(message) || message.length !== 3) {
    const found = Array.isArray(message) ? `${message.length} items` : nameOf(message);
    throw new TypeError(`sendmsg() ancillary data items must be [level, type, data], not ${found}`);
  }
  const [level, type, data] = message;
  checkInteger(level, "level");
  checkInteger(type, "type");
  return [level, type, bytesOf(data)];
}

/** The part of a buffer that a receive may fill: `nbytes` of it, or all where that is 0. */
export function sizedView(buffer: MutableData, nbytes: number, method: string): Uint8Array {
  checkInteger(nbytes, "nbytes");
  if (nbytes < 0) throw new RangeError(`negative buffersize in ${method}`);
  const view = viewOf(buffer);
  if (nbytes > view.length) throw new RangeError("buffer too small for requested bytes");
  return nbytes === 0 ? view : view.subarray(0, nbytes);
}
