// poll(2) as Python has it: a set of registered descriptors, and what holds at each.

import { errorFor } from "../../base/errors.ts";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI } from "../../base/poll.ts";
import { filenoOf, pollTimeout } from "./arguments.ts";
import type { Waitable } from "./arguments.ts";
import type { WaitOptions } from "../abort.ts";
import { apart, checkOptions } from "../arguments.ts";
import { KeyError } from "./errors.ts";
import type { Runtime } from "../runtime.ts";
import { ask, Question } from "./wait.ts";

/** Reported whether asked for or not. */
const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

/** A mask that fits C's unsigned short, as struct pollfd has it. */
function pollMask(mask: unknown): number {
  if (typeof mask !== "number" || !Number.isInteger(mask)) throw new TypeError("an integer is required");
  if (mask < 0) throw new RangeError("value must be positive");
  if (mask > 0xffff) throw new RangeError("int too large for C unsigned short");
  return mask;
}

/**
 * What {@linkcode poll} returns: descriptors with the events to wait for at each.
 *
 * @example
 * ```ts
 * import { poll, POLLIN, socketpair } from "@berkeley/socket";
 *
 * const [left, right] = await socketpair();
 * const poller = poll();
 * poller.register(right, POLLIN);
 * await left.sendall("hello");
 * for (const [fd, events] of await poller.poll(5000)) {
 *   console.assert(fd === right.fileno() && events === POLLIN);
 * }
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

  /** Changes the events of a registered descriptor; ENOENT where it is not. */
  modify(fd: Waitable, eventmask: number): void {
    const number = filenoOf(fd, this.#runtime.descriptors, "poll");
    const mask = pollMask(eventmask);
    if (!this.#masks.has(number)) throw errorFor("ENOENT");
    this.#masks.set(number, mask);
  }

  /** Forgets a descriptor; KeyError where it is not registered. */
  unregister(fd: Waitable): void {
    const number = filenoOf(fd, this.#runtime.descriptors, "poll");
    if (!this.#masks.delete(number)) throw new KeyError(number);
  }

  /**
   * Waits until one of the registered events holds, or an error, a hang-up, or POLLNVAL for what is not open.
   *
   * @param timeout in milliseconds; null, negative or left out waits for ever; the options may stand in its place
   * @returns [descriptor, events] for each that is ready; none when the time ran out
   */
  async poll(
    timeout?: number | null | WaitOptions,
    options?: WaitOptions,
  ): Promise<[fd: number, events: number][]> {
    const [limit, checked] = apart(timeout, options);
    const signal = checkOptions(checked);
    const ms = pollTimeout(limit, 1);
    const questions: Question<number>[] = [];
    for (const [fd, mask] of this.#masks) {
      questions.push(new Question(this.#runtime.descriptors, fd, fd, mask | ALWAYS));
    }
    await ask(this.#runtime, questions, ms, signal);
    const found: [number, number][] = [];
    for (const { item: fd, answer: events } of questions) if (events !== 0) found.push([fd, events]);
    return found;
  }
}

// Deliberately different from CPython: one object may be polled twice at a time. There that is an error,
// for two threads would share its array; here each wait has its own.
