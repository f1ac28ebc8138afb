// Ciphertext on its way out: from an engine's queue to the transport behind it, in order, whatever becomes of the caller.

import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Transport } from "../seam/transport.ts";
import type { ByteQueue } from "./engine.ts";

/**
 * What one send of the transport is given at most: what 64 KiB of data become as four records, which is what the transport encrypts at
 * once. A piece of 64 KiB would leave a tail of 88 bytes for a second send.
 */
const PIECE = 65536 + 1024;

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
  /** Set whenever the engine has worked, which may have put something into the queue. Asking the queue each time is dear. */
  dirty = true;
  #memory: Uint8Array<ArrayBuffer> | null = null;
  /** What of the piece is not sent. */
  #rest: Uint8Array = EMPTY;
  /** Whether it was given up: then nothing goes out any more. */
  #abandoned = false;

  constructor(transport: Transport, queue: ByteQueue) {
    this.#transport = transport;
    this.#queue = queue;
  }

  /** Whether everything was handed to the transport. */
  get empty(): boolean {
    if (this.#abandoned) return true;
    if (this.#memory !== null) return false;
    if (this.dirty && this.#queue.pending === 0) this.dirty = false;
    return !this.dirty;
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
    if (this.empty) return false;
    const memory = spare.pop() ?? new Uint8Array(PIECE);
    const count = this.#queue.readInto(memory);
    this.dirty = count === memory.length;
    this.#memory = memory;
    this.#rest = memory.subarray(0, count);
    return true;
  }

  #drop(): void {
    if (spare.length < MOST_SPARE) spare.push(this.#memory!);
    this.#memory = null;
    this.#rest = EMPTY;
  }

  /** Gives up for good: what is under way counts as sent, the rest is dropped. The memory is not used again. */
  abandon(): void {
    this.#abandoned = true;
    if (this.#memory === null) return;
    this.#transport.forget(this);
    this.turn++;
    this.#memory = null;
    this.#rest = EMPTY;
  }
}
