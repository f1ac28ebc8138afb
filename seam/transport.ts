// The seam's transport: a socket of some backend, and all that core/ knows of it.
//
// Everything rests on readiness. A transport offers attempts that never wait: they return a result or WOULD_BLOCK, and
// throw only real errors. It also offers a way to be told when to try again. Blocking mode, timeouts, non-blocking mode,
// select and iteration are written once above this line, for every backend.

import type { Address } from "../base/addresses.ts";
import type { Bytes } from "../base/data.ts";

/** The answer of an attempt that could go on only by waiting. A value, because an exception would be slow. */
export const WOULD_BLOCK: unique symbol = Symbol("would block");

/** The answer of a connect that goes on in the background (EINPROGRESS). `finishConnect` tells its outcome. */
export const IN_PROGRESS: unique symbol = Symbol("in progress");

/** The type of {@linkcode WOULD_BLOCK}. */
export type WouldBlock = typeof WOULD_BLOCK;

/** The type of {@linkcode IN_PROGRESS}. */
export type InProgress = typeof IN_PROGRESS;

/**
 * What is woken when an event may hold. An object, not a promise or a closure: it is registered and withdrawn without
 * an allocation, and a wait that ends early leaves nothing behind.
 */
export interface Waiter {
  /** Called when the awaited events may hold. Only a hint: the waiter looks again. It must not throw. */
  wake(): void;
  /**
   * Set where the registration alone is no reason to keep the process alive. The waiters of select and epoll have it:
   * the wait itself keeps the process alive while it lasts, and an epoll's registered interest must not.
   */
  readonly background?: boolean;
}

/**
 * The caller of an attempt that may be answered late. Lanes implement it, and so can a TLS engine.
 *
 * A backend that learns the outcome late (Deno's promises) stores the pair of caller and turn, and answers that pair
 * once: an outcome whose turn has passed never answers a later call. What an attempt wants (how many bytes, MSG_WAITALL)
 * is kept per caller, because duplicates of a socket share a transport.
 *
 * Giving up a call is, in this order: the last attempt, `forget`, raising the turn, rejecting, waking the next call.
 */
export interface Caller {
  /** Raised whenever a call ends, with an outcome or without one. */
  readonly turn: number;
  /** For sends: whether the memory of this turn's call may be used in place until the turn ends. */
  readonly lends: boolean;
}

/** What can be waited on: a socket, a pipe, the terminal. Masks are poll(2)'s, from base/poll.ts. */
export interface Pollable {
  /** Set on a descriptor that was closed, through any object or by its number. */
  readonly closed?: boolean;
  /**
   * Once it is closed: settles when its address is free. Undefined where it is free already. A backend whose operations
   * end a moment after the close has it, so that calls and loops end when the address can be bound again.
   */
  readonly released?: Promise<unknown> | undefined;
  /**
   * The level of the events of a mask now, as poll(2) would answer. The answer may contain events outside the mask,
   * where the backend knows them without asking the kernel.
   */
  events(mask: number): number;
  /**
   * Registers a waiter for a mask. It is woken at each news of one of these events, and of errors and hang-up, which
   * cannot be masked, until it is withdrawn. It is never woken from within `watch`. News counts from this call: attempt
   * first, then watch; nothing runs in between, so nothing is missed. One waiter is registered once at a time; watching
   * again replaces its mask.
   *
   * Throws EPERM for a regular file, which never has news.
   */
  watch(mask: number, waiter: Waiter): void;
  /** Withdraws a waiter. Withdrawing one that is not registered does nothing. */
  unwatch(waiter: Waiter): void;
  /**
   * Asked after `unwatch`, by a call that is given up. A promise where the withdrawn waiter was the last one and the
   * backend's own waiting takes a moment to end: the call ends after it, so that nothing is under way any more.
   */
  atRest?(): Promise<void> | undefined;
  /**
   * Brings what the attempts and `events` know of a mask up to date with the kernel. Returns undefined where the backend
   * asks the kernel itself, and a promise where it learns late (Deno's promises). A call that is about to say "it would
   * block" settles first and looks once more.
   */
  settle(mask: number): Promise<void> | undefined;
}

/** A connection as it was accepted. */
export interface Accepted {
  transport: Transport;
  address: Address;
}

/** One control message: [level, type, data]. */
export type AncillaryData = [level: number, type: number, data: Uint8Array];

/** The outcome of one receive, in recvmsg's terms. */
export interface Received {
  /** Bytes stored; with MSG_TRUNC the datagram's true length, which may be more. */
  length: number;
  ancillary: AncillaryData[];
  /** MSG_TRUNC, MSG_CTRUNC, MSG_EOR … as the kernel answers them. */
  flags: number;
  /** The sender; null on a connected stream. */
  address: Address | null;
}

/** What a socket's own options say of its blocking calls: SO_RCVTIMEO, SO_SNDTIMEO and SO_RCVLOWAT. */
export interface BlockingLimits {
  /** How many seconds a blocking accept or receive waits at most; null for ever. */
  readonly receive: number | null;
  /** The same of a connect or send. */
  readonly send: number | null;
  /** How many bytes a receive on a stream waits for. */
  readonly lowWater: number;
}

/** What is open under a number that code outside this package may close, as the process's own descriptors are. */
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
  /** How the socket's options bound its blocking calls; undefined where none is set, which is the rule. */
  readonly limits?: BlockingLimits;

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
   * Starts to connect. IN_PROGRESS: the connect is under way, as the kernel's EINPROGRESS, and `finishConnect` tells its
   * end. WOULD_BLOCK: a connect that takes no time in the kernel but a moment here (Unix sockets on Deno); the same
   * caller and turn come back for its outcome.
   */
  connect(caller: Caller, address: Address): void | InProgress | WouldBlock;
  /** Tells how a connect (or a send with MSG_FASTOPEN) under way ended. Throws its error and clears it, as reading SO_ERROR does. */
  finishConnect(): void | WouldBlock;

  /** Dissolves a datagram socket's association with its peer, as connect(2) to AF_UNSPEC does. */
  disconnect(): void;

  /** Receives up to `size` bytes, or one datagram cut to it. Ready at POLLIN. */
  recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock;
  /** The same into a view. Returns the count; with MSG_TRUNC, the datagram's length. */
  recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock;
  /** The same with the sender's address, null on a stream. */
  recvFrom(caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock;
  /** The same into a view. */
  recvFromInto(caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock;
  /** Scatters one receive over views, with up to `ancillarySize` bytes of control messages. */
  recvMessage(caller: Caller, views: Uint8Array[], ancillarySize: number, flags: number): Received | WouldBlock;

  /**
   * Sends what there is room for and returns its length. Ready at POLLOUT. After a result the data may be reused. After
   * WOULD_BLOCK the same caller comes back in the same turn, with the same data, for the outcome.
   */
  send(caller: Caller, data: Uint8Array, flags: number): number | WouldBlock;
  /** Sends a datagram to an address. */
  sendTo(caller: Caller, data: Uint8Array, flags: number, address: Address): number | WouldBlock;
  /** Gathers one send from views, with control messages and an address where they are given. */
  sendMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    address: Address | null,
  ): number | WouldBlock;
  /**
   * Whether a send of the caller's current turn is under way, or has ended: then the next attempt brings its outcome and
   * reads no data. Left out where an attempt tells its outcome at once.
   */
  holdsSend?(caller: Caller): boolean;
  /**
   * Tells that a caller gives up the call of its current turn. What the call wanted is dropped. What it sent that is
   * under way counts as sent, like bytes in a kernel's buffer; memory that was lent is copied or no longer read.
   */
  forget(caller: Caller): void;

  /** The error of a call that would block and may not wait; left out: EAGAIN. TLS says which direction it waits for. */
  blockingError?(mask: number): Error;

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
  /** Lets pending waits keep the process alive (the default). */
  ref(): void;
  /** Lets pending waits no longer keep the process alive. */
  unref(): void;
  /** Whether a program that this process executes inherits the descriptor. Left out where there is no such descriptor. */
  getInheritable?(): boolean;
  /** Sets whether it does. */
  setInheritable?(inheritable: boolean): void;
  /** Notes that `detach` gave the number away: its new owner may close it, and another socket may get it. */
  handOver?(): void;
  /** Gives up one reference. With the last one the socket closes, after delivering what was sent. All waiters are woken. */
  close(): void;
}
