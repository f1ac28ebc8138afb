// The base class of all simulated sockets: reference counting, waiters, options, and the forms of attempts.

import type { Address } from "../base/addresses.ts";
import { MSG_ERRQUEUE, MSG_OOB, SO_ERROR, SOL_SOCKET } from "../base/constants.ts";
import type { Bytes } from "../base/data.ts";
import type { ErrnoName } from "../base/errno.ts";
import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import { errnoOf } from "../base/errno.ts";
import { POLLNVAL } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type {
  Accepted,
  AncillaryData,
  BlockingLimits,
  Caller,
  InProgress,
  Received,
  Transport,
  Waiter,
  WouldBlock,
} from "../seam/transport.ts";
import type { Kernel, KernelSocket } from "./net/kernel.ts";
import type { SocketInfo } from "./net/socket_info.ts";
import { answer } from "./options.ts";
import type { Options } from "./options.ts";
import { SimWaiters } from "./waiters.ts";

/** The hint in errors for features that the simulation does not have. */
export const NATIVE_HINT = "the simulation does not have it; sockets of @berkeley/socket/native do";

/** The directions that `shutdown` closes, as Linux stores them. */
export const RECEIVING = 1;
export const SENDING = 2;
export const BOTH = 3;

/** Returns the bits of a SHUT_ constant. Throws EINVAL for any other number. */
export function shutdownBits(how: number): number {
  if (how !== 0 && how !== 1 && how !== 2) throw errorFor("EINVAL", { syscall: "shutdown" });
  return how + 1;
}

/** Copies of at most this many bytes share a block of memory. An array with its own memory takes 0.3 to 1.4 µs in Deno. */
const MOST_IN_BLOCK = 256;
const BLOCK = 8192;
let block: Bytes = new Uint8Array(0);
let used = 0;

/** Copies the first bytes of some data. */
export function copyOf(data: Uint8Array, length: number): Bytes {
  let copy: Bytes;
  if (length > MOST_IN_BLOCK) copy = new Uint8Array(length);
  else {
    if (used + length > block.length) {
      block = new Uint8Array(BLOCK);
      used = 0;
    }
    copy = block.subarray(used, used + length);
    used += length;
  }
  copy.set(length === data.length ? data : data.subarray(0, length));
  return copy;
}

/** The buffer for receives that find no data, or the end of the stream. They need no new array. */
const EMPTY: Bytes = new Uint8Array(0);

/** The result of a receive. */
export interface ReceiveResult {
  /** The number of bytes stored. With MSG_TRUNC, the whole length of the datagram. */
  length: number;
  /** MSG_TRUNC if a datagram was cut. */
  flags: number;
  address: Address | null;
}

/** A socket of a simulated host. */
export abstract class SimSocket implements Transport, KernelSocket {
  readonly kernel: Kernel;
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly options: Options;
  readonly waiters: SimWaiters;
  /** The pending error. */
  protected error: ErrnoName | null = null;
  #references = 1;

  constructor(kernel: Kernel, family: number, type: number, proto: number, options: Options) {
    this.kernel = kernel;
    this.family = family;
    this.type = type;
    this.proto = proto;
    this.options = options;
    this.waiters = new SimWaiters(kernel.timeline);
    kernel.sockets.add(this);
  }

  get limits(): BlockingLimits | undefined {
    return this.options.limits;
  }

  /** Whether the last reference was closed. */
  get isClosed(): boolean {
    return this.#references === 0;
  }

  /** Whether its host has crashed. After that no attempt succeeds. */
  protected get hostCrashed(): boolean {
    return !this.kernel.isUp;
  }

  /** Returns the pending error and clears it. */
  protected takeError(): ErrnoName | null {
    const error = this.error;
    this.error = null;
    return error;
  }

  /** Throws the pending error, if there is one. */
  protected throwError(syscall: string): void {
    const error = this.takeError();
    if (error !== null) throw errorFor(error, { syscall });
  }

  /** Runs work on connections. Packets that it sends over loopback are delivered after it. */
  protected deferPackets(work: () => void): void {
    this.kernel.network.loopback.deferPackets(work);
  }

  abstract bind(address: Address): void;
  abstract listen(backlog: number): void;
  abstract accept(): Accepted | WouldBlock;
  abstract resolve(address: Address): Address;
  abstract connect(caller: Caller, address: Address): void | InProgress | WouldBlock;
  abstract finishConnect(): void | WouldBlock;
  abstract disconnect(): void;
  abstract shutdown(how: number): void;
  abstract getsockname(): Address;
  abstract getpeername(): Address;
  abstract events(mask: number): number;
  abstract info(): SocketInfo;
  /** Ends the socket. Called when its last reference is closed. */
  protected abstract destroy(): void;

  // Receiving.

  /**
   * Returns the smallest buffer size with which a receive can return its data. A stream first makes room for the data
   * that the receive waits for, because this data may arrive at once. It returns WOULD_BLOCK if the receive must wait.
   */
  protected abstract sizeHint(size: number, flags: number, caller: Caller): number | WouldBlock;
  /** Receives into views. `size` is the size that the call asked for, which may exceed the views. */
  protected abstract receive(
    caller: Caller,
    views: Uint8Array[],
    size: number,
    flags: number,
  ): ReceiveResult | WouldBlock;

  recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    const found = this.recvFrom(caller, size, flags);
    return found === WOULD_BLOCK ? WOULD_BLOCK : found[0];
  }
  recvFrom(caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    this.#checkReceiveFlags(flags);
    const hint = this.sizeHint(size, flags, caller);
    if (hint === WOULD_BLOCK) return WOULD_BLOCK;
    const room = Math.min(hint, size);
    const buffer = room === 0 ? EMPTY : new Uint8Array(room);
    const receipt = this.receive(caller, [buffer], size, flags);
    if (receipt === WOULD_BLOCK) return WOULD_BLOCK;
    const { length, address } = receipt;
    return [length === room && room > 0 ? buffer : buffer.slice(0, length), address];
  }
  recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    this.#checkReceiveFlags(flags);
    const receipt = this.receive(caller, [view], view.length, flags);
    return receipt === WOULD_BLOCK ? WOULD_BLOCK : receipt.length;
  }
  recvFromInto(caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    this.#checkReceiveFlags(flags);
    const receipt = this.receive(caller, [view], view.length, flags);
    return receipt === WOULD_BLOCK ? WOULD_BLOCK : [receipt.length, receipt.address];
  }
  recvMessage(caller: Caller, views: Uint8Array[], _ancillarySize: number, flags: number): Received | WouldBlock {
    this.#checkReceiveFlags(flags);
    const size = views.reduce((sum, view) => sum + view.length, 0);
    const receipt = this.receive(caller, views, size, flags);
    return receipt === WOULD_BLOCK ? WOULD_BLOCK : { ...receipt, ancillary: [] };
  }

  #checkReceiveFlags(flags: number): void {
    if ((flags & MSG_OOB) !== 0) this.refuseUrgent();
    // The error queue is always empty.
    if ((flags & MSG_ERRQUEUE) !== 0) throw errorFor("EAGAIN", { syscall: "recv" });
  }

  /** Throws the kernel's error for a receive of urgent data. The simulation has none. */
  protected refuseUrgent(): void {
    throw errorFor("EOPNOTSUPP", { syscall: "recv" });
  }

  // Sending.

  abstract send(caller: Caller, data: Uint8Array, flags: number): number | WouldBlock;
  abstract sendTo(caller: Caller, data: Uint8Array, flags: number, address: Address): number | WouldBlock;

  sendMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    address: Address | null,
  ): number | WouldBlock {
    if (ancillary.length > 0) throw errorFor("EOPNOTSUPP", { syscall: "sendmsg", hint: NATIVE_HINT });
    let data = views[0];
    if (views.length !== 1) {
      data = new Uint8Array(views.reduce((sum, view) => sum + view.length, 0));
      let offset = 0;
      for (const view of views) {
        data.set(view, offset);
        offset += view.length;
      }
    }
    return address === null ? this.send(caller, data, flags) : this.sendTo(caller, data, flags, address);
  }

  /** Refuses flags that no simulated socket supports. */
  protected checkSendFlags(flags: number): void {
    if ((flags & MSG_OOB) !== 0) throw errorFor("EOPNOTSUPP", { syscall: "send", hint: NATIVE_HINT });
  }

  forget(_caller: Caller): void {}

  // Options.

  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, size: number): Uint8Array;
  getsockopt(level: number, name: number, size?: number): number | Uint8Array {
    if (level === SOL_SOCKET && name === SO_ERROR) {
      const error = this.takeError();
      return answer(error === null ? 0 : errnoOf(error), size);
    }
    return this.getOption(level, name, size);
  }
  protected getOption(level: number, name: number, size: number | undefined): number | Uint8Array {
    return this.options.get(level, name, size);
  }
  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    this.options.set(level, name, value);
  }

  // Waiting.

  watch(mask: number, waiter: Waiter): void {
    this.waiters.add(mask, waiter);
  }
  unwatch(waiter: Waiter): void {
    this.waiters.remove(waiter);
  }
  settle(_mask: number): undefined {
    return undefined;
  }
  get waitsFor(): number {
    return this.waiters.mask;
  }

  // Closing.

  fileno(): undefined {
    return undefined;
  }
  dup(): Transport {
    this.#references++;
    return this;
  }
  ref(): void {}
  unref(): void {}

  close(): void {
    if (this.#references === 0) return;
    if (--this.#references === 0) {
      this.kernel.sockets.delete(this);
      if (!this.hostCrashed) this.destroy();
    }
    this.waiters.wake(POLLNVAL);
  }

  crash(): void {
    this.waiters.clear();
  }
}

/** Returns the error of a call that this kind of socket does not have. */
export function unsupported(syscall: string): OSError {
  return errorFor("EOPNOTSUPP", { syscall });
}
