// A send under way. Deno's writes are promises that cannot be cancelled, so each one works on a copy. Therefore the caller
// may give up, and reuse, transfer or resize its memory.

import type { Bytes } from "../base/data.ts";
import { copyOf } from "../base/pool.ts";
import type { Caller } from "../seam/transport.ts";

/** Copies up to this length come from the shared pool. The memory of longer copies is reused. */
const LARGEST_PIECE = 4096;
/** How many spare buffers are kept of each size. Sizes are powers of two. */
const MOST_SPARE = 8;

/** The spare buffers, by the logarithm of their size. */
const spare: ArrayBuffer[][] = Array.from({ length: 32 }, () => []);

/** Copies the first bytes of some data. */
function copy(data: Uint8Array, length: number): Bytes {
  if (length <= LARGEST_PIECE) return copyOf(data as Bytes, 0, length);
  const logarithm = 32 - Math.clz32(length - 1);
  const bytes = new Uint8Array(spare[logarithm].pop() ?? new ArrayBuffer(2 ** logarithm), 0, length);
  bytes.set(length === data.length ? data : data.subarray(0, length));
  return bytes;
}

const NOTHING: Bytes = new Uint8Array(0);

/** The copy of one send's data, and the outcome of the send. */
export class PendingSend {
  #caller: Caller | null;
  readonly #turn: number;
  #bytes: Bytes;
  /** How many bytes the kernel has taken. */
  sent = 0;
  /** The error, if it failed. */
  error: Error | null = null;
  /** Whether it is no longer under way. */
  ended = false;

  /** Copies the first bytes of a caller's data. Without a caller, no call takes the outcome. */
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

  /** Whether it belongs to the caller's current turn. */
  isOf(caller: Caller): boolean {
    return this.#caller === caller && this.#turn === caller.turn;
  }

  /** Whether the call that began it still waits for the outcome. */
  get awaited(): boolean {
    return this.#caller !== null && this.#caller.turn === this.#turn;
  }

  /** Counts as sent from now on, also if it fails later. */
  release(): void {
    this.#caller = null;
  }

  /** Ends it and keeps the memory of the copy for a later send. */
  end(): void {
    this.ended = true;
    const { length, buffer } = this.#bytes;
    this.#bytes = NOTHING;
    if (length <= LARGEST_PIECE) return;
    const kept = spare[31 - Math.clz32(buffer.byteLength)];
    if (kept.length < MOST_SPARE) kept.push(buffer);
  }
}
