// One connected stream over a Deno.Conn: what comes in, what goes out, and the state of both together.

import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { fromDeno, Trouble } from "./errors.ts";
import { Inflow } from "./inflow.ts";
import { Outflow } from "./outflow.ts";
import type { Waiters } from "../seam/waiters.ts";

const NOTHING = new Uint8Array(0);

/** A connected stream. */
export class Connection {
  /** The Deno connection, for its addresses and options. */
  readonly conn: Deno.Conn;
  readonly #trouble = new Trouble();
  /** What SO_ERROR tells of a reset that came after the stream's end: receives read the end all the same. */
  #late: Error | null = null;
  #resetLate = false;
  readonly #isTcp: boolean;
  /** The receiving side. */
  readonly inflow: Inflow;
  /** The sending side. */
  readonly outflow: Outflow;

  /** Takes over a connection; the waiters are the socket's, which may have some already. */
  constructor(conn: Deno.Conn, waiters: Waiters, referenced: boolean) {
    this.conn = conn;
    this.inflow = new Inflow(conn, waiters, this.#trouble, referenced);
    this.outflow = new Outflow(conn, waiters, this.#trouble);
    this.#isTcp = conn.localAddr.transport === "tcp";
    this.#trouble.ask = () => this.#askForReset();
  }

  /** A peer that closes with unread data ends its stream first, and then resets it: the kernel tells that to a write. */
  async #askForReset(): Promise<void> {
    if (!this.#isTcp || this.#resetLate || this.#trouble.failed || this.#trouble.reset) return;
    if (this.outflow.over || !this.outflow.ready) return;
    try {
      await this.conn.write(NOTHING);
    } catch (error) {
      this.#late = fromDeno(error, { syscall: "send" });
      this.#resetLate = true;
    }
  }

  /** The error of a late reset, unless a send has taken it since. */
  get #lateError(): Error | null {
    return this.#trouble.failed ? null : this.#late;
  }

  /** Whether nothing is left of the connection: it was reset, or both sides have ended it. */
  get gone(): boolean {
    return this.#trouble.reset || this.#resetLate || (this.inflow.ended && this.outflow.ended);
  }

  /** Takes the pending error, as reading SO_ERROR does. */
  takeError(): Error | null {
    const error = this.#trouble.take() ?? this.#lateError;
    this.#late = null;
    return error;
  }

  /** The level of every event, as poll(2) has it for a connected stream. */
  events(): number {
    const { inflow, outflow } = this;
    let events = 0;
    if (inflow.ready) events |= POLLIN;
    if (inflow.over) events |= POLLRDHUP;
    if (outflow.ready) events |= POLLOUT;
    if (this.#trouble.error !== null || this.#lateError !== null) events |= POLLERR;
    if (this.#trouble.reset || this.#resetLate || (inflow.over && outflow.over)) events |= POLLHUP;
    return events;
  }

  /** Brings the events up to date. Each side's own promise, since what the inflow knows holds for a moment only. */
  settle(mask: number): Promise<void> | undefined {
    const sending = (mask & POLLOUT) !== 0 ? this.outflow.settle() : undefined;
    if ((mask & ~POLLOUT) === 0) return sending;
    return sending === undefined ? this.inflow.settle() : sending.then(() => this.inflow.settle());
  }

  /** Closes behind what was sent. */
  close(): void {
    this.inflow.close();
    this.outflow.close();
  }
}
