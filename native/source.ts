// One descriptor in the reactor: its waiters, and which attempts are worth a system call.
//
// `ready` never lacks an event that holds. At first it has both events. An attempt that the kernel refused with EAGAIN
// removes its event, and the next edge adds it again. Everything that arrives after the EAGAIN makes a new edge, so no
// event is missed.
//
// On a TCP stream a short read shows that the queue is empty, as EAGAIN does, one system call earlier. (64-byte echo with
// 64 connections on one CPU: 6% more round trips.) That is true until the kernel reports urgent data, end of stream or an
// error: they end a read early too, and their edge may be in the past. On Unix streams a short read never shows it, since
// a change of the sender's credentials or descriptors ends a read.

import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDHUP } from "../base/poll.ts";
import type { Waiter } from "../seam/transport.ts";
import * as effects from "./effects.ts";
import { level } from "./call.ts";
import { reactor } from "./reactor.ts";
import type { Watched } from "./reactor.ts";

/** Errors and hang-up wake all waiters, as in poll(2), and make both attempts worth a system call. */
const ALWAYS = POLLERR | POLLHUP | POLLNVAL;
/** Events that may end a read early: after them a short read does not show an empty queue. */
export const ENDS_READS: number = POLLPRI | POLLRDHUP | ALWAYS;

/** A waiter after the first one. */
interface OtherWaiter {
  readonly waiter: Waiter;
  mask: number;
}

/** One descriptor in the reactor. It has no reference to its socket, so that an unused socket can be collected. */
export class Source implements Watched {
  // The fields that every call uses come first: with 512 connections in turn, each cache line has to be loaded anew.
  readonly fd: number;
  /** Distinguishes this descriptor from earlier ones with the same number, in events that come late. */
  readonly generation: number;
  /** The attempts that may succeed: POLLIN, POLLOUT or both. */
  ready = POLLIN | POLLOUT;
  /** Events whose waiters were not woken yet. */
  #noted = 0;
  // Usually there is one waiter, which needs no array. Two arrays cost 8% of the echoes with 512 connections.
  #first: Waiter | undefined;
  #firstMask = 0;
  #others: OtherWaiter[] | undefined;
  /** Whether a short read or write shows that the next one would block. */
  shortMeansEmpty: boolean;
  /** False after unref(): then the waiters do not keep the process alive. */
  referenced = true;
  /** Whether the descriptor is registered with epoll: from the first wait until close. */
  registered = false;
  /** The next source of the same descriptor. */
  sibling: Watched | undefined;
  /** On a listener `ready` is for accept only. The kernel refuses data calls on it at once. */
  listening = false;

  /** Other events that may hold. They do not matter to attempts. */
  #otherEvents = 0;
  /** The number of background waiters. */
  #background = 0;

  static #generations = 0;

  constructor(fd: number, shortMeansEmpty: boolean) {
    this.fd = fd;
    this.shortMeansEmpty = shortMeansEmpty;
    this.generation = Source.#generations = (Source.#generations + 1) | 0;
  }

  /** The number of waiters. */
  get waiting(): number {
    return (this.#first === undefined ? 0 : 1) + (this.#others?.length ?? 0);
  }

  /** The number of waiters that are not background waiters. */
  get foreground(): number {
    return this.waiting - this.#background;
  }

  /** Counts an attempt. Returns whether the attempt is worth a system call now. */
  mayTry(event: number): boolean {
    return ((this.ready & event) !== 0 || this.listening) && this.isPermitted(event);
  }

  /**
   * Counts an attempt. Returns whether it may be made in this turn of the event loop. If not, the waiters are woken in the
   * next turn: the event may hold already, and then the kernel does not report it again.
   */
  isPermitted(event: number): boolean {
    if (effects.mayTry()) return true;
    reactor.holdBack(this, event);
    return false;
  }

  /** Removes events that the kernel refused. Without a registration no edge would add them again. */
  exhaust(mask: number): void {
    if (this.registered) this.ready &= ~mask;
  }

  /**
   * Returns the events of `mask` that hold now. One epoll_wait tells which descriptors are idle (select over 100 sockets of
   * which one is ready: 20 µs, and 50 µs with a poll(2) for each).
   */
  events(mask: number): number {
    if (!this.registered) reactor.register(this);
    else if (!this.#mayHold(mask) && reactor.refresh() && !this.#mayHold(mask)) return 0;
    const events = level(this.fd);
    this.#otherEvents = events & ENDS_READS;
    // After a hang-up or an error no edge may come any more, so `ready` keeps both events.
    if ((events & ALWAYS) === 0) this.exhaust(~events & (POLLIN | POLLOUT));
    return events;
  }

  /** Whether an event of a mask may hold, by what the reactor knows. */
  #mayHold(mask: number): boolean {
    return ((this.ready | this.#otherEvents) & (mask | ALWAYS)) !== 0;
  }

  watch(mask: number, waiter: Waiter): void {
    if (this.#first === waiter) {
      this.#firstMask = mask;
      return;
    }
    const other = this.#others?.find((other) => other.waiter === waiter);
    if (other !== undefined) {
      other.mask = mask;
      return;
    }
    if (!this.registered) {
      reactor.register(this);
      // The caller's attempt has just failed, and epoll reports the current events of a new registration.
      this.exhaust(mask);
    }
    if (this.#first === undefined) {
      this.#first = waiter;
      this.#firstMask = mask;
    } else (this.#others ??= []).push({ waiter, mask });
    const background = waiter.background === true;
    if (background) this.#background++;
    reactor.addWaiter(this, background);
  }

  unwatch(waiter: Waiter): void {
    if (this.#first === waiter) this.#first = undefined;
    else {
      const index = this.#others?.findIndex((other) => other.waiter === waiter) ?? -1;
      if (index < 0) return;
      this.#others!.splice(index, 1);
      if (this.#others!.length === 0) this.#others = undefined;
    }
    const background = waiter.background === true;
    if (background) this.#background--;
    reactor.removeWaiter(this, background);
  }

  /** Notes events. Returns whether they are the first since the waiters were woken. */
  note(events: number): boolean {
    const first = this.#noted === 0 && events !== 0;
    this.#noted |= events;
    if ((events & ENDS_READS) !== 0) {
      this.#otherEvents |= events & ENDS_READS;
      this.shortMeansEmpty = false;
      if ((events & (ALWAYS | POLLRDHUP)) !== 0) events |= POLLIN;
      if ((events & ALWAYS) !== 0) events |= POLLOUT;
    }
    this.ready |= events & (POLLIN | POLLOUT);
    return first;
  }

  /** Wakes the waiters of the noted events. Waiters may be registered and withdrawn meanwhile. */
  wakeWaiters(): void {
    const noted = this.#noted;
    this.#noted = 0;
    const all = (noted & ALWAYS) !== 0;
    const first = this.#first;
    const others = this.#others?.filter(({ mask }) => all || (mask & noted) !== 0);
    if (first !== undefined && (all || (this.#firstMask & noted) !== 0)) first.wake();
    if (others !== undefined) { for (const { waiter } of others) waiter.wake(); }
  }

  /** Wakes the waiters of an event that the kernel does not report. */
  announce(event: number): void {
    reactor.announce(this, event);
  }

  /** Removes the descriptor from epoll. No edge updates `ready` any more, so both attempts may be made. */
  unregister(): void {
    if (!this.registered) return;
    reactor.unregister(this);
    this.ready = POLLIN | POLLOUT;
  }

  /**
   * Closes the descriptor. It is removed from the reactor and its waiters are withdrawn first, because the kernel may give
   * its number to the next socket at once.
   */
  close(): void {
    const waiters = this.#withdrawAll();
    effects.close(this.fd);
    for (const waiter of waiters) waiter.wake();
  }

  /** Does what `close` does for a number that was closed elsewhere and belongs to another file now. */
  abandon(): void {
    for (const waiter of this.#withdrawAll()) waiter.wake();
  }

  #withdrawAll(): Waiter[] {
    this.unregister();
    const waiters = this.#others?.map(({ waiter }) => waiter) ?? [];
    if (this.#first !== undefined) waiters.unshift(this.#first);
    for (const waiter of waiters) this.unwatch(waiter);
    return waiters;
  }
}
