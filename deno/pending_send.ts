// A send under way. Deno's writes are promises that cannot be cancelled, so each one works on a copy: its caller may give
// up, and reuse, transfer or resize its memory. Only large memory whose caller lends it is sent from its place.

import type { Caller } from "../seam/transport.ts";

const NOTHING = new Uint8Array(0);

/** What one send took of its caller's data, and what became of it. */
export class PendingSend {
  #caller: Caller | null;
  readonly #turn: number;
  #bytes: Uint8Array;
  /** Whether the bytes are the caller's own. */
  readonly lent: boolean;
  /** How many bytes the kernel has taken. */
  sent = 0;
  /** Why it failed. */
  error: Error | null = null;
  /** Whether nothing of it is under way any more. */
  landed = false;

  /** Without a caller no call asks for the outcome. */
  constructor(caller: Caller | null, bytes: Uint8Array, lent: boolean) {
    this.#caller = caller;
    this.#turn = caller === null ? 0 : caller.turn;
    this.#bytes = bytes;
    this.lent = lent;
  }

  /** How many bytes it is to send. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The bytes that are still to be sent. */
  get rest(): Uint8Array {
    return this.sent === 0 ? this.#bytes : this.#bytes.subarray(this.sent);
  }

  /** Whether it is that of a caller's current turn. */
  isOf(caller: Caller): boolean {
    return this.#caller === caller && this.#turn === caller.turn;
  }

  /** Whether the call that began it waits for the outcome. */
  get awaited(): boolean {
    return this.#caller !== null && this.#caller.turn === this.#turn;
  }

  /** Counts as sent from now on, whatever becomes of it. */
  release(): void {
    this.#caller = null;
  }

  /** It is over. Returns the bytes, which it needs no more. */
  land(): Uint8Array {
    const bytes = this.#bytes;
    this.landed = true;
    this.#bytes = NOTHING;
    return bytes;
  }
}
