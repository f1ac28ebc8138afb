// The arguments of a socket's methods, checked as CPython checks them.

import { AF_VSOCK } from "../base/constants.ts";
import { bytesOf, nameOf, viewOf } from "../base/data.ts";
import type { Data, MutableData } from "../base/data.ts";
import type { AncillaryData } from "../seam/transport.ts";
import { checkSignal } from "./promises.ts";

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
    throw new TypeError(`${what} must be an integer, not ${found}`);
  }
  if (value > 2 ** 31 - 1 || value < -(2 ** 31)) throw new RangeError(`${what} out of range: ${value}`);
}

/** An option's value as a number: C's int, but for AF_VSOCK, whose options have 64 bits. */
export function checkOptionValue(value: number, family: number): void {
  if (family !== AF_VSOCK || !Number.isSafeInteger(value)) checkInteger(value, "option value");
}

/** The options of a call that has no option but the signal. */
const WAIT_OPTIONS = ["signal"];

/**
 * Checks the options of a call and returns their signal. A signal itself, or one of Python's positional arguments, is no
 * options object; a name that the call does not have is a mistake, too.
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
 * Whether an argument is an options object: one may stand in place of the first optional argument that is left out.
 * Lists, memory and anything else that can be iterated are arguments of their own.
 */
export function isOptions(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) &&
    !(value instanceof ArrayBuffer) && !(value instanceof AbortSignal) && !(Symbol.iterator in value);
}

/**
 * Tells options from the last optional argument before them, in whose place they may stand: returns the argument, undefined
 * where it was left out, and the options.
 */
export function apart<A, O extends object>(
  argument: A,
  options: O | undefined,
): [argument: Exclude<A, object> | undefined, options: O | undefined] {
  if (!isOptions(argument)) return [argument as Exclude<A, object>, options];
  if (options !== undefined) throw new TypeError("options are given twice");
  return [undefined, argument as unknown as O];
}

/** The options that stand in place of arguments that are left out. Nothing may come after them. */
export function only<O extends object>(options: O | null, ...rest: unknown[]): O {
  // A default is as good as nothing; so is undefined.
  if (rest.some((argument) => argument !== undefined && argument !== 0 && argument !== null)) {
    throw new TypeError("options come last");
  }
  return options as O;
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
  // A copy: it may be sent later.
  return [level, type, bytesOf(data).slice()];
}

/** The part of a buffer that a receive may fill: `nbytes` of it, or all where that is 0. */
export function sizedView(buffer: MutableData, nbytes: number, method: string): Uint8Array {
  checkInteger(nbytes, "nbytes");
  if (nbytes < 0) throw new RangeError(`negative buffersize in ${method}`);
  const view = viewOf(buffer);
  if (nbytes > view.length) throw new RangeError("buffer too small for requested bytes");
  return nbytes === 0 ? view : view.subarray(0, nbytes);
}

/** Whether memory can be lent: it is not shared, and has one length as long as it is there. */
export function isFixed({ buffer }: Uint8Array): boolean {
  return buffer instanceof ArrayBuffer && !buffer.resizable;
}

/**
 * Throws where memory was detached or resized while the call that it was given to waited. A view of a detached or shrunk
 * buffer has length 0, and one that follows its buffer's length has another.
 */
export function checkUnchanged(view: Uint8Array, length: number): void {
  if (view.length !== length) {
    throw new TypeError(`the buffer was detached or resized during the call: ${view.length} bytes, not ${length}`);
  }
}
