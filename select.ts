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

export { select } from "./core/select/select.ts";
export { Poll, poll } from "./core/select/poll.ts";
export { Epoll, epoll } from "./core/select/epoll.ts";
export type { EpollFactory } from "./core/select/epoll.ts";
export { Reader, reader } from "./core/select/reader.ts";
export type { ReadSource } from "./core/select/reader.ts";
export {
  BaseSelector,
  DefaultSelector,
  EpollSelector,
  EVENT_READ,
  EVENT_WRITE,
  PollSelector,
  SelectSelector,
} from "./core/select/selectors.ts";
export { SelectorMap } from "./core/select/selector_map.ts";
export type { SelectorKey } from "./core/select/selector_map.ts";
export { KeyError } from "./core/select/errors.ts";
export type { Waitable } from "./core/select/arguments.ts";
export type { WaitOptions } from "./core/abort.ts";
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
export * from "./core/select/constants.ts";
