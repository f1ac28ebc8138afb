// What is open behind an epoll descriptor: the interest list and the ready list, as the kernel keeps them
// (fs/eventpoll.c).
//
// The interest stays registered between waits. News of a descriptor puts its entry on the ready list; a wait
// looks at the ready list alone, so that its cost follows what is ready and not what is registered. An entry
// that is reported by level goes back to the list's end and is looked at again by the next wait: that is what
// makes it level-triggered, and everyone served in turn where maxevents is small.

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
import { Alarm, complete, settleWatched, withSynonyms } from "./wait.ts";
import type { Watched } from "./wait.ts";

/** Reported whether asked for or not. */
const ALWAYS = POLLERR | POLLHUP;
/** The bits that tell how to report and not what. (EPOLLWAKEUP, 1 << 29, is accepted and has nothing to do here.) */
const MODES = EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | (1 << 29);
/** All that may go with EPOLLEXCLUSIVE. */
const EXCLUSIVE_OK = EPOLLIN | EPOLLOUT | ALWAYS | EPOLLET | EPOLLEXCLUSIVE | (1 << 29);
/** The longest chain of epolls in epolls (EP_MAX_NESTS and one). */
const LONGEST_CHAIN = 5;

/** One descriptor's entry. */
export class Interest implements Waiter, Watched, Exclusive {
  readonly background = true;
  readonly descriptor: Descriptor;
  readonly #list: InterestList;
  #modes: number;
  /** What is reported; 0 while a one-shot entry is disarmed. */
  #mask: number;

  constructor(list: InterestList, descriptor: Descriptor, eventmask: number) {
    this.#list = list;
    this.descriptor = descriptor;
    this.#modes = eventmask & MODES;
    this.#mask = ((eventmask & ~MODES) | ALWAYS) & ~POLLNVAL;
  }

  /** The epoll that is registered here, if it is one. */
  get nested(): InterestList | undefined {
    return this.descriptor.open instanceof InterestList ? this.descriptor.open : undefined;
  }
  get exclusive(): boolean {
    return (this.#modes & EPOLLEXCLUSIVE) !== 0;
  }
  get forInput(): boolean {
    return (this.#mask & ~(EPOLLOUT | ALWAYS)) !== 0;
  }
  /** What its backend is asked to tell. */
  get watchMask(): number {
    return withSynonyms(this.#mask);
  }

  /** The events that hold and are to be reported. */
  look(): number {
    return this.descriptor.closed ? 0 : withSynonyms(this.descriptor.events(this.watchMask)) & this.#mask;
  }

  /** Whether asking its backend would gain nothing. */
  get complete(): boolean {
    return complete(this.#mask, this.look());
  }

  /** Starts to take news. */
  watch(): void {
    if (this.exclusive) joinExclusive(this);
    else this.descriptor.watch(this.watchMask, this);
  }

  /** Takes no more news. */
  unwatch(): void {
    if (this.exclusive) leaveExclusive(this);
    else this.descriptor.unwatch(this);
  }

  /** Accounts for a report. Answers whether the entry stays on the ready list. */
  reported(): boolean {
    if ((this.#modes & EPOLLONESHOT) !== 0) {
      this.#mask = 0;
      // Its closing is still news: then it leaves the list.
      this.descriptor.watch(POLLNVAL, this);
    }
    return (this.#modes & (EPOLLONESHOT | EPOLLET)) === 0;
  }

  wake(): void {
    this.#list.noteNews(this);
  }

  /** See {@linkcode Exclusive.offer}. */
  offer(): boolean {
    if (this.descriptor.closed) {
      // No news for a sleeper; but the list is to forget the entry.
      this.#list.noteNews(this);
      return false;
    }
    if (this.look() === 0) return false;
    const taken = this.#list.sleeping;
    this.#list.noteNews(this);
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
  /** In the order of their news. */
  readonly #ready = new Set<Interest>();
  /** Whoever waits for this list: polls under way, and what waits for the epoll as for any descriptor. */
  readonly #waiters = new Set<Waiter>();
  /** The epolls that this one is registered in. */
  readonly parents = new Set<InterestList>();
  /** Entries whose backend was not asked yet whether it learns late, and those that do. */
  readonly #unknown = new Set<Interest>();
  readonly #late = new Set<Interest>();
  #closed = false;

  /** An empty list, whose waits go by the clock of a runtime. */
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

  /** EPOLL_CTL_MOD: arms the entry anew, so that what holds now is reported (again). */
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

  /** The entry of a number, unless it is a left-over of one that was closed: the number is another's now. */
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
    if (interest.look() !== 0) this.noteNews(interest);
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

  /** Whether somebody sleeps in a wait who was not woken yet. */
  get sleeping(): boolean {
    for (const waiter of this.#waiters) if (waiter instanceof Alarm && waiter.set) return true;
    return false;
  }

  /** Takes note that an entry may be ready. */
  noteNews(interest: Interest): void {
    this.#ready.add(interest);
    this.#unknown.add(interest);
    for (const waiter of this.#waiters) waiter.wake();
  }

  /** Waits until something is ready, at most `timeout` milliseconds. */
  async wait(limit: number, timeout: number, signal: AbortSignal | undefined): Promise<[fd: number, events: number][]> {
    throwIfAborted(signal);
    const { clock, pace, loops } = this.#runtime;
    await pace.begin();
    const behind = loops.catchUp();
    if (behind !== undefined) await behind;
    // Last what may cost a system call: whether something is ready.
    if (timeout === 0 || (this.#ready.size > 0 && pace.mayLinger() && this.events() !== 0)) await this.#settle();
    let found = this.#collect(limit);
    if (found.length > 0 || timeout === 0) return found;
    const deadline = clock.now() + timeout;
    const alarm = new Alarm(this.#runtime);
    this.#waiters.add(alarm);
    try {
      do {
        await alarm.sleep(deadline, signal);
        pace.turned();
        if (this.#closed) throw errorFor("EBADF", { syscall: "epoll_wait" });
        found = this.#collect(limit);
        if (found.length > 0) return found;
      } while (clock.now() < deadline);
    } finally {
      this.#waiters.delete(alarm);
    }
    await this.#settle();
    return this.#collect(limit);
  }

  /** Reports from the front of the ready list. */
  #collect(limit: number): [fd: number, events: number][] {
    const found: [number, number][] = [];
    // Counted, for what is reported by level goes back to the end of the very list.
    let left = this.#ready.size;
    for (const interest of this.#ready) {
      if (left-- === 0 || found.length === limit) break;
      this.#ready.delete(interest);
      const fd = interest.descriptor.fd;
      // What was closed leaves every interest list by itself: the kernel's with the file's last descriptor, this with its own.
      if (interest.descriptor.closed) this.#remove(fd, interest);
      const events = interest.look();
      if (events === 0) continue;
      found.push([fd, events]);
      if (interest.reported()) this.#ready.add(interest);
    }
    return found;
  }

  /**
   * Lets those backends learn that learn late. All are being watched, so one that is idle stands for the rest
   * (see settleWatched); it is found without asking every entry, each is asked once and after news.
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

  // Being waited on: an epoll is a descriptor like any other, readable while something is ready.

  events(): number {
    // What a parked loop has to tell comes with settle.
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

  /** Withdraws from everything, and wakes whoever waits. */
  close(): void {
    this.#closed = true;
    for (const [fd, interest] of this.#interests) this.#remove(fd, interest);
    for (const waiter of this.#waiters) waiter.wake();
  }
}

// EPOLLEXCLUSIVE: of several epolls that wait for one descriptor, news wakes one and not all.
//
// As the kernel's exclusive waiters they stand in a queue behind the open file. News goes along the queue up
// to the first whose epoll somebody sleeps in.

/** An epoll's entry, as the queue sees it. */
export interface Exclusive {
  readonly descriptor: Descriptor;
  /** What its epoll waits for. */
  readonly watchMask: number;
  /** News for it: answers whether somebody was woken by it, who will see to it. */
  offer(): boolean;
}

class Queue implements Waiter {
  readonly background = true;
  readonly interests = new Set<Exclusive>();

  wake(): void {
    for (const interest of this.interests) if (interest.offer()) return;
  }
}

const queues = new WeakMap<Openable, Queue>();

/** Takes a place at the end of the queue for an entry's descriptor. */
export function joinExclusive(interest: Exclusive): void {
  const { open } = interest.descriptor;
  let queue = queues.get(open);
  if (queue === undefined) queues.set(open, queue = new Queue());
  queue.interests.add(interest);
  watch(queue, open);
}

/** Leaves the queue. */
export function leaveExclusive(interest: Exclusive): void {
  const { open } = interest.descriptor;
  const queue = queues.get(open);
  if (queue === undefined) return;
  queue.interests.delete(interest);
  watch(queue, open);
}

/**
 * One waiter stands for the queue, with all that its entries wait for. An entry whose descriptor was closed waits for
 * nothing more: its number may be another file's by now. What is left keeps the open file open, so it can be watched.
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
