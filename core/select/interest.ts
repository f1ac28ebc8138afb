// The open object behind an epoll descriptor: an interest list and a ready list, as in the kernel (fs/eventpoll.c).
//
// An interest stays registered between waits. A wake puts it on the ready list. A wait looks at the ready list only, so its
// time depends on how many descriptors are ready, not on how many are registered.
//
// A level-triggered interest goes to the end of the ready list when it is reported, and the next wait looks at it again. So
// with a small maxevents each interest is reported in turn.

import { errorFor } from "../../base/errors.ts";
import {
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLRDNORM,
} from "../../base/poll.ts";
import type { Waiter } from "../../seam/transport.ts";
import type { Descriptor, Openable } from "../descriptors.ts";
import { throwIfAborted } from "../promises.ts";
import type { Runtime } from "../runtime.ts";
import { complete, settleWatched, SleepingWaiter, withSynonyms } from "./wait.ts";
import type { Watched } from "./wait.ts";

/** The events that are always reported. */
const ALWAYS = POLLERR | POLLHUP;
/** The bits that say how to report events. EPOLLWAKEUP (1 << 29) is accepted and has no effect. */
const MODES = EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | (1 << 29);
/** The bits that EPOLLEXCLUSIVE allows. */
const EXCLUSIVE_OK = EPOLLIN | EPOLLOUT | ALWAYS | EPOLLET | EPOLLEXCLUSIVE | (1 << 29);
/** The longest chain of epolls in epolls (EP_MAX_NESTS + 1). */
const LONGEST_CHAIN = 5;

/** An interest: one registered descriptor and its events. */
export class Interest implements Waiter, Watched, Exclusive {
  readonly background = true;
  readonly descriptor: Descriptor;
  readonly #list: InterestList;
  #modes: number;
  /** The events to report; 0 after a one-shot interest was reported. */
  #mask: number;

  constructor(list: InterestList, descriptor: Descriptor, eventmask: number) {
    this.#list = list;
    this.descriptor = descriptor;
    this.#modes = eventmask & MODES;
    this.#mask = ((eventmask & ~MODES) | ALWAYS) & ~POLLNVAL;
  }

  /** The list of the registered descriptor, if that is an epoll. */
  get nested(): InterestList | undefined {
    return this.descriptor.open instanceof InterestList ? this.descriptor.open : undefined;
  }
  get exclusive(): boolean {
    return (this.#modes & EPOLLEXCLUSIVE) !== 0;
  }
  get forInput(): boolean {
    return (this.#mask & ~(EPOLLOUT | ALWAYS)) !== 0;
  }
  /** The events to watch for. */
  get watchMask(): number {
    return withSynonyms(this.#mask);
  }

  /** Returns the events that hold and must be reported. */
  look(): number {
    return this.descriptor.closed ? 0 : withSynonyms(this.descriptor.events(this.watchMask)) & this.#mask;
  }

  /** Whether settling could bring no further event. */
  get complete(): boolean {
    return complete(this.#mask, this.look());
  }

  /** Registers with the descriptor. */
  watch(): void {
    if (this.exclusive) joinExclusive(this);
    else this.descriptor.watch(this.watchMask, this);
  }

  /** Withdraws from the descriptor. */
  unwatch(): void {
    if (this.exclusive) leaveExclusive(this);
    else this.descriptor.unwatch(this);
  }

  /** Called after a report. Returns whether the interest stays on the ready list. */
  reported(): boolean {
    if ((this.#modes & EPOLLONESHOT) !== 0) {
      this.#mask = 0;
      // It must still be woken when the descriptor is closed, to leave the list.
      this.descriptor.watch(POLLNVAL, this);
    }
    return (this.#modes & (EPOLLONESHOT | EPOLLET)) === 0;
  }

  wake(): void {
    this.#list.noteEvents(this);
  }

  /** See {@linkcode Exclusive.offer}. */
  offer(): boolean {
    if (this.descriptor.closed) {
      // This wakes no wait, but the list then removes the interest.
      this.#list.noteEvents(this);
      return false;
    }
    if (this.look() === 0) return false;
    const taken = this.#list.sleeping;
    this.#list.noteEvents(this);
    return taken;
  }

  settle(): Promise<void> | undefined {
    return this.descriptor.settle(this.#mask);
  }
}

/** The open file behind one or several epoll descriptors. */
export class InterestList implements Openable {
  readonly #runtime: Runtime;
  readonly #interests = new Map<number, Interest>();
  /** The interests that may be ready, in the order of their wakes. */
  readonly #ready = new Set<Interest>();
  /** The waits of this epoll, and the waiters of other waits that have its descriptor. */
  readonly #waiters = new Set<Waiter>();
  /** The epolls that this one is registered in. */
  readonly parents = new Set<InterestList>();
  /** The interests that were not settled since their last wake, and those whose backend learns late. */
  readonly #unknown = new Set<Interest>();
  readonly #late = new Set<Interest>();
  #closed = false;

  /** Makes an empty list. Its waits use the clock of the runtime. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  // Registering, as epoll_ctl(2).

  /** EPOLL_CTL_ADD. */
  add(fd: number, eventmask: number): void {
    const descriptor = this.#target(fd);
    const interest = new Interest(this, descriptor, eventmask);
    if (interest.exclusive && (interest.nested !== undefined || (eventmask & ~EXCLUSIVE_OK) !== 0)) {
      throw errorFor("EINVAL", { syscall: "epoll_ctl" });
    }
    if (this.#entry(fd, descriptor) !== undefined) throw errorFor("EEXIST", { syscall: "epoll_ctl" });
    this.#checkNesting(interest.nested);
    this.#place(fd, interest);
  }

  /** EPOLL_CTL_MOD. Events that hold now are reported again. */
  modify(fd: number, eventmask: number): void {
    const descriptor = this.#target(fd);
    if ((eventmask & EPOLLEXCLUSIVE) !== 0) throw errorFor("EINVAL", { syscall: "epoll_ctl" });
    const old = this.#entry(fd, descriptor);
    if (old === undefined) throw errorFor("ENOENT", { syscall: "epoll_ctl" });
    if (old.exclusive) throw errorFor("EINVAL", { syscall: "epoll_ctl" });
    this.#remove(fd, old);
    this.#place(fd, new Interest(this, descriptor, eventmask));
  }

  /** EPOLL_CTL_DEL. */
  delete(fd: number): void {
    const descriptor = this.#target(fd);
    const old = this.#entry(fd, descriptor);
    if (old === undefined) throw errorFor("ENOENT", { syscall: "epoll_ctl" });
    this.#remove(fd, old);
  }

  #target(fd: number): Descriptor {
    const descriptor = this.#runtime.descriptors.find(fd);
    if (descriptor === undefined) throw errorFor("EBADF", { syscall: "epoll_ctl" });
    if (descriptor.open === this) throw errorFor("EINVAL", { syscall: "epoll_ctl" });
    return descriptor;
  }

  /** Finds the interest of a descriptor. An interest of a closed descriptor with the same number is removed. */
  #entry(fd: number, descriptor: Descriptor): Interest | undefined {
    const interest = this.#interests.get(fd);
    if (interest === undefined || interest.descriptor === descriptor) return interest;
    this.#remove(fd, interest);
    return undefined;
  }

  #place(fd: number, interest: Interest): void {
    try {
      interest.watch();
    } catch (error) {
      interest.unwatch();
      throw error;
    }
    this.#interests.set(fd, interest);
    interest.nested?.parents.add(this);
    this.#unknown.add(interest);
    if (interest.look() !== 0) this.noteEvents(interest);
  }

  #remove(fd: number, interest: Interest): void {
    interest.unwatch();
    interest.nested?.parents.delete(this);
    this.#interests.delete(fd);
    this.#ready.delete(interest);
    this.#unknown.delete(interest);
    this.#late.delete(interest);
  }

  #checkNesting(nested: InterestList | undefined): void {
    if (nested === undefined) return;
    if (nested.#reaches(this) || this.#height() + nested.#depth() > LONGEST_CHAIN) {
      throw errorFor("ELOOP", { syscall: "epoll_ctl" });
    }
  }
  #reaches(list: InterestList): boolean {
    return this === list || this.#nested().some((nested) => nested.#reaches(list));
  }
  #depth(): number {
    return 1 + Math.max(0, ...this.#nested().map((nested) => nested.#depth()));
  }
  #height(): number {
    return 1 + Math.max(0, ...[...this.parents].map((parent) => parent.#height()));
  }
  #nested(): InterestList[] {
    return [...this.#interests.values()].map(({ nested }) => nested).filter((nested) => nested !== undefined);
  }

  // Waiting, as epoll_wait(2).

  /** Whether a wait sleeps and was not woken yet. */
  get sleeping(): boolean {
    for (const waiter of this.#waiters) if (waiter instanceof SleepingWaiter && waiter.sleeping) return true;
    return false;
  }

  /** Notes that an interest may be ready. */
  noteEvents(interest: Interest): void {
    this.#ready.add(interest);
    this.#unknown.add(interest);
    for (const waiter of this.#waiters) waiter.wake();
  }

  /** Waits until an interest is ready, at most `timeout` milliseconds. */
  async wait(limit: number, timeout: number, signal: AbortSignal | undefined): Promise<[fd: number, events: number][]> {
    throwIfAborted(signal);
    const { clock, pace, loops } = this.#runtime;
    await pace.begin();
    const behind = loops.catchUp();
    if (behind !== undefined) await behind;
    // `events` comes last in the condition, because it may make system calls.
    if (timeout === 0 || (this.#ready.size > 0 && pace.mayLinger() && this.events() !== 0)) await this.#settle();
    let found = this.#collect(limit);
    if (found.length > 0 || timeout === 0) return found;
    const deadline = clock.now() + timeout;
    const waiter = new SleepingWaiter(this.#runtime);
    this.#waiters.add(waiter);
    try {
      do {
        await waiter.sleep(deadline, signal);
        pace.turned();
        if (this.#closed) throw errorFor("EBADF", { syscall: "epoll_wait" });
        found = this.#collect(limit);
        if (found.length > 0) return found;
      } while (clock.now() < deadline);
    } finally {
      this.#waiters.delete(waiter);
    }
    await this.#settle();
    return this.#collect(limit);
  }

  /** Reports interests from the front of the ready list. */
  #collect(limit: number): [fd: number, events: number][] {
    const found: [number, number][] = [];
    // Counted, because level-triggered interests go back to the end of the same list.
    let left = this.#ready.size;
    for (const interest of this.#ready) {
      if (left-- === 0 || found.length === limit) break;
      this.#ready.delete(interest);
      const fd = interest.descriptor.fd;
      // A closed descriptor leaves the list. (In the kernel it does so when the last duplicate is closed.)
      if (interest.descriptor.closed) this.#remove(fd, interest);
      const events = interest.look();
      if (events === 0) continue;
      found.push([fd, events]);
      if (interest.reported()) this.#ready.add(interest);
    }
    return found;
  }

  /**
   * Settles the interests whose backends learn late. All are watched, so one idle interest is enough for all (see
   * settleWatched). To find it, each interest is settled only once, and again after a wake.
   */
  async #settle(): Promise<void> {
    for (const interest of this.#unknown) {
      this.#unknown.delete(interest);
      if (this.#late.has(interest)) continue;
      const settled = interest.settle();
      if (settled === undefined) continue;
      this.#late.add(interest);
      await settled;
      this.#runtime.pace.turned();
    }
    const late = this.#late;
    await settleWatched(
      function* () {
        for (const interest of late) if (!interest.complete) yield interest;
      }(),
      this.#runtime.pace,
    );
  }

  // An epoll as a pollable: it is readable while an interest is ready.

  events(): number {
    // The promise is not awaited here: `settle` waits for a parked loop.
    this.#runtime.loops.catchUp();
    for (const interest of this.#ready) {
      if (interest.look() !== 0) return POLLIN | POLLRDNORM;
      if (interest.descriptor.closed) this.#remove(interest.descriptor.fd, interest);
      else this.#ready.delete(interest);
    }
    return 0;
  }
  watch(_mask: number, waiter: Waiter): void {
    this.#waiters.add(waiter);
  }
  unwatch(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }
  settle(): Promise<void> | undefined {
    const behind = this.#runtime.loops.catchUp();
    if (this.#unknown.size === 0 && this.#late.size === 0) return behind;
    return behind === undefined ? this.#settle() : behind.then(() => this.#settle());
  }

  /** The descriptor table gives the number. */
  fileno(): undefined {
    return undefined;
  }

  /** Withdraws all interests and wakes all waiters. */
  close(): void {
    this.#closed = true;
    for (const [fd, interest] of this.#interests) this.#remove(fd, interest);
    for (const waiter of this.#waiters) waiter.wake();
  }
}

// EPOLLEXCLUSIVE: if several epolls wait for one descriptor, a wake goes to one of them.

/** An interest in the queue. */
export interface Exclusive {
  readonly descriptor: Descriptor;
  /** The events to watch for. */
  readonly watchMask: number;
  /** Passes a wake to the interest. Returns whether that woke a sleeping wait. */
  offer(): boolean;
}

/**
 * The exclusive interests of an open object, in a queue as in the kernel. A wake goes along the queue until it reaches an
 * epoll with a sleeping wait.
 */
class Queue implements Waiter {
  readonly background = true;
  readonly interests = new Set<Exclusive>();

  wake(): void {
    for (const interest of this.interests) if (interest.offer()) return;
  }
}

const queues = new WeakMap<Openable, Queue>();

/** Adds an interest at the end of the queue of its descriptor. */
export function joinExclusive(interest: Exclusive): void {
  const { open } = interest.descriptor;
  let queue = queues.get(open);
  if (queue === undefined) queues.set(open, queue = new Queue());
  queue.interests.add(interest);
  watch(queue, open);
}

/** Removes an interest from the queue. */
export function leaveExclusive(interest: Exclusive): void {
  const { open } = interest.descriptor;
  const queue = queues.get(open);
  if (queue === undefined) return;
  queue.interests.delete(interest);
  watch(queue, open);
}

/**
 * Registers the queue as one waiter, for the events of all of its interests. An interest of a closed descriptor is removed.
 * The descriptors of the others keep the object open, so it can be watched.
 */
function watch(queue: Queue, open: Openable): void {
  let mask = 0;
  for (const interest of queue.interests) {
    if (interest.descriptor.closed) queue.interests.delete(interest);
    else mask |= interest.watchMask;
  }
  if (mask === 0) open.unwatch(queue);
  else open.watch(mask, queue);
}
