// MSG_FASTOPEN: a send that opens its connection, and whose first data may go with the SYN.

import { MSG_FASTOPEN } from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Transport, WouldBlock } from "../seam/transport.ts";

/**
 * The attempts of one such send where it may wait. As the kernel does for a blocking socket, it waits for the connection's
 * outcome and then sends what did not go with the SYN. All of it is one call of its lane, so no other send comes between.
 */
export class OpeningSend {
  readonly #transport: Transport;
  readonly #caller: Caller;
  readonly #data: Uint8Array;
  readonly #flags: number;
  readonly #begin: () => number | WouldBlock;
  /** What went with the SYN; undefined before it is on its way. */
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

  /** One attempt. */
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

  /** What the call ends with when the socket's own time limit is up. */
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
