// A send under way. Deno's writes are promises that cannot be cancelled, so each one works on a copy: its caller may give
// up, and reuse, transfer or resize its memory.

import { copyOf } from "../base/data.ts";
import type { Bytes } from "../base/data.ts";
import type { Caller } from "../seam/transport.ts";

/** Up to this length copies come out of the pool of small pieces; from there on their memory is used again. */
const LARGEST_PIECE = 4096;
/** Memory is kept for the next copy in sizes of powers of two, so many of each. */
const MOST_SPARE = 8;

/** Spare memory, by the logarithm of its size. */
const spare: ArrayBuffer[][] = Array.from({ length: 32 }, () => []);

/** A copy of the first bytes of some data. */
function copy(data: Uint8Array, length: number): Bytes {
  if (length <= LARGEST_PIECE) return copyOf(data as Bytes, 0, length);
  const logarithm = 32 - Math.clz32(length - 1);
  const bytes = new Uint8Array(spare[logarithm].pop() ?? new ArrayBuffer(2 ** logarithm), 0, length);
  bytes.set(length === data.length ? data : data.subarray(0, length));
  return bytes;
}

const NOTHING: Bytes = new Uint8Array(0);

/** What one send took of its caller's data, and what became of it. */
export class PendingSend {
  #caller: Caller | null;
  readonly #turn: number;
  #bytes: Bytes;
  /** How many bytes the kernel has taken. */
  sent = 0;
  /** Why it failed. */
  error: Error | null = null;
  /** Whether nothing of it is under way any more. */
  landed = false;

  /** Takes the first bytes of a caller's data. Without a caller no call asks for the outcome. */
  constructor(caller: Caller | null, data: Uint8Array, length: number) {
    this.#caller = caller;
    this.#turn = caller === null ? 0 : caller.turn;
    this.#bytes = copy(data, length);
  }

  /** How many bytes it is to send. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The bytes that are still to be sent. */
  get rest(): Bytes {
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

  /** It is over: the memory of the copy serves the next one. */
  land(): void {
    this.landed = true;
    const { length, buffer } = this.#bytes;
    this.#bytes = NOTHING;
    if (length <= LARGEST_PIECE) return;
    const kept = spare[31 - Math.clz32(buffer.byteLength)];
    if (kept.length < MOST_SPARE) kept.push(buffer);
  }
}
