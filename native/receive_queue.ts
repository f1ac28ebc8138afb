// Bytes that were read ahead: a receive with MSG_WAITALL took them, and its call was given up before the rest arrived.

import { SCM_RIGHTS, SOL_SOCKET } from "../base/constants.ts";
import type { AncillaryData } from "../seam/transport.ts";
import * as effects from "./effects.ts";

/** Bytes that were read ahead. The next receive takes them first. */
export class ReceiveQueue {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  /** The error that ended a receive after some bytes. It is thrown after the bytes were taken. */
  #failure: Error | undefined;

  /** The control messages of the bytes. The next recvmsg takes them. */
  ancillary: AncillaryData[] = [];

  /** The number of bytes. */
  get length(): number {
    return this.#length;
  }

  /** Whether there are no bytes, no error and no control messages. */
  get empty(): boolean {
    return this.#length === 0 && this.#failure === undefined && this.ancillary.length === 0;
  }

  /** Whether descriptors came with the bytes. */
  get hasDescriptors(): boolean {
    return this.ancillary.some(([level, type]) => level === SOL_SOCKET && type === SCM_RIGHTS);
  }

  /** Adds bytes. The queue owns their memory from then on. */
  put(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Stores an error for the receive after the last byte. */
  fail(failure: Error): void {
    this.#failure = failure;
  }

  /** Moves bytes into a view and returns their number. If there are no bytes, throws the stored error, once. */
  take(view: Uint8Array): number {
    const taken = this.peek(view);
    let rest = taken;
    while (rest > 0) {
      const chunk = this.#chunks[0];
      if (chunk.length > rest) {
        this.#chunks[0] = chunk.subarray(rest);
        break;
      }
      rest -= chunk.length;
      this.#chunks.shift();
    }
    this.#length -= taken;
    return taken;
  }

  /** Drops the control messages and closes their descriptors, as the kernel does for a receive without space for them. */
  discardAncillary(): void {
    for (const [level, type, data] of this.ancillary.splice(0)) {
      if (level !== SOL_SOCKET || type !== SCM_RIGHTS) continue;
      for (const fd of new Int32Array(data.slice(0, data.length & ~3).buffer)) effects.close(fd);
    }
  }

  /** Copies bytes into a view without taking them. */
  peek(view: Uint8Array): number {
    if (this.#length === 0 && this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      throw failure;
    }
    let copied = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(0, view.length - copied);
      view.set(part, copied);
      copied += part.length;
      if (copied === view.length) break;
    }
    return copied;
  }
}
