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
import { apart, checkOptions } from "../arguments.ts";
import type { DescriptorTable } from "../descriptors.ts";
import type { Runtime } from "../runtime.ts";
import { ask, Question } from "./wait.ts";

// The kernel's POLLIN_SET, POLLOUT_SET and POLLEX_SET (fs/select.c). One addition: an error is exceptional
// too, as it is on Windows and as a refused connect is documented.
const READABLE = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR | POLLNVAL;
const WRITABLE = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR | POLLNVAL;
const EXCEPTIONAL = POLLPRI | POLLERR | POLLNVAL;

/** One question for each item of a list. An item named twice is two of these, and comes back twice. */
function questionsOn<T extends Waitable>(table: DescriptorTable, list: Iterable<T>, mask: number): Question<T>[] {
  const questions: Question<T>[] = [];
  for (const item of list) questions.push(new Question(table, item, filenoOf(item, table, "select"), mask));
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

/** Waits until an item of a list is ready, and answers what is ready of each: the very objects, in their order. */
export async function select<R extends Waitable, W extends Waitable, X extends Waitable>(
  runtime: Runtime,
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeoutOrOptions: number | null | WaitOptions | undefined,
  lastOptions: WaitOptions | undefined,
): Promise<[R[], W[], X[]]> {
  const [timeout, options] = apart(timeoutOrOptions, lastOptions);
  const signal = checkOptions(options);
  const ms = selectTimeout(timeout);
  if (!isIterable(rlist) || !isIterable(wlist) || !isIterable(xlist)) {
    throw new TypeError("arguments 1-3 must be sequences");
  }
  const { descriptors } = runtime;
  const readers = questionsOn(descriptors, rlist, READABLE);
  const writers = questionsOn(descriptors, wlist, WRITABLE);
  const watchers = questionsOn(descriptors, xlist, EXCEPTIONAL);
  await ask(runtime, [...readers, ...writers, ...watchers], ms, signal);
  return [ready(readers), ready(writers), ready(watchers)];
}
