// Makes the functions and classes of Python's select and selectors modules for a runtime.

import type { WaitOptions } from "../promises.ts";
import type { Runtime } from "../runtime.ts";
import { Epoll, epollFromFd, openEpoll } from "./epoll.ts";
import { KeyError, Poll, select } from "./select.ts";
import type { Waitable } from "./select.ts";
import { Reader } from "./reader.ts";
import type { ReadSource } from "./reader.ts";
import { BaseSelector, EpollWaits, PollWaits, SelectorMap, SelectWaits } from "./selectors.ts";

/** The type of epoll: a function with a member. */
export interface EpollFactory {
  /** Opens a new, empty epoll. */
  (sizehint?: number, flags?: number): Epoll;
  /** An object for an epoll descriptor that is open already. */
  fromfd(fd: number): Epoll;
}

/** The functions of the select module. `select.ts` documents each of them. */
export interface SelectFunctions {
  select<R extends Waitable, W extends Waitable, X extends Waitable>(
    rlist: Iterable<R>,
    wlist: Iterable<W>,
    xlist: Iterable<X>,
    timeout?: number | null | WaitOptions,
    options?: WaitOptions,
  ): Promise<[R[], W[], X[]]>;
  poll(): Poll;
  readonly epoll: EpollFactory;
  reader(source: ReadSource | ReadableStream<Uint8Array>): Reader;
}

/** Makes the functions for the descriptors of a runtime. They wait by its clock. */
export function makeSelect(runtime: Runtime): SelectFunctions {
  return {
    select: (rlist, wlist, xlist, timeout, options) => select(runtime, rlist, wlist, xlist, timeout, options),
    poll: () => new Poll(runtime),
    epoll: Object.assign(
      (sizehint?: number, flags?: number) => openEpoll(runtime, sizehint, flags),
      { fromfd: (fd: number) => epollFromFd(runtime, fd) },
    ),
    reader: (source) => new Reader(runtime, source),
  };
}

/** The classes of the selectors module. */
export interface Selectors {
  readonly SelectSelector: new () => BaseSelector;
  readonly PollSelector: new () => BaseSelector;
  readonly EpollSelector: new () => BaseSelector & { fileno(): number };
  readonly DefaultSelector: new () => BaseSelector & { fileno(): number };
}

/** Makes the classes of selectors for the descriptors of a runtime. */
export function makeSelectors(runtime: Runtime): Selectors {
  class SelectSelector extends BaseSelector {
    constructor() {
      super(new SelectWaits(runtime));
    }
  }
  class PollSelector extends BaseSelector {
    constructor() {
      super(new PollWaits(runtime));
    }
  }
  class EpollSelector extends BaseSelector {
    readonly #waits: EpollWaits;

    constructor(waits = new EpollWaits(runtime)) {
      super(waits);
      this.#waits = waits;
    }
    fileno(): number {
      return this.#waits.fileno();
    }
  }
  class DefaultSelector extends EpollSelector {}
  return { SelectSelector, PollSelector, EpollSelector, DefaultSelector };
}

/** The classes that are the same in every runtime. */
export const selectClasses = { BaseSelector, Epoll, KeyError, Poll, Reader, SelectorMap };
