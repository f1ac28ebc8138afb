// The arguments of select, poll and epoll, checked as CPython checks them.

import { checkTable } from "../descriptors.ts";
import type { DescriptorTable } from "../descriptors.ts";

/** What can be waited on: a descriptor, or anything with `fileno()`: a socket, an epoll, a {@linkcode reader}. */
export type Waitable = number | { fileno(): number };

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
/** CPython keeps times as 64-bit nanoseconds. */
const LONGEST_MS = 2 ** 63 / 1e6;

/** A whole number that fits C's int. */
export function int(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isInteger(value)) throw new TypeError(`${what} must be an integer`);
  if (value > INT_MAX || value < INT_MIN) throw new RangeError("int too large to convert to C int");
  return value;
}

/** The descriptor of an item, which must be one of the table's. */
export function filenoOf(item: Waitable, table: DescriptorTable, syscall?: string): number {
  let fd: unknown = item;
  if (typeof item !== "number") {
    if (typeof item?.fileno !== "function") {
      throw new TypeError("argument must be an int, or have a fileno() method");
    }
    fd = item.fileno();
    if (!Number.isInteger(fd)) throw new TypeError("fileno() returned a non-integer");
    checkTable(item, table, syscall);
  } else if (!Number.isInteger(item)) {
    throw new TypeError("argument must be an int, or have a fileno() method");
  }
  int(fd, "fd");
  if (fd as number < 0) throw new RangeError(`file descriptor cannot be a negative integer (${fd})`);
  return fd as number;
}

function milliseconds(timeout: unknown, unit: number): number {
  if (typeof timeout !== "number") throw new TypeError("timeout must be a number or null");
  if (Number.isNaN(timeout)) throw new RangeError("Invalid value NaN (not a number)");
  const ms = timeout * unit;
  if (Math.abs(ms) >= LONGEST_MS) throw new RangeError("timestamp out of range for platform time_t");
  return ms;
}

/** select's timeout in seconds, as milliseconds; none is Infinity. */
export function selectTimeout(timeout: number | null | undefined): number {
  if (timeout === null || timeout === undefined) return Infinity;
  const ms = milliseconds(timeout, 1000);
  if (ms < 0) throw new RangeError("timeout must be non-negative");
  return ms;
}

/** The timeout of poll (milliseconds) and epoll (seconds: a unit of 1000): negative waits for ever, as in C. */
export function pollTimeout(timeout: number | null | undefined, unit: 1 | 1000): number {
  if (timeout === null || timeout === undefined) return Infinity;
  const exact = milliseconds(timeout, unit);
  // Up, never to a busy zero; poll alone rounds a negative fraction away from zero too.
  const ms = exact < 0 && unit === 1 ? Math.floor(exact) : Math.ceil(exact);
  if (ms > INT_MAX || ms < INT_MIN) throw new RangeError("timeout is too large");
  return ms < 0 ? Infinity : ms;
}
