// Bytes that were read ahead: a receive with MSG_WAITALL took them, and its call was given up before the rest arrived.

import type { Address } from "../base/addresses.ts";
import { MSG_CTRUNC, SCM_CREDENTIALS, SCM_RIGHTS, SOL_SOCKET } from "../base/constants.ts";
import { CMSG_LEN, CMSG_SPACE } from "../base/data.ts";
import type { AncillaryData } from "../seam/transport.ts";
import * as effects from "./effects.ts";
import { SCM_PIDFD } from "./linux.ts";

/** Closes the descriptors in the data of a control message. */
function closeAll(data: Uint8Array): void {
  for (const fd of new Int32Array(data.slice(0, data.length & ~3).buffer)) effects.close(fd);
}

/** Returns the sender's credentials in control messages. */
export function credentialsIn(ancillary: AncillaryData[]): Uint8Array | undefined {
  return ancillary.find(([level, type]) => level === SOL_SOCKET && type === SCM_CREDENTIALS)?.[2];
}

/** Bytes that were read ahead. The next receive takes them first. */
export class ReceiveQueue {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  /** The error that ended a receive after some bytes. It is thrown after the bytes were taken. */
  #failure: Error | undefined;

  /** The control messages of the bytes. The next recvmsg takes them. */
  #ancillary: AncillaryData[] = [];
  #flags = 0;

  /** The sender's address. */
  address: Address | null = null;

  /** The number of bytes. */
  get length(): number {
    return this.#length;
  }

  /** Whether there are no bytes, no error and no control messages. */
  get empty(): boolean {
    return this.#length === 0 && this.#failure === undefined && this.#ancillary.length === 0;
  }

  /** Whether the sender passed descriptors with the bytes. */
  get hasDescriptors(): boolean {
    return this.#ancillary.some(([level, type]) => level === SOL_SOCKET && type === SCM_RIGHTS);
  }

  /** The sender's credentials that came with the bytes. */
  get credentials(): Uint8Array | undefined {
    return credentialsIn(this.#ancillary);
  }

  /** Adds bytes. The queue owns their memory from then on. */
  put(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Sets the control messages and the flags of the bytes. They replace those of the bytes before. */
  describe(ancillary: AncillaryData[], flags: number): void {
    this.discardAncillary();
    this.#ancillary = ancillary;
    this.#flags = flags;
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

  /**
   * Takes the control messages that fit into `room` bytes, and the flags. What does not fit is treated as in the kernel: the
   * message is cut or dropped, its descriptors are closed, and MSG_CTRUNC is set.
   */
  takeAncillary(room: number): { ancillary: AncillaryData[]; flags: number } {
    const ancillary: AncillaryData[] = [];
    let flags = this.#flags;
    for (const [level, type, data] of this.#ancillary.splice(0)) {
      const ofDescriptors = level === SOL_SOCKET && (type === SCM_RIGHTS || type === SCM_PIDFD);
      const space = Math.min(room - CMSG_LEN(0), data.length);
      const length = ofDescriptors ? space & ~3 : space;
      if (length < data.length) flags |= MSG_CTRUNC;
      if (ofDescriptors) closeAll(data.subarray(Math.max(length, 0)));
      if (length < 0 || ofDescriptors && length === 0) continue;
      ancillary.push([level, type, data.slice(0, length)]);
      room -= CMSG_SPACE(length);
    }
    this.#flags = 0;
    return { ancillary, flags };
  }

  /** Drops the control messages and closes their descriptors, as the kernel does for a receive without space for them. */
  discardAncillary(): void {
    this.takeAncillary(0);
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
