// epoll(7) with Python's methods: the object that owns an epoll descriptor.

import { errorFor, OSError } from "../../base/errors.ts";
import { EPOLL_CLOEXEC, EPOLLIN, EPOLLOUT, EPOLLPRI } from "../../base/poll.ts";
import { apart, checkOptions } from "../arguments.ts";
import { closeForgotten, tellTable } from "../descriptors.ts";
import type { Descriptor } from "../descriptors.ts";
import type { WaitOptions } from "../promises.ts";
import type { Runtime } from "../runtime.ts";
import { InterestList } from "./interest.ts";
import { filenoOf, int, pollTimeout } from "./select.ts";
import type { Waitable } from "./select.ts";

/** FD_SETSIZE - 1, which CPython uses for a maxevents of -1. */
const MOST_EVENTS = 1023;

/** Closes the descriptors of epolls that were garbage-collected while open. */
const forgotten = new FinalizationRegistry<Descriptor>(closeForgotten);

/** Returns an event mask as C's unsigned int. JavaScript's `|` makes a mask with EPOLLET negative; the bits are the same. */
function mask(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value)) throw new TypeError("eventmask must be an integer");
  return value >>> 0;
}

/**
 * An epoll, as {@linkcode epoll} returns it. The time of a wait depends on how many descriptors are ready, not on how many are
 * registered.
 *
 * @example
 * ```ts
 * import { epoll, EPOLLIN, socketpair } from "@berkeley/socket";
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
export class Epoll implements Disposable {
  readonly #runtime: Runtime;
  #fd: number | null;

  static {
    tellTable(Epoll.prototype, (epoll) => epoll.#runtime.descriptors.find(epoll.#fd ?? -1)?.numberedBy);
  }

  /** Makes the object of an epoll descriptor. Programs call {@linkcode epoll} instead. */
  constructor(runtime: Runtime, fd: number) {
    if (typeof runtime !== "object") {
      throw new TypeError("epolls are made by epoll() and epoll.fromfd(), and not by new");
    }
    this.#runtime = runtime;
    this.#fd = fd;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#fd === null;
  }

  /** Returns the descriptor of the epoll, which can be waited on as any other. */
  fileno(): number {
    if (this.#fd === null) throw new RangeError("I/O operation on closed epoll object");
    return this.#fd;
  }

  /**
   * Registers a descriptor for events.
   *
   * @throws {OSError} EEXIST if it is registered already, EPERM if it cannot be waited on.
   */
  register(fd: Waitable, eventmask: number = EPOLLIN | EPOLLPRI | EPOLLOUT): void {
    this.fileno();
    const number = filenoOf(fd, this.#runtime.descriptors, "epoll_ctl");
    const events = mask(eventmask);
    this.#list("epoll_ctl", number).add(number, events);
  }

  /**
   * Changes the events of a registered descriptor. Events that hold now are reported again.
   *
   * @throws {OSError} ENOENT if it is not registered.
   */
  modify(fd: Waitable, eventmask: number): void {
    this.fileno();
    const number = filenoOf(fd, this.#runtime.descriptors, "epoll_ctl");
    const events = mask(eventmask);
    this.#list("epoll_ctl", number).modify(number, events);
  }

  /**
   * Removes a descriptor. A descriptor is also removed when it is closed.
   *
   * @throws {OSError} ENOENT if it is not registered.
   */
  unregister(fd: Waitable): void {
    this.fileno();
    const number = filenoOf(fd, this.#runtime.descriptors, "epoll_ctl");
    this.#list("epoll_ctl", number).delete(number);
  }

  /**
   * Waits until a registered descriptor is ready; see epoll_wait(2).
   *
   * @param timeout in seconds; null, negative or left out for no limit
   * @param maxevents how many to report at most; the next call reports the others first. -1 means 1023
   * @returns [descriptor, events] of each descriptor that is ready; empty at the timeout
   */
  async poll(
    timeout?: number | null | WaitOptions,
    maxevents?: number | WaitOptions,
    options?: WaitOptions,
  ): Promise<[fd: number, events: number][]> {
    try {
      this.fileno();
      const [most = -1, later] = apart(maxevents, options);
      const [limit, checked] = apart(timeout, later);
      const signal = checkOptions(checked);
      const ms = pollTimeout(limit, 1000);
      int(most, "maxevents");
      if (most !== -1 && most <= 0) throw new RangeError(`maxevents must be greater than 0, got ${most}`);
      const list = this.#list("epoll_wait");
      const found = await list.wait(most === -1 ? MOST_EVENTS : most, ms, signal);
      // Read after the wait too, so that this object is not garbage-collected during the wait.
      this.fileno();
      return found;
    } catch (error) {
      return await this.#runtime.turns.rejection(error);
    }
  }

  /** Closes the epoll. A second close does nothing. */
  close(): void {
    if (this.#fd === null) return;
    const descriptor = this.#runtime.descriptors.find(this.#fd);
    forgotten.unregister(this);
    this.#fd = null;
    descriptor?.close();
  }

  /** The same as close(), for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Returns the list of the epoll. As in the kernel, it is first checked that both descriptors of a call are open. */
  #list(syscall: string, target?: number): InterestList {
    const { descriptors } = this.#runtime;
    const descriptor = descriptors.find(this.fileno());
    if (descriptor === undefined || (target !== undefined && descriptors.find(target) === undefined)) {
      throw errorFor("EBADF", { syscall });
    }
    if (!(descriptor.open instanceof InterestList)) throw errorFor("EINVAL", { syscall });
    return descriptor.open;
  }
}

/** The type of {@linkcode epoll}. */
export interface EpollFactory {
  /** Opens a new, empty epoll. */
  (sizehint?: number, flags?: number): Epoll;
  /** An object for an epoll descriptor that is open already. */
  fromfd(fd: number): Epoll;
}

/** Opens a new, empty epoll. */
export function openEpoll(runtime: Runtime, sizehint: number = -1, flags: number = 0): Epoll {
  int(sizehint, "sizehint");
  int(flags, "flags");
  if (sizehint !== -1 && sizehint <= 0) throw new RangeError("negative sizehint");
  if ((flags & ~EPOLL_CLOEXEC) !== 0) throw new OSError("invalid flags");
  const descriptor = runtime.descriptors.enter(new InterestList(runtime));
  const epoll = new Epoll(runtime, descriptor.fd);
  if (runtime.closesCollected) forgotten.register(epoll, descriptor, epoll);
  return epoll;
}

/** An object for an epoll descriptor that is open already. */
export function epollFromFd(runtime: Runtime, fd: number): Epoll {
  return new Epoll(runtime, int(fd, "fd"));
}
