// Ciphertext on its way out: from an engine's queue to the transport behind it, in order, whatever becomes of the caller.

import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Transport } from "../seam/transport.ts";
import type { ByteQueue } from "./engine.ts";

/** What one send of the transport is given at most. */
const PIECE = 65536;

/** Pieces that wait for the next one to need them: a connection that sends nothing keeps none. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const MOST_SPARE = 8;

const EMPTY = new Uint8Array(0);

/** The way out of one connection. It is the transport's caller, and leaves a piece alone until its end is known. */
export class Outgoing implements Caller {
  turn = 0;
  readonly lends = true;
  readonly #transport: Transport;
  readonly #queue: ByteQueue;
  #memory: Uint8Array<ArrayBuffer> | null = null;
  /** What of the piece is not sent. */
  #rest: Uint8Array = EMPTY;

  constructor(transport: Transport, queue: ByteQueue) {
    this.#transport = transport;
    this.#queue = queue;
  }

  /** Whether everything was handed to the transport. */
  get empty(): boolean {
    return this.#memory === null && this.#queue.pending === 0;
  }

  /** Sends what the transport takes. Returns whether that was everything. */
  flush(): boolean {
    for (;;) {
      if (this.#memory === null && !this.#fill()) return true;
      while (this.#rest.length > 0) {
        const sent = this.#transport.send(this, this.#rest, 0);
        if (sent === WOULD_BLOCK) return false;
        this.turn++;
        this.#rest = this.#rest.subarray(sent);
      }
      this.#drop();
    }
  }

  #fill(): boolean {
    if (this.#queue.pending === 0) return false;
    const memory = spare.pop() ?? new Uint8Array(PIECE);
    this.#memory = memory;
    this.#rest = memory.subarray(0, this.#queue.readInto(memory));
    return true;
  }

  #drop(): void {
    if (spare.length < MOST_SPARE) spare.push(this.#memory!);
    this.#memory = null;
    this.#rest = EMPTY;
  }

  /** Gives up: what is under way counts as sent, the rest is dropped. The memory is not used again. */
  abandon(): void {
    if (this.#memory === null) return;
    this.#transport.forget(this);
    this.turn++;
    this.#memory = null;
    this.#rest = EMPTY;
  }
}
