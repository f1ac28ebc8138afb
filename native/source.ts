// What the reactor knows of one descriptor: who waits for it, and which attempts are worth a system call.
//
// `ready` is never too small. It starts full; an attempt that the kernel answered with EAGAIN takes its bit out,
// and the next edge puts it back. Everything that arrives after the EAGAIN makes a new edge, so nothing is missed.
//
// On a TCP stream a short read says the same as EAGAIN, one system call earlier: the queue is empty. (64-byte echo with
// 64 connections on one CPU: 6% more round trips.) That holds until the kernel reports urgent data, end of stream or an
// error, since those end a read early too and may have had their edge already. Unix streams never say it: there a
// change of the sender's credentials or descriptors ends a read.

import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDHUP } from "../base/poll.ts";
import type { Waiter } from "../seam/transport.ts";
import * as effects from "./effects.ts";
import { level } from "./call.ts";
import { reactor } from "./reactor.ts";
import type { Watched } from "./reactor.ts";

/** Errors and hang-up wake everybody, as in poll(2), and are news to readers and writers. */
const ALWAYS = POLLERR | POLLHUP | POLLNVAL;
/** After one of these a short read may have more behind it. */
export const ENDS_READS: number = POLLPRI | POLLRDHUP | ALWAYS;

/** Somebody who waits beside the first. */
interface Waiting {
  readonly waiter: Waiter;
  mask: number;
}

/** One descriptor in the reactor. It holds no socket, so that a forgotten socket can be collected. */
export class Source implements Watched {
  // What each echo touches comes first: with 512 connections in turn, every line of memory comes from afar.
  readonly fd: number;
  /** Tells this use of the number from those before it in events that come late. */
  readonly generation: number;
  /** What may succeed: POLLIN, POLLOUT or both. */
  ready = POLLIN | POLLOUT;
  /** Events that came and were not told yet. */
  #news = 0;
  // One waits as a rule, and is kept without an array; two arrays cost 8% of the echoes with 512 connections.
  #first: Waiter | undefined;
  #firstMask = 0;
  #others: Waiting[] | undefined;
  /** Whether a short read or write shows that there is no more. */
  shortMeansEmpty: boolean;
  /** Whether those who wait keep the process alive. */
  holds = true;
  /** Whether epoll watches the descriptor; from the first wait until close. */
  registered = false;
  /** Another source that looks at the same number. */
  beside: Watched | undefined;
  /** A listener's readiness is accept's alone: data calls on it are refused by the kernel, not waited for. */
  listening = false;

  /** Whether close(2) may wait for what is unsent (SO_LINGER), non-blocking or not: then it does on another thread. */
  lingers = false;

  /** What else may hold, of which attempts need not know. */
  #beyond = 0;
  /** How many of the waiters are in the background. */
  #background = 0;

  static #generations = 0;

  constructor(fd: number, shortMeansEmpty: boolean) {
    this.fd = fd;
    this.shortMeansEmpty = shortMeansEmpty;
    this.generation = Source.#generations = (Source.#generations + 1) | 0;
  }

  /** How many wait. */
  get waiting(): number {
    return (this.#first === undefined ? 0 : 1) + (this.#others?.length ?? 0);
  }

  /** How many of them are a reason to keep the process alive. */
  get holding(): number {
    return this.waiting - this.#background;
  }

  /** Counts an attempt at an event. Answers whether it is worth a system call, and not to wait for news or for a turn. */
  mayTry(event: number): boolean {
    return ((this.ready & event) !== 0 || this.listening) && effects.mayTry();
  }

  /** Takes out what the kernel refused. Unwatched, it would never come back. */
  exhaust(mask: number): void {
    if (this.registered) this.ready &= ~mask;
  }

  /**
   * The level of the events of `mask`. Who idles is known to: one epoll_wait answers for all of those (select over
   * 100 sockets of which one is ready: 20 µs, 50 with a poll(2) for each).
   */
  events(mask: number): number {
    if (!this.registered) reactor.register(this);
    else if (!this.#mayHold(mask) && reactor.refresh() && !this.#mayHold(mask)) return 0;
    const events = level(this.fd);
    this.#beyond = events & ENDS_READS;
    // Who hung up or failed has no news to come: the next attempt is told so.
    if ((events & ALWAYS) === 0) this.exhaust(~events & (POLLIN | POLLOUT));
    return events;
  }

  /** Whether the last that was heard allows an event of a mask. */
  #mayHold(mask: number): boolean {
    return ((this.ready | this.#beyond) & (mask | ALWAYS)) !== 0;
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
      // The caller has just found nothing of it, and epoll reports the level to a newcomer.
      this.exhaust(mask);
    }
    if (this.#first === undefined) {
      this.#first = waiter;
      this.#firstMask = mask;
    } else (this.#others ??= []).push({ waiter, mask });
    const background = waiter.background === true;
    if (background) this.#background++;
    reactor.enter(this, mask, background);
  }

  unwatch(waiter: Waiter): void {
    if (this.#first === waiter) this.#first = undefined;
    else {
      const place = this.#others?.findIndex((other) => other.waiter === waiter) ?? -1;
      if (place < 0) return;
      this.#others!.splice(place, 1);
      if (this.#others!.length === 0) this.#others = undefined;
    }
    const background = waiter.background === true;
    if (background) this.#background--;
    reactor.leave(this, background);
  }

  /** Notes an event. Answers whether it is the first since the last telling. */
  note(events: number): boolean {
    const first = this.#news === 0 && events !== 0;
    this.#news |= events;
    if ((events & ENDS_READS) !== 0) {
      this.#beyond |= events & ENDS_READS;
      this.shortMeansEmpty = false;
      if ((events & (ALWAYS | POLLRDHUP)) !== 0) events |= POLLIN;
      if ((events & ALWAYS) !== 0) events |= POLLOUT;
    }
    this.ready |= events & (POLLIN | POLLOUT);
    return first;
  }

  /** Wakes those who wait for what was noted. They may come and go meanwhile. */
  tell(): void {
    const news = this.#news;
    this.#news = 0;
    const all = (news & ALWAYS) !== 0;
    const first = this.#first;
    const others = this.#others?.filter(({ mask }) => all || (mask & news) !== 0);
    if (first !== undefined && (all || (this.#firstMask & news) !== 0)) first.wake();
    if (others !== undefined) { for (const { waiter } of others) waiter.wake(); }
  }

  /** Wakes whoever waits for an event that the kernel announces to nobody. */
  announce(event: number): void {
    reactor.announce(this, event);
  }

  /** Lets epoll forget the descriptor, which somebody else owns. */
  leave(): void {
    if (this.registered) reactor.forget(this);
  }

  /**
   * Closes the descriptor. First it leaves the reactor and lets go of everybody who waits, since the kernel may give
   * its number to the next socket at once.
   */
  close(): void {
    const waiters = this.#letGo();
    this.drop();
    for (const waiter of waiters) waiter.wake();
  }

  /** Closes the descriptor, and nothing else. Errors of close(2) are of no use: the number is free in any case. */
  drop(): void {
    if (this.lingers) effects.closeWaiting(this.fd);
    else effects.close(this.fd);
  }

  /** The same as close for a number that somebody else has closed, and something else has by now. */
  abandon(): void {
    for (const waiter of this.#letGo()) waiter.wake();
  }

  #letGo(): Waiter[] {
    this.leave();
    const waiters = this.#others?.map(({ waiter }) => waiter) ?? [];
    if (this.#first !== undefined) waiters.unshift(this.#first);
    for (const waiter of waiters) this.unwatch(waiter);
    return waiters;
  }
}
