/**
 * Waiting on many sockets at once: Python's `select` and `selectors` modules.
 *
 * ```ts
 * import * as socket from "@berkeley/socket";
 * import { select } from "@berkeley/socket/select";
 *
 * using server = socket.create_server(["127.0.0.1", 0]);
 * const [readable] = await select([server], [], [], 0);
 * console.assert(readable.length === 0); // nobody has connected yet
 * ```
 *
 * Everything here waits on sockets of any backend, on {@linkcode reader}s (the terminal, pipes), on epolls, and
 * on descriptors of all these. A wait consumes nothing. It is given up by its timeout or its signal, and
 * leaves no trace then.
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
 * @param timeout in seconds; null or left out waits for ever; the options may stand in its place
 * @returns what is ready of each list: the very objects, in their order
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
 * A new, empty polling object.
 *
 * @example
 * ```ts
 * import { poll } from "@berkeley/socket/select";
 *
 * console.assert((await poll().poll(0)).length === 0);
 * ```
 */
export function poll(): Poll {
  return real.poll();
}

/**
 * Opens an epoll. `sizehint` is ignored, as by the kernel, and `flags` may be EPOLL_CLOEXEC.
 *
 * @example
 * ```ts
 * import { epoll } from "@berkeley/socket/select";
 *
 * using poller = epoll();
 * using same = epoll.fromfd(poller.fileno());
 * console.assert((await same.poll(0)).length === 0);
 * ```
 */
export const epoll: EpollFactory = real.epoll;

/**
 * Makes the terminal, a pipe or a child's output waitable next to sockets: anything with Deno's `read(p)`, or
 * a ReadableStream of bytes.
 *
 * @example
 * ```ts
 * import { reader, select, socketpair } from "@berkeley/socket";
 *
 * const [left, right] = await socketpair();
 * using terminal = reader(Deno.stdin);
 * await left.sendall("news");
 * const [ready] = await select([terminal, right], [], []);
 * console.assert(ready.includes(right));
 * left.close();
 * right.close();
 * ```
 *
 * @param source what to read from
 */
export function reader(source: ReadSource | ReadableStream<Uint8Array>): Reader {
  return real.reader(source);
}

/** A selector over {@linkcode select}. */
export class SelectSelector extends BaseSelector {
  /** An empty selector. */
  constructor() {
    super(new SelectWaits(realRuntime));
  }
}

/** A selector over {@linkcode poll}. */
export class PollSelector extends BaseSelector {
  /** An empty selector. */
  constructor() {
    super(new PollWaits(realRuntime));
  }
}

/** A selector over {@linkcode epoll}: its cost follows what is ready, not what is registered. */
export class EpollSelector extends BaseSelector {
  readonly #waits: EpollWaits;

  /** An empty selector. */
  constructor() {
    const waits = new EpollWaits(realRuntime);
    super(waits);
    this.#waits = waits;
  }

  /** The descriptor of the epoll underneath. */
  fileno(): number {
    return this.#waits.fileno();
  }
}

/**
 * The selector to use: the most efficient one, an {@linkcode EpollSelector}.
 *
 * @example
 * ```ts
 * import { DefaultSelector, EVENT_READ, socketpair } from "@berkeley/socket";
 *
 * const [left, right] = await socketpair();
 * using selector = new DefaultSelector();
 * selector.register(right, EVENT_READ, "the right one");
 * await left.sendall("hello");
 * for (const [key, events] of await selector.select(5)) {
 *   console.assert(key.fileobj === right && key.data === "the right one" && events === EVENT_READ);
 * }
 * left.close();
 * right.close();
 * ```
 */
export class DefaultSelector extends EpollSelector {}
