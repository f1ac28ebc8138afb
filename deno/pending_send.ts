// A send under way. Deno's writes are promises that cannot be cancelled. So a write works on a copy: the call may end before
// the write, and the program may then change, transfer or resize its memory.

import type { Caller } from "../seam/transport.ts";

const NOTHING = new Uint8Array(0);

/** The bytes of one send, and its outcome. */
export class PendingSend {
  #caller: Caller | null;
  readonly #turn: number;
  #bytes: Uint8Array;
  /** How many bytes the kernel has taken. */
  sent = 0;
  /** The error, if it failed. */
  error: Error | null = null;
  /** Whether the send is no longer under way. */
  ended = false;
  /** Whether it counts as sent although it is under way. */
  counted = false;

  /** The send belongs to the caller's current turn. Without a caller, no call takes its outcome. */
  constructor(caller: Caller | null, bytes: Uint8Array) {
    this.#caller = caller;
    this.#turn = caller === null ? 0 : caller.turn;
    this.#bytes = bytes;
  }

  /** How many bytes it is to send. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The bytes that are still to be sent. */
  get rest(): Uint8Array {
    return this.sent === 0 ? this.#bytes : this.#bytes.subarray(this.sent);
  }

  /** Whether it belongs to the caller's current turn. */
  isOf(caller: Caller): boolean {
    return this.#caller === caller && this.#turn === caller.turn;
  }

  /** Whether the call that began it still waits for the outcome. */
  get awaited(): boolean {
    return this.#caller !== null && this.#caller.turn === this.#turn;
  }

  /** No call takes its outcome any more. */
  release(): void {
    this.#caller = null;
  }

  /** Counts as sent from now on, also if it fails later. */
  count(): void {
    this.counted = true;
    this.release();
  }

  /** Ends the send. Returns its bytes, which are no longer used. */
  end(): Uint8Array {
    const bytes = this.#bytes;
    this.ended = true;
    this.#bytes = NOTHING;
    return bytes;
  }
}
