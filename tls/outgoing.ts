// Sends the ciphertext of an engine. It goes to the transport below in order, also after its call was given up.

import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Transport } from "../seam/transport.ts";
import type { ByteQueue } from "./engine.ts";

/** The largest size of one send. */
const PIECE = 65536;

/** Spare buffers for later sends. A connection that sends nothing holds none. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const MOST_SPARE = 8;

const EMPTY = new Uint8Array(0);

/** The sending side of one connection. It is the transport's caller, and does not change a buffer before its send has ended. */
export class Outgoing implements Caller {
  turn = 0;
  readonly lends = true;
  readonly #transport: Transport;
  readonly #queue: ByteQueue;
  #memory: Uint8Array<ArrayBuffer> | null = null;
  /** The part of the buffer that was not sent yet. */
  #rest: Uint8Array = EMPTY;

  constructor(transport: Transport, queue: ByteQueue) {
    this.#transport = transport;
    this.#queue = queue;
  }

  /** Whether everything was sent. */
  get empty(): boolean {
    return this.#memory === null && this.#queue.pending === 0;
  }

  /** Sends as much as the transport takes. Returns whether that was everything. */
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

  /** Gives up. Data under way counts as sent, and the rest is dropped. The buffer is not used again. */
  abandon(): void {
    if (this.#memory === null) return;
    this.#transport.forget(this);
    this.turn++;
    this.#memory = null;
    this.#rest = EMPTY;
  }
}
