// Sends the ciphertext of an engine to the transport below, in order. Ciphertext of a call that was given up is sent too.

import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Transport } from "../seam/transport.ts";
import type { ByteQueue } from "./engine.ts";

/**
 * The largest size of one send. The transport encrypts 64 KiB of data at once, which makes four records. They are 88 bytes
 * longer than the data, so a limit of 64 KiB would cause a second send.
 */
const LARGEST_SEND = 65536 + 1024;

/** Spare buffers for later sends. A connection that sends nothing holds none. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const MOST_SPARE = 8;

const EMPTY = new Uint8Array(0);

/** The sending side of one connection. It is the transport's caller, and does not change a buffer before its send has ended. */
export class Outgoing implements Caller {
  turn = 0;
  readonly #transport: Transport;
  readonly #queue: ByteQueue;
  /** Set after a call of the engine, which may have put bytes into the queue. Asking the queue for each send is slow. */
  mayHaveOutput = true;
  #memory: Uint8Array<ArrayBuffer> | null = null;
  /** The part of the buffer that was not sent yet. */
  #rest: Uint8Array = EMPTY;
  /** Set by `abandon`. After that nothing is sent. */
  #abandoned = false;

  constructor(transport: Transport, queue: ByteQueue) {
    this.#transport = transport;
    this.#queue = queue;
  }

  /** Whether everything was sent. */
  get empty(): boolean {
    if (this.#abandoned) return true;
    if (this.#memory !== null) return false;
    if (this.mayHaveOutput && this.#queue.pending === 0) this.mayHaveOutput = false;
    return !this.mayHaveOutput;
  }

  /** The number of bytes that were not sent yet. */
  get size(): number {
    return this.#rest.length + this.#queue.pending;
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
    if (this.empty) return false;
    const memory = spare.pop() ?? new Uint8Array(LARGEST_SEND);
    const count = this.#queue.readInto(memory);
    this.mayHaveOutput = count === memory.length;
    this.#memory = memory;
    this.#rest = memory.subarray(0, count);
    return true;
  }

  #drop(): void {
    if (spare.length < MOST_SPARE) spare.push(this.#memory!);
    this.#memory = null;
    this.#rest = EMPTY;
  }

  /** Stops sending. The data of a send that is under way counts as sent. The other data is dropped. */
  abandon(): void {
    this.#abandoned = true;
    if (this.#memory === null) return;
    this.#transport.forget(this);
    this.turn++;
    this.#memory = null;
    this.#rest = EMPTY;
  }
}
