// The bytes that were received together with the peer's close_notify. They are no TLS, and belong to the receives after unwrap.

import type { Address } from "../base/addresses.ts";
import { MSG_ERRQUEUE, MSG_OOB, MSG_PEEK, MSG_WAITALL } from "../base/constants.ts";
import type { Bytes } from "../base/data.ts";
import { errorFor } from "../base/errors.ts";
import { POLLIN } from "../base/poll.ts";
import { recvMessageBy, WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Received, Transport, WouldBlock } from "../seam/transport.ts";
import { Forwarding } from "./forwarding.ts";

/** These flags receive something other than the stream. */
const OTHER_DATA = MSG_OOB | MSG_ERRQUEUE;
/** With these flags a receive needs the data after the bytes, too. */
const NEEDS_MORE = MSG_PEEK | MSG_WAITALL;

/** A transport with bytes that were read ahead. Receives take them first. */
export class ReadAhead extends Forwarding {
  #bytes: Bytes;
  /** The error of a receive after the bytes. It is thrown once, when they were taken. */
  #error: unknown = undefined;

  constructor(inner: Transport, bytes: Bytes) {
    super(inner);
    this.#bytes = bytes;
  }

  /** Whether a receive goes to the transport below. */
  #passes(flags: number): boolean {
    return (this.#bytes.length === 0 && this.#error === undefined) || (flags & OTHER_DATA) !== 0;
  }

  /** Receives the bytes, and the data after them if the flags need that. */
  #receive(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    if (this.#bytes.length === 0) throw this.#takeError();
    const own = this.#bytes.slice(0, size);
    const more = this.#receiveMore(caller, size - own.length, flags);
    if (more === WOULD_BLOCK) return WOULD_BLOCK;
    if ((flags & MSG_PEEK) === 0) this.#bytes = this.#bytes.subarray(own.length);
    if (more.length === 0) return own;
    const all = new Uint8Array(own.length + more.length);
    all.set(own);
    all.set(more, own.length);
    return all;
  }

  #receiveMore(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    if (size === 0 || (flags & NEEDS_MORE) === 0 || this.#error !== undefined) return new Uint8Array(0);
    // A transport learns of new data while a waiter is registered, or when it is asked.
    this.inner.events(POLLIN);
    try {
      const more = this.inner.recv(caller, size, flags);
      return more === WOULD_BLOCK && (flags & MSG_WAITALL) === 0 ? new Uint8Array(0) : more;
    } catch (error) {
      // The transport below reports an error once.
      this.#error = error;
      return new Uint8Array(0);
    }
  }

  #takeError(): unknown {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  #receiveInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    const bytes = this.#receive(caller, view.length, flags);
    if (bytes === WOULD_BLOCK) return WOULD_BLOCK;
    view.set(bytes);
    return bytes.length;
  }

  override recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    return this.#passes(flags) ? super.recv(caller, size, flags) : this.#receive(caller, size, flags);
  }

  override recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    return this.#passes(flags) ? super.recvInto(caller, view, flags) : this.#receiveInto(caller, view, flags);
  }

  override recvFrom(caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    if (this.#passes(flags)) return super.recvFrom(caller, size, flags);
    const bytes = this.#receive(caller, size, flags);
    return bytes === WOULD_BLOCK ? WOULD_BLOCK : [bytes, null];
  }

  override recvFromInto(caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    if (this.#passes(flags)) return super.recvFromInto(caller, view, flags);
    const count = this.#receiveInto(caller, view, flags);
    return count === WOULD_BLOCK ? WOULD_BLOCK : [count, null];
  }

  override recvMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillarySize: number,
    flags: number,
  ): Received | WouldBlock {
    if (this.#passes(flags)) return super.recvMessage(caller, views, ancillarySize, flags);
    return recvMessageBy((size) => this.#receive(caller, size, flags), views);
  }

  holdsSend(caller: Caller): boolean {
    return this.inner.holdsSend?.(caller) ?? false;
  }

  blockingError(mask: number): Error {
    return this.inner.blockingError?.(mask) ?? errorFor("EAGAIN");
  }

  override events(mask: number): number {
    return super.events(mask) | (this.#passes(0) ? 0 : POLLIN);
  }

  override dup(): Transport {
    return this.inner.dup();
  }
}
