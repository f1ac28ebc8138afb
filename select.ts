/**
 * Waits on many sockets at once, as Python's `select` and `selectors` modules.
 *
 * ```ts
 * import * as socket from "@berkeley/socket";
 * import { select } from "@berkeley/socket/select";
 * import assert from "node:assert/strict";
 *
 * using server = socket.create_server(["127.0.0.1", 0]);
 * const [readable] = await select([server], [], [], 0);
 * assert.equal(readable.length, 0); // there is no connection to accept
 * ```
 *
 * All functions here wait on sockets of both backends, on {@linkcode reader}s (the terminal, pipes), on epolls, and on the
 * descriptors of all these. A wait consumes no data and no connection. It ends with an empty result at its timeout, and
 * rejects when its signal is aborted.
 *
 * @module
 */

import type { WaitOptions } from "./core/promises.ts";
import type { Poll, Waitable } from "./core/select/select.ts";
import { makeSelect } from "./core/select/module.ts";
import type { EpollFactory } from "./core/select/module.ts";
import type { Reader, ReadSource } from "./core/select/reader.ts";
import { BaseSelector, EpollWaits, PollWaits, SelectWaits } from "./core/select/selectors.ts";
import { realRuntime } from "./deno/runtime.ts";

export { Poll } from "./core/select/select.ts";
export { Epoll } from "./core/select/epoll.ts";
export type { EpollFactory } from "./core/select/module.ts";
export { Reader } from "./core/select/reader.ts";
export type { ReadSource } from "./core/select/reader.ts";
export { BaseSelector } from "./core/select/selectors.ts";
export { EVENT_READ, EVENT_WRITE } from "./core/select/selectors.ts";
export { SelectorMap } from "./core/select/selectors.ts";
export type { SelectorKey } from "./core/select/selectors.ts";
export { KeyError } from "./core/select/select.ts";
export type { Waitable } from "./core/select/select.ts";
export type { WaitOptions } from "./core/promises.ts";
export {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLMSG,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from "./base/poll.ts";
export * from "./base/poll.ts";

const real = makeSelect(realRuntime);

/**
 * Waits until a socket is readable, writable or has an exceptional condition, at most `timeout` seconds; as Python's
 * `select.select()`, see select(2).
 *
 * - Readable: data, the end of the stream, a pending error, or a connection to accept.
 * - Writable: room to send, or a connect that has ended, with success or an error.
 * - Exceptional: urgent data or an error.
 *
 * Without a timeout it waits without a limit. With 0 it does not wait. If nothing is ready at the timeout, all three lists
 * are empty.
 *
 * @example
 * ```ts
 * import { select, socketpair } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [left, right] = await socketpair();
 * await left.sendall("hello");
 * const [readable, writable] = await select([left, right], [right], [], 5);
 * assert.deepEqual([readable, writable], [[right], [right]]);
 * left.close();
 * right.close();
 * ```
 *
 * @throws {OSError} EBADF if a descriptor is not open, or is closed during the wait.
 *
 * @param rlist what to read from: sockets, descriptors, or anything with `fileno()`
 * @param wlist what to write to
 * @param xlist what to watch for exceptional conditions
 * @param timeout in seconds; null or left out for no limit; the options may take its place
 * @returns the items of each list that are ready, in their order
 */
export function select<R extends Waitable, W extends Waitable, X extends Waitable>(
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeout?: number | null | WaitOptions,
  options?: WaitOptions,
): Promise<[R[], W[], X[]]> {
  return real.select(rlist, wlist, xlist, timeout, options);
}

/**
 * Makes an empty polling object, as Python's `select.poll()`; see poll(2).
 *
 * @example
 * ```ts
 * import { socketpair } from "@berkeley/socket";
 * import { poll, POLLIN } from "@berkeley/socket/select";
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
export function poll(): Poll {
  return real.poll();
}

/**
 * Opens an epoll, as Python's `select.epoll()`; see epoll(7). `sizehint` is ignored, as in the kernel. `flags` may be
 * EPOLL_CLOEXEC.
 *
 * @example
 * ```ts
 * import { socketpair } from "@berkeley/socket";
 * import { epoll, EPOLLIN } from "@berkeley/socket/select";
 * import assert from "node:assert/strict";
 *
 * const [left, right] = await socketpair();
 * using poller = epoll();
 * poller.register(right, EPOLLIN);
 * await left.sendall("hello");
 * assert.deepEqual(await poller.poll(5), [[right.fileno(), EPOLLIN]]);
 * left.close();
 * right.close();
 * ```
 */
export const epoll: EpollFactory = real.epoll;

/**
 * Makes a reader, with which `select`, `poll` and `epoll` can wait on the terminal, a pipe or the output of a child process.
 * The source is anything with Deno's `read(p)`, or a ReadableStream of bytes, which is locked until the reader is closed.
 *
 * @example
 * ```ts
 * import { reader, select, socketpair } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [left, right] = await socketpair();
 * using terminal = reader(Deno.stdin);
 * await left.sendall("news");
 * const [ready] = await select([terminal, right], [], []);
 * assert.ok(ready.includes(right));
 * left.close();
 * right.close();
 * ```
 *
 * @param source what to read from
 */
export function reader(source: ReadSource | ReadableStream<Uint8Array>): Reader {
  return real.reader(source);
}

/** A selector that waits with {@linkcode select}, as Python's `selectors.SelectSelector`. */
export class SelectSelector extends BaseSelector {
  /** An empty selector. */
  constructor() {
    super(new SelectWaits(realRuntime));
  }
}

/** A selector that waits with {@linkcode poll}, as Python's `selectors.PollSelector`. */
export class PollSelector extends BaseSelector {
  /** An empty selector. */
  constructor() {
    super(new PollWaits(realRuntime));
  }
}

/**
 * A selector that waits with {@linkcode epoll}, as Python's `selectors.EpollSelector`. The time of a wait depends on how many
 * descriptors are ready, not on how many are registered.
 */
export class EpollSelector extends BaseSelector {
  readonly #waits: EpollWaits;

  /** An empty selector. */
  constructor() {
    const waits = new EpollWaits(realRuntime);
    super(waits);
    this.#waits = waits;
  }

  /** Returns the descriptor of the selector's epoll. */
  fileno(): number {
    return this.#waits.fileno();
  }
}

/**
 * The most efficient selector, as Python's `selectors.DefaultSelector`. It is an {@linkcode EpollSelector}.
 *
 * @example
 * ```ts
 * import { DefaultSelector, EVENT_READ, socketpair } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [left, right] = await socketpair();
 * using selector = new DefaultSelector();
 * selector.register(right, EVENT_READ, "the right one");
 * await left.sendall("hello");
 * for (const [key, events] of await selector.select(5)) {
 *   assert.equal(key.fileobj, right);
 *   assert.equal(key.data, "the right one");
 *   assert.equal(events, EVENT_READ);
 * }
 * left.close();
 * right.close();
 * ```
 */
export class DefaultSelector extends EpollSelector {}
