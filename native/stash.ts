// Bytes that a MSG_WAITALL has taken from the kernel and whose caller gave up before the rest came.

import { SCM_RIGHTS, SOL_SOCKET } from "../base/constants.ts";
import type { AncillaryData } from "../seam/transport.ts";
import * as effects from "./effects.ts";

/** A queue of received bytes; the next receive takes them first. */
export class Stash {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  /** The error that ended a receive which had bytes to give: its turn is after them. */
  #failure: Error | undefined;

  /** Control messages that came with the bytes; the next recvmsg takes them. */
  ancillary: AncillaryData[] = [];

  /** How many bytes are here. */
  get length(): number {
    return this.#length;
  }

  /** Whether there is anything to take: bytes, or an error. */
  get empty(): boolean {
    return this.#length === 0 && this.#failure === undefined && this.ancillary.length === 0;
  }

  /** Whether descriptors came with the bytes. */
  get hasDescriptors(): boolean {
    return this.ancillary.some(([level, type]) => level === SOL_SOCKET && type === SCM_RIGHTS);
  }

  /** Adds bytes, which from now on are the stash's own. */
  put(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Keeps an error for the receive that finds no bytes any more. */
  fail(failure: Error): void {
    this.#failure = failure;
  }

  /** Moves bytes to a view and returns how many; throws the kept error, once, when no bytes are left. */
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

  /** Drops the control messages, as the kernel does where a receive has no room for them: descriptors are closed. */
  discardAncillary(): void {
    for (const [level, type, data] of this.ancillary.splice(0)) {
      if (level !== SOL_SOCKET || type !== SCM_RIGHTS) continue;
      for (const fd of new Int32Array(data.slice(0, data.length & ~3).buffer)) effects.close(fd);
    }
  }

  /** Copies bytes to a view without taking them. */
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
