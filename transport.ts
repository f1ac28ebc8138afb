// The seam: what a backend supplies, and all that `Socket` and `select` know of it.
//
// Everything hangs on readiness. A backend offers attempts that never wait (they return a result or
// WOULD_BLOCK, and throw only real errors) and a way to be told when to try again. Blocking, timeouts,
// non-blocking mode, select and iteration are written once above this line, for every backend.

import type { Address } from "./base/addresses.ts";
import type { Bytes } from "./base/data.ts";
import type { ForeignPollable } from "./seam/backend.ts";
import type { Loop } from "./seam/loop.ts";
import type { Resolver } from "./seam/resolver.ts";

/** What an attempt answers when it could only go on by waiting. A value, not an exception: it is common. */
export const WOULD_BLOCK: unique symbol = Symbol("would block");

/** What a connect answers that goes on in the background: even a caller who may wait has to ask again later. */
export const IN_PROGRESS: unique symbol = Symbol("in progress");

/** The type of {@linkcode IN_PROGRESS}. */
export type InProgress = typeof IN_PROGRESS;

/** The type of {@linkcode WOULD_BLOCK}. */
export type WouldBlock = typeof WOULD_BLOCK;

/**
 * Somebody who waits. An object, not a promise or a closure: it is registered and withdrawn without an
 * allocation, and whoever loses a race leaves without a trace.
 */
export interface Waiter {
  /** Called when the awaited events may hold; only a hint, the waiter looks again. It must not throw. */
  wake(): void;
  /**
   * Set where its being registered is no reason to keep the process alive. select's and epoll's waiters have it:
   * the wait keeps the process alive itself while it lasts, and an epoll's registered interest must not.
   */
  readonly background?: boolean;
}

/** Whose attempt a backend leads to its outcome by itself: see {@linkcode Pollable.lead}. */
export interface Led {
  /** Tries again, now that there is news. Waits on where that was not enough, and throws what the call is to reject with. */
  retry<T>(attempt: () => T | WouldBlock): T | Promise<T>;
  /** Whether it is to be rejected: the socket was closed, and withdrew by `unwatch`. */
  readonly cancelled: boolean;
}

/** What can be waited on: a socket, a pipe, the terminal. Masks are poll(2)'s, from base/poll.ts. */
export interface Pollable {
  /** Set on a descriptor that was closed, by whomever. */
  readonly closed?: boolean;
  /**
   * The level of the events of a mask now, as poll(2) would answer. Others may be among them: a backend that knows them
   * all says so, one that would have to ask the kernel for each does not.
   */
  events(mask: number): number;
  /**
   * Registers a waiter for a mask: it is woken at each news of one of these events (and of errors and
   * hang-up, which cannot be masked) until it is withdrawn. It is never woken from within watch itself.
   * News counts from this call: look first (an attempt, or `events`), then watch; nothing is missed between,
   * because nothing else runs. One waiter object is registered once at a time; watching again replaces its mask.
   *
   * Throws EPERM where there is never any news: a regular file.
   */
  watch(mask: number, waiter: Waiter): void;
  /** Withdraws a waiter. Withdrawing one that is not registered does nothing. */
  unwatch(waiter: Waiter): void;
  /**
   * Brings what the attempts and `events` know of a mask up to date with the kernel. A backend that asks
   * the kernel itself returns undefined; one that learns late (Deno's promises) needs a moment for it.
   * Whoever is about to say "it would block" settles first and looks once more.
   */
  settle(mask: number): Promise<void> | undefined;
  /**
   * Waits for the next news of a mask on behalf of an attempt that nobody gives up, and answers a promise of what `led`
   * makes of it. For a backend whose waiting is a promise already: the caller then needs none of its own. Undefined: not
   * now, watch instead.
   */
  lead?<T>(mask: number, attempt: () => T | WouldBlock, led: Led): Promise<T> | undefined;
}

/** A connection as it was accepted. */
export interface Accepted {
  transport: Transport;
  address: Address;
}

/** One control message: [level, type, data]. */
export type AncillaryData = [level: number, type: number, data: Uint8Array];

/** What one receive brought, in recvmsg's terms. */
export interface Received {
  /** Bytes stored; with MSG_TRUNC the datagram's true length, which may be more. */
  length: number;
  ancillary: AncillaryData[];
  /** MSG_TRUNC, MSG_CTRUNC, MSG_EOR … as the kernel answers them. */
  flags: number;
  /** The sender; null on a connected stream. */
  address: Address | null;
}

/** What is open under a number that others may close, as the process's own descriptors are. */
export interface Replaceable {
  /** Whether something else has the number by now. */
  isReplaced?(): boolean;
  /** Lets go of a number that something else has. */
  abandon?(): void;
}

/** A socket of some backend: the open file description, without modes and timeouts. */
export interface Transport extends Pollable, Replaceable {
  readonly family: number;
  readonly type: number;
  readonly proto: number;

  /** Claims a local address. */
  bind(address: Address): void;
  /** Starts to queue connections, at most `backlog` of them. */
  listen(backlog: number): void;
  /** Takes the oldest queued connection. Ready at POLLIN. */
  accept(): Accepted | WouldBlock;

  /**
   * Makes an address fit for `connect` or `sendTo`, where that takes a look-up that waits.
   * An address that needs none comes back at once.
   */
  resolve(address: Address): Address | Promise<Address>;
  /**
   * Starts to connect. IN_PROGRESS: under way, as the kernel's EINPROGRESS; then `finishConnect` tells the end.
   * WOULD_BLOCK: a connect that takes no time in the kernel but a moment here (Unix sockets on Deno).
   */
  connect(address: Address): void | InProgress | WouldBlock;
  /** Tells how a connect under way ended, throwing its error (and clearing it, as reading SO_ERROR does). */
  finishConnect(): void | WouldBlock;

  /** Dissolves a datagram socket's association with its peer, as connect(2) to AF_UNSPEC does. */
  disconnect(): void;

  /** Receives up to `size` bytes, or one datagram cut to it. Ready at POLLIN. */
  recv(size: number, flags: number): Bytes | WouldBlock;
  /** The same into a view. Returns the count (with MSG_TRUNC, the datagram's length). */
  recvInto(view: Uint8Array, flags: number): number | WouldBlock;
  /**
   * As `recvInto`, for a caller who leaves the view alone until it has the outcome, and does not give up before. A backend
   * that would have to copy can receive straight into it; others leave this out.
   */
  recvIntoHeld?(view: Uint8Array, flags: number): number | WouldBlock;
  /** The same with the sender's address (null on a stream). */
  recvFrom(size: number, flags: number): [Bytes, Address | null] | WouldBlock;
  /** The same into a view. */
  recvFromInto(view: Uint8Array, flags: number): [number, Address | null] | WouldBlock;
  /** Scatters one receive over views, with up to `ancillarySize` bytes of control messages. */
  recvMessage(views: Uint8Array[], ancillarySize: number, flags: number): Received | WouldBlock;

  /**
   * Sends what there is room for and returns its length. Ready at POLLOUT. Once it returned, the data may be
   * reused. After WOULD_BLOCK the same data is passed again, the same object: a backend that learns the outcome
   * late (Deno's promises) knows by it that the caller has come back for it.
   */
  send(data: Uint8Array, flags: number): number | WouldBlock;
  /**
   * As `send`, for a caller who leaves the data alone until it has the outcome, and does not give up before. A backend
   * that would have to copy can do without then; others leave this out.
   */
  sendHeld?(data: Uint8Array, flags: number): number | WouldBlock;
  /**
   * The object by which the caller of a send under way is known. A call that begins with the same one takes another view of
   * the data: it is not that caller, who may have been ended meanwhile, or use a duplicate of the socket.
   */
  readonly sending?: Uint8Array | null;
  /** Sends a datagram to an address. */
  sendTo(data: Uint8Array, flags: number, address: Address): number | WouldBlock;
  /** Gathers one send from views, with control messages and an address where they are given. */
  sendMessage(
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    address: Address | null,
  ): number | WouldBlock;

  /** Half-close, after what was sent: SHUT_RD, SHUT_WR or SHUT_RDWR. A promise where that takes a moment. */
  shutdown(how: number): void | Promise<void>;

  getsockname(): Address;
  getpeername(): Address;
  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, size: number): Uint8Array;
  setsockopt(level: number, name: number, value: number | Uint8Array): void;

  /** The process's descriptor where the backend has one, else undefined: then the descriptor table gives a number. */
  fileno(): number | undefined;
  /** One more reference to the same open socket: the same transport counted once more, or a new one on a new descriptor. */
  dup(): Transport;
  /** Pending waits keep the process alive (the default) … */
  ref(): void;
  /** … or do not. */
  unref(): void;
  /** Notes that `detach` gave the number away: whoever has it may close it, and another socket get it. */
  handOver?(): void;
  /** Gives up one reference; with the last one the socket closes, after delivering what was sent. All waiters are woken. */
  close(): void;
}

/** A way to open sockets: Deno's net API, libc, or a third. */
export interface Backend {
  /** Names of hosts and interfaces; left out where the backend has whole functions for them. */
  readonly resolver?: Resolver;
  /** The loop that learns about readiness, where it has to be told when to run. */
  readonly loop?: Loop;
  /** Finds what the process has open under a number, for select, poll and epoll. Undefined: nothing that it knows. */
  findForeign?(fd: number): ForeignPollable | undefined;

  /** Opens a socket, or throws what the kernel answers for a family, type or protocol that is not there. */
  open(family: number, type: number, proto: number): Transport;
  /** Takes over a descriptor that the descriptor table does not know; -1 for family, type, proto means: find out. */
  adopt(fd: number, family: number, type: number, proto: number): Transport;
  /** The same on a duplicate: the descriptor stays its owner's. */
  adoptDuplicate(fd: number, family: number, type: number, proto: number): Transport;
  /** Opens two connected sockets. */
  pair(family: number, type: number, proto: number): Promise<[Transport, Transport]>;
  /** Where a host and port may be reached over a stream, in the order to try: what create_connection goes through. */
  endpoints(host: string, port: number): Promise<[family: number, address: Address][]>;
}
