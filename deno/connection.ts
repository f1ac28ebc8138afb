// One connected stream over a Deno.Conn: its receiving side, its sending side, and the state that both share.

import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { fromDeno, PendingError } from "./errors.ts";
import { Inflow } from "./inflow.ts";
import { Outflow } from "./outflow.ts";
import type { Waiters } from "../seam/waiters.ts";

const NOTHING = new Uint8Array(0);

/** A connected stream. */
export class Connection {
  /** The Deno connection, for its addresses and options. */
  readonly conn: Deno.Conn;
  readonly #pendingError = new PendingError();
  /** The error of a reset that came after the end of the stream, for SO_ERROR. Receives return the end all the same. */
  #late: Error | null = null;
  #resetLate = false;
  readonly #isTcp: boolean;
  /** The receiving side. */
  readonly inflow: Inflow;
  /** The sending side. */
  readonly outflow: Outflow;

  /** Takes over a connection. The waiters are the socket's; some may be registered already. */
  constructor(conn: Deno.Conn, waiters: Waiters, referenced: boolean) {
    this.conn = conn;
    this.inflow = new Inflow(conn, waiters, this.#pendingError, referenced);
    this.outflow = new Outflow(conn, waiters, this.#pendingError);
    this.#isTcp = conn.localAddr.transport === "tcp";
    this.#pendingError.findReset = () => this.#findReset();
  }

  /**
   * Finds out whether the connection was reset after the end of the stream. That happens when a peer closes with unread
   * data. The kernel reports it to a write, and not to a read.
   */
  async #findReset(): Promise<void> {
    if (!this.#isTcp || this.#resetLate || this.#pendingError.writeFailed || this.#pendingError.reset) return;
    if (this.outflow.over || !this.outflow.ready) return;
    try {
      await this.conn.write(NOTHING);
    } catch (error) {
      this.#late = fromDeno(error, { syscall: "send" });
      this.#resetLate = true;
    }
  }

  /** The error of a reset that arrived after the end of the stream, unless a send has reported it since. */
  get #lateError(): Error | null {
    return this.#pendingError.writeFailed ? null : this.#late;
  }

  /** Whether nothing is left of the connection: it was reset, or both sides have ended it. */
  get gone(): boolean {
    return this.#pendingError.reset || this.#resetLate || (this.inflow.ended && this.outflow.ended);
  }

  /** Takes the pending error, as reading SO_ERROR does. */
  takeError(): Error | null {
    const error = this.#pendingError.take() ?? this.#lateError;
    this.#late = null;
    return error;
  }

  /** Returns the events that hold now, as poll(2) does for a connected stream. */
  events(): number {
    const { inflow, outflow } = this;
    let events = 0;
    if (inflow.ready) events |= POLLIN;
    if (inflow.over) events |= POLLRDHUP;
    if (outflow.ready) events |= POLLOUT;
    if (this.#pendingError.error !== null || this.#lateError !== null) events |= POLLERR;
    if (this.#pendingError.reset || this.#resetLate || (inflow.over && outflow.over)) events |= POLLHUP;
    return events;
  }

  /** Brings the events up to date. The receiving side comes last, because its events may soon be out of date. */
  settle(mask: number): Promise<void> | undefined {
    const sending = (mask & POLLOUT) !== 0 ? this.outflow.settle() : undefined;
    if ((mask & ~POLLOUT) === 0) return sending;
    return sending === undefined ? this.inflow.settle() : sending.then(() => this.inflow.settle());
  }

  /** Closes after the data that was sent. */
  close(): void {
    this.inflow.close();
    this.outflow.close();
  }
}
