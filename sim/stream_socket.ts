// The receiving side of a stream socket: it may wait for more than one byte (MSG_WAITALL, SO_RCVLOWAT).

import { MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL } from "../base/constants.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, WouldBlock } from "../seam/transport.ts";
import { SimSocket } from "./socket.ts";
import type { ReceiveResult } from "./socket.ts";

/** A socket that receives a stream of bytes. */
export abstract class StreamSocket extends SimSocket {
  /** How many bytes each caller waits for at once. */
  readonly #wants = new Map<Caller, number>();

  /** How many received bytes it holds. */
  protected abstract get available(): number;
  /** Throws if the socket is in a state in which it cannot receive. */
  protected abstract checkReceiving(): void;
  /** Returns whether no more data will arrive. If no data is left to read, throws the pending error. */
  protected abstract isAtEnd(): boolean;
  /** Copies received bytes into views. It removes the bytes, unless `peeks` is set. */
  protected abstract read(views: Uint8Array[], peeks: boolean): number;
  /** Called when a receive begins to wait for more bytes at once. The missing bytes may arrive during the call. */
  protected abstract onWanted(): void;
  /** Called when a receive no longer waits for several bytes at once. */
  protected onUnwanted(): void {}

  /** The most bytes that a receive waits for at once. 0 if none waits. */
  protected get mostWanted(): number {
    return Math.max(0, ...this.#wants.values());
  }

  /**
   * Returns how many bytes a receive waits for: all with MSG_WAITALL, otherwise the low-water mark. With MSG_DONTWAIT it
   * takes what is there.
   */
  protected wantedBytes(size: number, flags: number): number {
    if ((flags & MSG_DONTWAIT) !== 0) return 1;
    if ((flags & MSG_WAITALL) !== 0) return size;
    return Math.min(this.options.lowWater, size);
  }

  protected sizeHint(size: number, flags: number, caller: Caller): number | WouldBlock {
    return this.#awaitsData(caller, this.wantedBytes(size, flags)) ? WOULD_BLOCK : this.available;
  }

  protected receive(caller: Caller, views: Uint8Array[], size: number, flags: number): ReceiveResult | WouldBlock {
    if (this.#awaitsData(caller, this.wantedBytes(size, flags))) return WOULD_BLOCK;
    const length = this.read(views, (flags & MSG_PEEK) !== 0);
    this.forget(caller);
    return { length, flags: 0, address: null };
  }

  /** Returns whether a receive must wait for data. It throws the errors of the receive. */
  #awaitsData(caller: Caller, wanted: number): boolean {
    if (this.hostCrashed) return true;
    this.checkReceiving();
    if (!this.#isShort(wanted)) return false;
    if (wanted > 1 && this.#wants.get(caller) !== wanted) {
      this.#wants.set(caller, wanted);
      this.onWanted();
    }
    // The missing data, the end or an error may have arrived meanwhile.
    return this.#isShort(wanted);
  }

  /** Returns whether fewer than `wanted` bytes are there, and more may arrive. */
  #isShort(wanted: number): boolean {
    return this.available < Math.max(wanted, 1) && !this.isAtEnd();
  }

  override forget(caller: Caller): void {
    if (this.#wants.delete(caller)) this.onUnwanted();
  }
}
