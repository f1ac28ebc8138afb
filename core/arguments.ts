// The arguments of a socket's methods, checked as CPython checks them.

import { AF_VSOCK } from "../base/constants.ts";
import { bytesOf, nameOf, viewOf } from "../base/data.ts";
import type { Data, MutableData } from "../base/data.ts";
import type { AncillaryData } from "../seam/transport.ts";
import { checkSignal } from "./promises.ts";

/** The largest timeout that CPython accepts, 2^63 - 1 ns: about 292 years. */
const LONGEST_TIMEOUT = 9_223_372_036;

/** Checks a timeout in seconds, or null for none. */
export function checkTimeout(timeout: number | null): number | null {
  if (timeout === null) return null;
  if (typeof timeout !== "number") throw new TypeError(`'${nameOf(timeout)}' object cannot be interpreted as a number`);
  if (Number.isNaN(timeout)) throw new RangeError("Invalid value NaN (not a number)");
  if (timeout < 0) throw new RangeError("Timeout value out of range");
  if (timeout > LONGEST_TIMEOUT) throw new RangeError("timestamp out of range for platform time_t");
  return timeout;
}

/** Checks that a value is a whole number within the range of C's int. */
export function checkInteger(value: number, what: string): void {
  if (!Number.isInteger(value)) {
    const found = typeof value === "number" || typeof value === "string" ? `${typeof value} ${value}` : nameOf(value);
    throw new TypeError(`${what} must be an integer, not ${found}`);
  }
  if (value > 2 ** 31 - 1 || value < -(2 ** 31)) throw new RangeError(`${what} out of range: ${value}`);
}

/** Checks a number as the value of an option. It must fit C's int; the options of AF_VSOCK have 64 bits. */
export function checkOptionValue(value: number, family: number): void {
  if (family !== AF_VSOCK || !Number.isSafeInteger(value)) checkInteger(value, "option value");
}

/** The names of the options of a call that takes a signal only. */
const WAIT_OPTIONS = ["signal"];

/**
 * Checks the options of a call and returns their signal. It refuses anything that is no options object, such as a signal
 * itself or one of Python's positional arguments, and an option that the call does not have.
 */
export function checkOptions(
  options: object | undefined,
  names: readonly string[] = WAIT_OPTIONS,
): AbortSignal | undefined {
  if (options === undefined) return undefined;
  if (!isOptions(options)) throw new TypeError(`options must be an object, { name: value }, not ${nameOf(options)}`);
  for (const name in options) {
    if (!names.includes(name)) throw new TypeError(`unknown option '${name}'; there is ${names.join(", ")}`);
  }
  return checkSignal((options as { signal?: unknown }).signal);
}

/**
 * Whether an argument is an options object. An options object may take the place of the first optional argument that is
 * left out. Lists, memory and anything else that can be iterated are other arguments.
 */
export function isOptions(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) &&
    !(value instanceof ArrayBuffer) && !(value instanceof AbortSignal) && !(Symbol.iterator in value);
}

/**
 * Separates the options from the last optional argument before them, whose place they may take. Returns the argument
 * (undefined if it was left out) and the options.
 */
export function apart<A, O extends object>(
  argument: A,
  options: O | undefined,
): [argument: Exclude<A, object> | undefined, options: O | undefined] {
  if (!isOptions(argument)) return [argument as Exclude<A, object>, options];
  if (options !== undefined) throw new TypeError("options are given twice");
  return [undefined, argument as unknown as O];
}

/** Returns options that take the place of arguments that are left out. No argument may come after them. */
export function only<O extends object>(options: O | null, ...rest: unknown[]): O {
  // An argument that has its default value counts as left out.
  if (rest.some((argument) => argument !== undefined && argument !== 0 && argument !== null)) {
    throw new TypeError("options come last");
  }
  return options as O;
}

/** Checks the largest number of bytes that a receive may return. */
export function checkSize(size: number, method: string): void {
  checkInteger(size, "bufsize");
  if (size < 0) throw new RangeError(`negative buffersize in ${method}`);
}

/** Checks the number of bytes of data that recvmsg may return. CPython words its error differently. */
export function checkMessageSize(size: number): void {
  checkInteger(size, "bufsize");
  if (size < 0) throw new RangeError("negative buffer size in recvmsg()");
}

/** Checks the largest number of bytes of ancillary data that a receive may return. */
export function checkAncillarySize(size: number): void {
  if (!Number.isInteger(size)) checkInteger(size, "ancbufsize");
  if (size < 0 || size > 2 ** 31 - 1) throw new RangeError("invalid ancillary data buffer length");
}

/** Checks one control message to send: as in CPython, a sequence of exactly three items. */
export function checkControlMessage(message: readonly [level: number, type: number, data: Data]): AncillaryData {
  if (!Array.isArray(message) || message.length !== 3) {
    const found = Array.isArray(message) ? `${message.length} items` : nameOf(message);
    throw new TypeError(`sendmsg() ancillary data items must be [level, type, data], not ${found}`);
  }
  const [level, type, data] = message;
  checkInteger(level, "level");
  checkInteger(type, "type");
  // A copy, because it may be sent later.
  return [level, type, bytesOf(data).slice()];
}

/** The errors of CPython for an `nbytes` that is larger than the buffer. */
const TOO_SMALL = {
  recv_into: "buffer too small for requested bytes",
  recvfrom_into: "nbytes is greater than the length of the buffer",
};

/** Returns the part of a buffer that a receive may fill: `nbytes` of it, or all of it if `nbytes` is 0. */
export function sizedView(buffer: MutableData, nbytes: number, method: keyof typeof TOO_SMALL): Uint8Array {
  checkInteger(nbytes, "nbytes");
  if (nbytes < 0) throw new RangeError(`negative buffersize in ${method}`);
  const view = viewOf(buffer);
  if (nbytes > view.length) throw new RangeError(TOO_SMALL[method]);
  return nbytes === 0 ? view : view.subarray(0, nbytes);
}

/**
 * Throws if memory was detached or resized while the call that uses it waited. A view of a detached or shrunk buffer has
 * length 0. A view that follows the length of its buffer has a new length.
 */
export function checkUnchanged(view: Uint8Array, length: number): void {
  if (view.length !== length) {
    throw new TypeError(`the buffer was detached or resized during the call: ${view.length} bytes, not ${length}`);
  }
}
