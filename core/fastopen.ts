// MSG_FASTOPEN: a send that opens its connection. Its first data may be sent with the SYN.

import { MSG_FASTOPEN } from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Transport, WouldBlock } from "../seam/transport.ts";

/**
 * The attempts of one such send in blocking mode. As in the kernel, it waits until the connection is established and then
 * sends the data that was not sent with the SYN. All of it is one call of its lane, so no other send comes between.
 */
export class OpeningSend {
  readonly #transport: Transport;
  readonly #caller: Caller;
  readonly #data: Uint8Array;
  readonly #flags: number;
  readonly #begin: () => number | WouldBlock;
  /** How many bytes were sent with the SYN; undefined before the connection is opened. */
  #sent: number | undefined;
  #connected = false;

  /** `begin` makes the system call that opens the connection. */
  constructor(
    transport: Transport,
    caller: Caller,
    data: Uint8Array,
    flags: number,
    begin: () => number | WouldBlock,
  ) {
    this.#transport = transport;
    this.#caller = caller;
    this.#data = data;
    this.#flags = flags & ~MSG_FASTOPEN;
    this.#begin = begin;
  }

  /** Makes one attempt. */
  attempt(): number | WouldBlock {
    if (this.#sent === undefined) {
      const sent = this.#open();
      if (sent === WOULD_BLOCK) return WOULD_BLOCK;
      this.#sent = sent;
    }
    if (!this.#connected) {
      if (this.#transport.finishConnect() === WOULD_BLOCK) return WOULD_BLOCK;
      this.#connected = true;
    }
    if (this.#sent >= this.#data.length) return this.#sent;
    const more = this.#transport.send(this.#caller, this.#data.subarray(this.#sent), this.#flags);
    if (more !== WOULD_BLOCK) return this.#sent + more;
    return this.#sent === 0 ? WOULD_BLOCK : this.#sent;
  }

  /** The error of the call when SO_SNDTIMEO ends it. */
  error(): Error {
    return errorFor(this.#connected ? "EAGAIN" : "EINPROGRESS");
  }

  #open(): number | WouldBlock {
    try {
      return this.#begin();
    } catch (error) {
      if ((error as OSError).code !== "EINPROGRESS") throw error;
      return 0;
    }
  }
}
