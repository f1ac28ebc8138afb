// The sending side of a Deno.Conn: one write at a time, in the order of the calls.

import { errorFor } from "../base/errors.ts";
import { POLLERR, POLLOUT } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, WouldBlock } from "../seam/transport.ts";
import type { Waiters } from "../seam/waiters.ts";
import { connectionError } from "./errors.ts";
import type { PendingError } from "./errors.ts";
import { PendingSend } from "./pending_send.ts";
import { copyToSend, reuse } from "./send_memory.ts";
import { beginOperation, endOperation, eventLoopTurns } from "./event_loop.ts";

/** The largest size of one write. It limits the memory that a peer can use up by not reading. */
const LARGEST_WRITE = 262144;

/**
 * How long after close a peer may accept none of the data that was sent before, in milliseconds. The kernel has such a
 * limit as well.
 */
const LONGEST_LINGER = 60_000;

/** The sending side of a connection. */
export class Outflow {
  readonly #conn: Deno.Conn;
  readonly #waiters: Waiters;
  readonly #pendingError: PendingError;
  /** The send under way. */
  #pending: PendingSend | null = null;
  /** The number of its write. */
  #operation = 0;
  /** A send that has ended and whose caller has not taken the outcome yet. */
  #endedSend: PendingSend | null = null;
  #shut = false;
  #finSent = false;
  #closed = false;
  /** The timer that ends a closed connection whose data is not accepted. */
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(conn: Deno.Conn, waiters: Waiters, pendingError: PendingError) {
    this.#conn = conn;
    this.#waiters = waiters;
    this.#pendingError = pendingError;
  }

  /** Whether a send would not wait: none is under way, or TCP was shut down, which makes a send fail at once. */
  get ready(): boolean {
    return this.#pending === null || (this.#shut && this.#conn.localAddr.transport === "tcp");
  }

  /** Whether sending was shut down. */
  get over(): boolean {
    return this.#shut;
  }

  /** Whether the end of the stream was sent. */
  get ended(): boolean {
    return this.#finSent;
  }

  /** Sends what one write takes, or returns the outcome of the send of the caller's current turn. */
  send(caller: Caller, data: Uint8Array): number | WouldBlock {
    if (this.#endedSend !== null && this.#endedSend.isOf(caller)) return this.#outcome(this.#endedSend);
    const pending = this.#pending;
    if (pending !== null) {
      if (pending.isOf(caller)) return countAsSent(pending);
      // After SHUT_WR a send fails at once, even while another one is under way.
      if (!this.#shut) return WOULD_BLOCK;
    }
    // On a Unix socket the next receive reports the pending error.
    if (this.#pendingError.error !== null && this.#conn.localAddr.transport !== "unix") throw this.#pendingError.take();
    if (this.#shut || this.#pendingError.reset) throw errorFor("EPIPE", { syscall: "send" });
    if (data.length === 0) return 0;
    const copy = copyToSend(data, Math.min(data.length, LARGEST_WRITE));
    this.#write(this.#pending = new PendingSend(caller, copy));
    return WOULD_BLOCK;
  }

  #outcome(ended: PendingSend): number {
    this.#endedSend = null;
    if (ended.error !== null) throw ended.error;
    return ended.sent;
  }

  /** Whether the send of a caller's current turn is under way or has ended. */
  holds(caller: Caller): boolean {
    return this.#pending?.isOf(caller) || this.#endedSend?.isOf(caller) || false;
  }

  /** A caller gives up its send. A write that is under way continues. */
  forget(caller: Caller): void {
    if (this.#pending?.isOf(caller)) this.#pending.release();
    if (this.#endedSend?.isOf(caller)) this.#endedSend = null;
  }

  #write(pending: PendingSend): void {
    this.#operation = beginOperation();
    this.#conn.write(pending.rest).then(this.#onWritten, this.#onWriteFailure);
  }

  readonly #onWritten = (count: number): void => {
    endOperation(this.#operation);
    const pending = this.#pending!;
    pending.sent += count;
    // Data that counts as sent already has no caller any more, so the rest is written from here.
    if (!pending.awaited && pending.sent < pending.length) {
      if (this.#closed) this.#startLingerTimer();
      return this.#write(pending);
    }
    this.#endSend(pending);
    if (this.#closed || this.#shut) this.#finish();
    this.#waiters.wake(POLLOUT);
  };

  readonly #onWriteFailure = (failure: unknown): void => {
    endOperation(this.#operation);
    const pending = this.#pending!;
    pending.error = connectionError(this.#conn, failure, "send");
    this.#pendingError.writeFailed = true;
    if (!pending.awaited) this.#pendingError.error = pending.error;
    this.#endSend(pending);
    this.#finish();
    this.#waiters.wake(POLLOUT | POLLERR);
  };

  #endSend(pending: PendingSend): void {
    reuse(pending.end());
    this.#pending = null;
    this.#endedSend = pending.awaited ? pending : null;
  }

  /** Half-closes or closes, once the last write has ended. */
  #finish(): void {
    if (this.#pending !== null) return;
    if (this.#closed) this.#release();
    else if (this.#shut && !this.#finSent) {
      this.#finSent = true;
      // Fails if the peer has closed the connection already.
      this.#conn.closeWrite().catch(() => {});
    }
  }

  /** Waits for the write under way, as long as the event loop needs to learn its outcome. */
  settle(): Promise<void> | undefined {
    const pending = this.#pending;
    return pending === null ? undefined : eventLoopTurns(() => pending.ended);
  }

  /** Half-closes after the data that was sent. */
  shut(): void {
    if (this.#shut) return;
    this.#shut = true;
    this.#finish();
    this.#waiters.wake(POLLOUT);
  }

  /** Closes the connection after the data that was sent. */
  close(): void {
    this.#closed = true;
    // The call of such a send ends with EBADF, so the connection does not stay open for it.
    if (this.#pending !== null && !this.#pending.counted) return this.#release();
    this.#finish();
    if (this.#pending !== null) this.#startLingerTimer();
  }

  /** Starts the timer again. Without it, a peer that accepts no data would keep a descriptor open for ever. */
  #startLingerTimer(): void {
    if (this.#lingerTimer !== undefined) clearTimeout(this.#lingerTimer);
    this.#lingerTimer = setTimeout(() => this.#release(), LONGEST_LINGER);
    Deno.unrefTimer(this.#lingerTimer);
  }

  #release(): void {
    if (this.#lingerTimer !== undefined) clearTimeout(this.#lingerTimer);
    try {
      this.#conn.close();
    } catch {
      // Deno closed it already, after a failed write.
    }
  }
}

/**
 * Returns the outcome of a send that is still under way when its caller makes another attempt: its last one, or one after
 * another event. The send cannot be taken back, so it counts as sent, like bytes in the kernel's buffer.
 */
function countAsSent(pending: PendingSend): number {
  pending.count();
  return pending.length;
}
