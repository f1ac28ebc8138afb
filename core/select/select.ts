// select(2) as Python has it: three lists in, three lists out.

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
import { filenoOf, selectTimeout } from "./arguments.ts";
import type { Waitable } from "./arguments.ts";
import type { WaitOptions } from "../abort.ts";
import { ask, Question } from "./wait.ts";

// The kernel's POLLIN_SET, POLLOUT_SET and POLLEX_SET (fs/select.c). One addition: an error is exceptional
// too, as it is on Windows and as a refused connect is documented.
const READABLE = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR | POLLNVAL;
const WRITABLE = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR | POLLNVAL;
const EXCEPTIONAL = POLLPRI | POLLERR | POLLNVAL;

/** One question for each item of a list. An item named twice is two of these, and comes back twice. */
function questionsOn<T extends Waitable>(list: Iterable<T>, mask: number): Question<T>[] {
  const questions: Question<T>[] = [];
  for (const item of list) questions.push(new Question(item, filenoOf(item), mask));
  return questions;
}

function isIterable(list: unknown): boolean {
  return typeof (list as Iterable<unknown> | null)?.[Symbol.iterator] === "function";
}

function ready<T>(questions: Question<T>[]): T[] {
  const found: T[] = [];
  for (const { item, answer } of questions) {
    // It was not open, or somebody closed it while we waited.
    if ((answer & POLLNVAL) !== 0) throw errorFor("EBADF", { syscall: "select" });
    if (answer !== 0) found.push(item);
  }
  return found;
}

/**
 * Waits until a socket can be read, written, or has something exceptional; at most `timeout` seconds.
 *
 * Readable: data, end of stream, a pending error, or a connection to accept. Writable: room to send, or a
 * connect that finished either way. Exceptional: urgent data or an error. Without a timeout it waits for
 * ever, 0 looks and does not wait; nothing ready gives three empty lists. It consumes nothing.
 *
 * @example
 * ```ts
 * import { select, socketpair } from "@berkeley/socket";
 *
 * const [left, right] = await socketpair();
 * await left.sendall("hello");
 * const [readable, writable] = await select([left, right], [right], [], 5);
 * console.assert(readable[0] === right && writable[0] === right);
 * left.close();
 * right.close();
 * ```
 *
 * @param rlist what to read from: sockets, descriptors, or anything with `fileno()`
 * @param wlist what to write to
 * @param xlist what to watch for exceptional conditions
 * @param timeout in seconds; null or left out waits for ever
 * @returns what is ready of each list: the very objects, in their order
 */
export async function select<R extends Waitable, W extends Waitable, X extends Waitable>(
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeout?: number | null,
  options: WaitOptions = {},
): Promise<[R[], W[], X[]]> {
  const ms = selectTimeout(timeout);
  if (!isIterable(rlist) || !isIterable(wlist) || !isIterable(xlist)) {
    throw new TypeError("arguments 1-3 must be sequences");
  }
  const readers = questionsOn(rlist, READABLE);
  const writers = questionsOn(wlist, WRITABLE);
  const watchers = questionsOn(xlist, EXCEPTIONAL);
  await ask([...readers, ...writers, ...watchers], ms, options.signal);
  return [ready(readers), ready(writers), ready(watchers)];
}
