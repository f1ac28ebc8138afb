// The seam's transport: a socket of a backend, and everything that core/ knows about it.
//
// A transport offers attempts that never wait: they return a result or WOULD_BLOCK, and throw only real errors. It also
// offers a way to be told when to try again. Blocking mode, timeouts, non-blocking mode, select and iteration are written
// once, above this interface, for all backends.

import type { Address } from "../base/addresses.ts";
import { scatter } from "../base/data.ts";
import type { Bytes } from "../base/data.ts";

/** Returned by an attempt that would have to wait. It is a value, because throwing an exception is slow. */
export const WOULD_BLOCK: unique symbol = Symbol("would block");

/** Returned by a connect that continues after the attempt (EINPROGRESS). `finishConnect` returns its outcome. */
export const IN_PROGRESS: unique symbol = Symbol("in progress");

/** Returned by a connect when an earlier one is under way that no call waits for (EALREADY). The caller may wait for it. */
export const ALREADY_IN_PROGRESS: unique symbol = Symbol("already in progress");

/** The type of {@linkcode WOULD_BLOCK}. */
export type WouldBlock = typeof WOULD_BLOCK;

/** The type of {@linkcode IN_PROGRESS} and {@linkcode ALREADY_IN_PROGRESS}. */
export type InProgress = typeof IN_PROGRESS | typeof ALREADY_IN_PROGRESS;

/**
 * An object that is woken when an event may hold. It is not a promise or a closure: an object can be registered and
 * withdrawn without an allocation, and a wait that ends early leaves nothing behind.
 */
export interface Waiter {
  /** Called when the awaited events may hold. This is only a hint: the waiter must try again. It must not throw. */
  wake(): void;
  /**
   * Set on a waiter that alone does not keep the process alive. The waiters of select and epoll have it: a wait keeps
   * the process alive while it lasts, and the interests of an epoll must not.
   */
  readonly background?: boolean;
  /**
   * False for the calls of a socket after `unref`. A backend whose duplicates share a transport uses it: each duplicate has
   * its own reference. After a change the waiter is registered again.
   */
  readonly referenced?: boolean;
}

/**
 * What an attempt is made for: a lane, or one side of a TLS connection.
 *
 * A backend that learns outcomes late (from Deno's promises) stores the caller and its turn with the operation, and gives
 * the outcome to that pair only. So a late outcome is never given to a later call. The backend also keeps what an attempt
 * asks for (the number of bytes, MSG_WAITALL) per caller, because duplicates of a socket share a transport.
 *
 * Giving up a call takes these steps, in this order: the last attempt, `forget`, the next turn, the rejection of the
 * call's promise, the next call of the lane.
 */
export interface Caller {
  /** Raised whenever a call ends, with an outcome or without one. */
  readonly turn: number;
}

/** Something that can be waited on: a socket, a pipe, the terminal. Masks are those of poll(2), from base/poll.ts. */
export interface Pollable {
  /** True once it was closed, through any object or by its number. */
  readonly closed?: boolean;
  /**
   * Set once it is closed: settles when the local address is free. Undefined if the address is free already. A backend
   * whose operations end only after the close has it, so that calls and loops end when the address can be bound again.
   */
  readonly released?: Promise<unknown> | undefined;
  /**
   * Returns the events of a mask that hold now, as poll(2) does. The result may contain events outside the mask that the
   * backend knows without asking the kernel.
   */
  events(mask: number): number;
  /**
   * Registers a waiter for a mask. It is woken whenever one of these events begins to hold, and by errors and hang-up, which
   * cannot be masked, until it is withdrawn. It is never woken within `watch`. Only events after this call are reported: a
   * call makes its attempt and then watches, and no other code runs in between, so it misses nothing. A waiter can be
   * registered once; watching again replaces its mask.
   *
   * Throws EPERM for a regular file, which is always ready.
   */
  watch(mask: number, waiter: Waiter): void;
  /** Withdraws a waiter. Does nothing if the waiter is not registered. */
  unwatch(waiter: Waiter): void;
  /**
   * Called after `unwatch` by a call that is given up. Returns a promise if an operation of the backend is still under way
   * that ends with the last waiter. The call settles after it, so that nothing of the call is under way any more.
   */
  atRest?(): Promise<void> | undefined;
  /**
   * Asks for the current state of the events in a mask, so that `events` and the next attempt know it. Returns undefined if
   * the backend asks the kernel in each attempt, and a promise if it learns late (from Deno's promises). A call settles
   * before it reports that it would block, and then makes one more attempt.
   */
  settle(mask: number): Promise<void> | undefined;
}

/** An accepted connection and its peer's address. */
export interface Accepted {
  transport: Transport;
  address: Address;
}

/** One control message: [level, type, data]. */
export type AncillaryData = [level: number, type: number, data: Uint8Array];

/** The outcome of one receive, in recvmsg's terms. */
export interface Received {
  /** The number of bytes stored. With MSG_TRUNC, the true length of the datagram, which may be larger. */
  length: number;
  ancillary: AncillaryData[];
  /** MSG_TRUNC, MSG_CTRUNC, MSG_EOR …, as the kernel returns them. */
  flags: number;
  /** The sender; null on a connected stream. */
  address: Address | null;
}

/** Makes `recvMessage` of a plain receive, for a stream without control messages. `receive` gets the size of the views. */
export function recvMessageBy(
  receive: (size: number) => Bytes | WouldBlock,
  views: Uint8Array[],
): Received | WouldBlock {
  const data = receive(views.reduce((sum, view) => sum + view.length, 0));
  if (data === WOULD_BLOCK) return WOULD_BLOCK;
  scatter(data, views);
  return { length: data.length, ancillary: [], flags: 0, address: null };
}

/** The limits that a socket's options set for its blocking calls: SO_RCVTIMEO, SO_SNDTIMEO and SO_RCVLOWAT. */
export interface BlockingLimits {
  /** How many seconds a blocking accept or receive waits at most; null for no limit. */
  readonly receive: number | null;
  /** How many seconds a blocking connect or send waits at most; null for no limit. */
  readonly send: number | null;
  /** How many bytes a receive on a stream waits for. */
  readonly lowWater: number;
}

/** A descriptor whose number code outside this package may close, and the kernel may then give to another file. */
export interface Replaceable {
  /** Whether the number belongs to another file now. */
  isReplaced?(): boolean;
  /** Closes this object without closing the number, which belongs to another file. */
  abandon?(): void;
}

/** A socket of a backend: the open file description, without modes and timeouts. */
export interface Transport extends Pollable, Replaceable {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  /** The limits that the socket's options set for blocking calls. Undefined if none is set, which is the usual case. */
  readonly limits?: BlockingLimits;

  /** Claims a local address. */
  bind(address: Address): void;
  /** Starts to queue connections, at most `backlog` of them. */
  listen(backlog: number): void;
  /** Takes the oldest queued connection. POLLIN tells when to try again. */
  accept(): Accepted | WouldBlock;

  /**
   * Looks up the name in an address, for `connect` or `sendTo`. Returns a promise if the look-up waits, and the address
   * itself if it holds no name. A look-up may end, and reject, when the signal is aborted.
   */
  resolve(address: Address, signal?: AbortSignal): Address | Promise<Address>;
  /**
   * Starts to connect. IN_PROGRESS means that the connect is under way, as the kernel's EINPROGRESS; `finishConnect` returns
   * its outcome. ALREADY_IN_PROGRESS means the same of an earlier connect, whose call was given up or did not wait; the
   * address is not used then. On WOULD_BLOCK (Unix sockets on Deno), the same caller calls `connect` again without ending its call.
   */
  connect(caller: Caller, address: Address): void | InProgress | WouldBlock;
  /**
   * Returns the outcome of a connect, or of a send with MSG_FASTOPEN. Throws its error and clears it, as reading SO_ERROR
   * does.
   */
  finishConnect(): void | WouldBlock;

  /** Dissolves a datagram socket's association with its peer, as connect(2) to AF_UNSPEC does. */
  disconnect(): void;

  /** Receives up to `size` bytes, or one datagram cut to that size. POLLIN tells when to try again. */
  recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock;
  /** Receives into a view. Returns the number of bytes; with MSG_TRUNC, the datagram's length. */
  recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock;
  /** Receives data and the sender's address, which is null on a stream. */
  recvFrom(caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock;
  /** Receives into a view. Returns the number of bytes and the sender's address. */
  recvFromInto(caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock;
  /** Scatters one receive over views, with up to `ancillarySize` bytes of control messages. */
  recvMessage(caller: Caller, views: Uint8Array[], ancillarySize: number, flags: number): Received | WouldBlock;

  /**
   * Sends as much as the transport takes now, and returns that length. POLLOUT tells when to try again. After a result the
   * data may be changed. After WOULD_BLOCK the same caller calls again in the same turn with the same data.
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
   * Whether a send of the caller's current turn is under way or has ended. Then the next attempt returns its outcome and
   * does not read the data. Left out if each attempt returns its outcome at once.
   */
  holdsSend?(caller: Caller): boolean;
  /**
   * Tells that a caller gives up the call of its current turn. A pending receive of that call is dropped. Data of a send
   * that is under way counts as sent, like bytes in the kernel's buffer. The memory of the call is no longer read.
   */
  forget(caller: Caller): void;

  /**
   * Returns the error of a non-blocking call that would block. Left out for EAGAIN. A TLS transport has it: its error names
   * the direction that it waits for.
   */
  blockingError?(mask: number): Error;

  /** Half-closes after the data that was sent: SHUT_RD, SHUT_WR or SHUT_RDWR. Returns a promise if that takes time. */
  shutdown(how: number): void | Promise<void>;

  getsockname(): Address;
  getpeername(): Address;
  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, size: number): Uint8Array;
  setsockopt(level: number, name: number, value: number | Uint8Array): void;

  /** Returns the process's descriptor. Undefined if the backend has none: then the descriptor table makes a number. */
  fileno(): number | undefined;
  /**
   * Makes one more reference to the same open socket. That is this transport with its count of references raised, or a new
   * transport on a new descriptor.
   */
  dup(): Transport;
  /** Lets pending waits keep the process alive (the default). */
  ref(): void;
  /** Lets pending waits no longer keep the process alive. */
  unref(): void;
  /** Whether a program that this process executes inherits the descriptor. Left out if the transport has no descriptor. */
  getInheritable?(): boolean;
  /** Sets whether a program that this process executes inherits the descriptor. */
  setInheritable?(inheritable: boolean): void;
  /** Notes that `detach` gave the number away. Its new owner may close it, and the kernel may then give it to another file. */
  handOver?(): void;
  /** Closes one reference. The last one closes the socket after its data was delivered. All waiters are woken. */
  close(): void;
}
