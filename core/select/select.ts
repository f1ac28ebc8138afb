// select and poll, and the checks of the arguments of all waits, as in CPython.

import { errorFor } from "../../base/errors.ts";
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from "../../base/poll.ts";
import { apart, checkOptions } from "../arguments.ts";
import { checkTable } from "../descriptors.ts";
import type { DescriptorTable } from "../descriptors.ts";
import type { WaitOptions } from "../promises.ts";
import type { Runtime } from "../runtime.ts";
import { PollInterest, waitForEvents } from "./wait.ts";

/** What can be waited on: a descriptor, or an object with `fileno()`, such as a socket, an epoll or a {@linkcode reader}. */
export type Waitable = number | { fileno(): number };

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
/** CPython keeps times as 64-bit nanoseconds. */
const LONGEST_MS = 2 ** 63 / 1e6;

/** Checks a whole number that must fit C's int. */
export function int(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isInteger(value)) throw new TypeError(`${what} must be an integer`);
  if (value > INT_MAX || value < INT_MIN) throw new RangeError("int too large to convert to C int");
  return value;
}

/** CPython's text for an item that has no descriptor. */
const NO_DESCRIPTOR = "argument must be an int, or have a fileno() method.";

/** Returns the descriptor of an item, which must belong to the table. */
export function filenoOf(item: Waitable, table: DescriptorTable, syscall?: string): number {
  let fd: unknown = item;
  if (typeof item !== "number") {
    if (typeof item?.fileno !== "function") throw new TypeError(NO_DESCRIPTOR);
    fd = item.fileno();
    if (!Number.isInteger(fd)) throw new TypeError("fileno() returned a non-integer");
    checkTable(item, table, syscall);
  } else if (!Number.isInteger(item)) {
    throw new TypeError(NO_DESCRIPTOR);
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

/** Converts the timeout of select from seconds to milliseconds. Returns Infinity if there is no timeout. */
export function selectTimeout(timeout: number | null | undefined): number {
  if (timeout === null || timeout === undefined) return Infinity;
  const ms = milliseconds(timeout, 1000);
  if (ms < 0) throw new RangeError("timeout must be non-negative");
  return ms;
}

/**
 * Converts the timeout of poll (in ms, `unit` 1) or epoll (in s, `unit` 1000) to milliseconds. Returns Infinity for a
 * negative timeout, which means no limit.
 */
export function pollTimeout(timeout: number | null | undefined, unit: 1 | 1000): number {
  if (timeout === null || timeout === undefined) return Infinity;
  const exact = milliseconds(timeout, unit);
  // Rounded up, so that a short timeout does not become 0. As in CPython, poll rounds a negative fraction down.
  const ms = exact < 0 && unit === 1 ? Math.floor(exact) : Math.ceil(exact);
  if (ms > INT_MAX || ms < INT_MIN) throw new RangeError("timeout is too large");
  return ms < 0 ? Infinity : ms;
}

// select(2) with Python's arguments: three lists.

// The kernel's POLLIN_SET, POLLOUT_SET and POLLEX_SET (fs/select.c), with one addition: an error is an exceptional condition
// too, as on Windows.
const READABLE = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR | POLLNVAL;
const WRITABLE = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR | POLLNVAL;
const EXCEPTIONAL = POLLPRI | POLLERR | POLLNVAL;

/** Makes an interest for each item of a list. An item that is twice in the list is returned twice. */
function interestsIn<T extends Waitable>(table: DescriptorTable, list: Iterable<T>, mask: number): PollInterest<T>[] {
  const interests: PollInterest<T>[] = [];
  for (const item of list) interests.push(new PollInterest(table, item, filenoOf(item, table, "select"), mask));
  return interests;
}

function isIterable(list: unknown): boolean {
  return typeof (list as Iterable<unknown> | null)?.[Symbol.iterator] === "function";
}

function ready<T>(interests: PollInterest<T>[]): T[] {
  const found: T[] = [];
  for (const { item, revents } of interests) {
    // It was not open, or it was closed during the wait.
    if ((revents & POLLNVAL) !== 0) throw errorFor("EBADF", { syscall: "select" });
    if (revents !== 0) found.push(item);
  }
  return found;
}

/** Waits until an item of a list is ready. Returns the ready items of each list, in their order. */
export async function select<R extends Waitable, W extends Waitable, X extends Waitable>(
  runtime: Runtime,
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeoutOrOptions: number | null | WaitOptions | undefined,
  lastOptions: WaitOptions | undefined,
): Promise<[R[], W[], X[]]> {
  try {
    const [timeout, options] = apart(timeoutOrOptions, lastOptions);
    const signal = checkOptions(options);
    const ms = selectTimeout(timeout);
    if (!isIterable(rlist) || !isIterable(wlist) || !isIterable(xlist)) {
      throw new TypeError("arguments 1-3 must be sequences");
    }
    const { descriptors } = runtime;
    const readers = interestsIn(descriptors, rlist, READABLE);
    const writers = interestsIn(descriptors, wlist, WRITABLE);
    const watchers = interestsIn(descriptors, xlist, EXCEPTIONAL);
    await waitForEvents(runtime, [...readers, ...writers, ...watchers], ms, signal);
    return [ready(readers), ready(writers), ready(watchers)];
  } catch (error) {
    return await runtime.turns.rejection(error);
  }
}

// poll(2) with Python's methods: a set of registered descriptors and their events.

/** The events that are always reported. */
const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

/** Checks a mask, which must fit C's unsigned short as in struct pollfd. */
function pollMask(mask: unknown): number {
  if (typeof mask !== "number" || !Number.isInteger(mask)) throw new TypeError("an integer is required");
  if (mask < 0) throw new RangeError("value must be positive");
  if (mask > 0xffff) throw new RangeError("int too large for C unsigned short");
  return mask;
}

/**
 * A polling object, as {@linkcode poll} returns it: registered descriptors and the events to wait for.
 *
 * @example
 * ```ts
 * import { poll, POLLIN, socketpair } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [left, right] = await socketpair();
 * const poller = poll();
 * poller.register(right, POLLIN);
 * await left.sendall("hello");
 * assert.deepEqual(await poller.poll(5000), [[right.fileno(), POLLIN]]);
 * left.close();
 * right.close();
 * ```
 */
export class Poll {
  readonly #runtime: Runtime;
  readonly #masks = new Map<number, number>();

  /** Made by {@linkcode poll}. */
  constructor(runtime: Runtime) {
    if (runtime === undefined) throw new TypeError("polling objects are made by poll(), and not by new");
    this.#runtime = runtime;
  }

  /** Registers a descriptor, or changes the events of a registered one. */
  register(fd: Waitable, eventmask: number = POLLIN | POLLPRI | POLLOUT): void {
    this.#masks.set(filenoOf(fd, this.#runtime.descriptors, "poll"), pollMask(eventmask));
  }

  /**
   * Changes the events of a registered descriptor.
   *
   * @throws {OSError} ENOENT if it is not registered.
   */
  modify(fd: Waitable, eventmask: number): void {
    const number = filenoOf(fd, this.#runtime.descriptors, "poll");
    const mask = pollMask(eventmask);
    if (!this.#masks.has(number)) throw errorFor("ENOENT");
    this.#masks.set(number, mask);
  }

  /**
   * Removes a descriptor.
   *
   * @throws {KeyError} if it is not registered.
   */
  unregister(fd: Waitable): void {
    const number = filenoOf(fd, this.#runtime.descriptors, "poll");
    if (!this.#masks.delete(number)) throw new KeyError(number);
  }

  /**
   * Waits until an event of a registered descriptor holds; see poll(2). POLLERR, POLLHUP, and POLLNVAL for a descriptor that
   * is not open, are always reported.
   *
   * @param timeout in milliseconds; null, negative or left out for no limit; the options may take its place
   * @returns [descriptor, events] of each descriptor that is ready; empty at the timeout
   */
  async poll(
    timeout?: number | null | WaitOptions,
    options?: WaitOptions,
  ): Promise<[fd: number, events: number][]> {
    try {
      const [limit, checked] = apart(timeout, options);
      const signal = checkOptions(checked);
      const ms = pollTimeout(limit, 1);
      // Each call has its own list, so two calls may run at a time. CPython refuses that: there the calls share one array.
      const interests: PollInterest<number>[] = [];
      for (const [fd, mask] of this.#masks) {
        interests.push(new PollInterest(this.#runtime.descriptors, fd, fd, mask | ALWAYS));
      }
      await waitForEvents(this.#runtime, interests, ms, signal);
      const found: [number, number][] = [];
      for (const { item: fd, revents: events } of interests) if (events !== 0) found.push([fd, events]);
      return found;
    } catch (error) {
      return await this.#runtime.turns.rejection(error);
    }
  }
}

// The exception that the select module needs and the socket module does not have.

/**
 * The error for a descriptor that is not registered, as Python's KeyError.
 *
 * @example
 * ```ts
 * import { KeyError, poll } from "@berkeley/socket/select";
 * import assert from "node:assert/strict";
 *
 * assert.throws(() => poll().unregister(5), KeyError);
 * ```
 */
export class KeyError extends Error {
  /** The class's name. */
  override name = "KeyError";
  /** The key that was not found. */
  readonly key: unknown;

  /** Makes the error for a key. The default message is the key. */
  constructor(key: unknown, message: string = String(key)) {
    super(message);
    this.key = key;
  }
}
