// The base class of UDP and Unix datagram sockets: a limited queue of datagrams.

import type { Address } from "../base/addresses.ts";
import { MSG_PEEK, MSG_TRUNC } from "../base/constants.ts";
import type { Bytes } from "../base/data.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Accepted, Caller, WouldBlock } from "../seam/transport.ts";
import { RECEIVING, SimSocket, unsupported } from "./socket.ts";
import type { ReceiveResult } from "./socket.ts";

/** A datagram in the queue of a socket. */
export interface QueuedDatagram {
  readonly data: Bytes;
  /** Null if a Unix sender has no name. */
  readonly from: Address | null;
}

/** How many bytes the kernel counts for a queued datagram besides its data (sizeof struct sk_buff, and rounding). */
export const OVERHEAD = 768;

/** Copies data into views, one after another. Returns the number of bytes that fitted. */
function scatter(data: Bytes, views: Uint8Array[]): number {
  let offset = 0;
  for (const view of views) {
    const isRest = offset === 0 && data.length <= view.length;
    const piece = isRest ? data : data.subarray(offset, offset + view.length);
    view.set(piece);
    offset += piece.length;
    if (isRest) break;
  }
  return offset;
}

/** A socket that receives datagrams. */
export abstract class DatagramSocket extends SimSocket {
  readonly queue: QueuedDatagram[] = [];
  /** The size of the queue in bytes, as the kernel counts it. */
  protected queued = 0;
  protected shut = 0;

  listen(): void {
    throw unsupported("listen");
  }
  accept(): Accepted | WouldBlock {
    throw unsupported("accept");
  }
  finishConnect(): void {}

  protected sizeHint(_size: number, _flags: number): number {
    return this.queue[0]?.data.length ?? 0;
  }

  /** Called after a datagram has left the queue, with its size as the kernel counts it. */
  protected abstract onDequeued(size: number): void;

  protected receive(_caller: Caller, views: Uint8Array[], size: number, flags: number): ReceiveResult | WouldBlock {
    if (this.hostCrashed) return WOULD_BLOCK;
    this.throwError("recv");
    const first = this.queue[0];
    if (first === undefined) {
      return (this.shut & RECEIVING) !== 0 ? { length: 0, flags: 0, address: null } : WOULD_BLOCK;
    }
    const { data, from } = first;
    const length = scatter(data, views);
    if ((flags & MSG_PEEK) === 0) {
      this.queue.shift();
      this.queued -= data.length + OVERHEAD;
      this.onDequeued(data.length + OVERHEAD);
    }
    const isCut = data.length > size;
    return {
      length: isCut && (flags & MSG_TRUNC) !== 0 ? data.length : length,
      flags: isCut ? MSG_TRUNC : 0,
      address: from,
    };
  }
}
