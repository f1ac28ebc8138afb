// What goes out over a Deno.Conn, in the callers' order: one write at a time.

import { errorFor } from "../base/errors.ts";
import { POLLERR, POLLOUT } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, WouldBlock } from "../seam/transport.ts";
import type { Waiters } from "../seam/waiters.ts";
import { connectionError } from "./errors.ts";
import type { Trouble } from "./errors.ts";
import { PendingSend } from "./pending_send.ts";
import { SendMemory } from "./send_memory.ts";
import { turns } from "./event_loop.ts";

/** One write takes this much at most: the bound of the memory that a peer who stops reading can cost. */
const LARGEST_WRITE = 262144;

/** How long a peer may take none of what was sent before close, in milliseconds. The kernel gives up as well in the end. */
const LONGEST_LINGER = 60_000;

/** The sending side of a connection. */
export class Outflow {
  readonly #conn: Deno.Conn;
  readonly #waiters: Waiters;
  readonly #trouble: Trouble;
  readonly #memory = new SendMemory();
  /** The send under way. */
  #pending: PendingSend | null = null;
  /** A send that has ended, until its caller has the outcome. */
  #landed: PendingSend | null = null;
  #shut = false;
  #finSent = false;
  #closed = false;
  /** Until a closed connection is broken off. */
  #linger: ReturnType<typeof setTimeout> | undefined;

  constructor(conn: Deno.Conn, waiters: Waiters, trouble: Trouble) {
    this.#conn = conn;
    this.#waiters = waiters;
    this.#trouble = trouble;
  }

  /** Whether a send would not wait: nothing is under way, or TCP was shut down, which makes it fail at once. */
  get ready(): boolean {
    return this.#pending === null || (this.#shut && this.#conn.localAddr.transport === "tcp");
  }

  /** Whether it was shut down. */
  get over(): boolean {
    return this.#shut;
  }

  /** Whether the peer was told that no more will come. */
  get ended(): boolean {
    return this.#finSent;
  }

  /**
   * Sends what one write takes, or tells what became of the send of the caller's current turn. `mayBorrow` says whether
   * memory that the caller lends may be used: not where another socket may go on with the connection.
   */
  send(caller: Caller, data: Uint8Array, mayBorrow: boolean): number | WouldBlock {
    if (this.#landed !== null && this.#landed.isOf(caller)) return this.#outcome(this.#landed);
    const pending = this.#pending;
    if (pending !== null) {
      if (pending.isOf(caller)) {
        if (!pending.lent) return countAsSent(pending);
        if (!this.#shut) return WOULD_BLOCK;
        pending.release();
      }
      // After SHUT_WR there is nothing to wait for, whatever is still under way.
      if (!this.#shut) return WOULD_BLOCK;
    }
    // A Unix socket keeps the error for the next receive.
    if (this.#trouble.error !== null && this.#conn.localAddr.transport !== "unix") throw this.#trouble.take();
    if (this.#shut || this.#trouble.reset) throw errorFor("EPIPE", { syscall: "send" });
    if (data.length === 0) return 0;
    const lent = mayBorrow && caller.lends;
    const bytes = lent ? data : this.#memory.copy(data, Math.min(data.length, LARGEST_WRITE));
    this.#write(this.#pending = new PendingSend(caller, bytes, lent));
    return WOULD_BLOCK;
  }

  #outcome(landed: PendingSend): number {
    this.#landed = null;
    if (landed.error !== null) throw landed.error;
    return landed.sent;
  }

  /** Whether it has the send of a caller's current turn. */
  holds(caller: Caller): boolean {
    return this.#pending?.isOf(caller) || this.#landed?.isOf(caller) || false;
  }

  /** A caller gives up its send. What is under way is seen through. */
  forget(caller: Caller): void {
    if (this.#pending?.isOf(caller)) this.#pending.release();
    if (this.#landed?.isOf(caller)) this.#landed = null;
  }

  #write(pending: PendingSend): void {
    this.#conn.write(pending.rest).then(this.#onWritten, this.#onWriteFailure);
  }

  readonly #onWritten = (count: number): void => {
    const pending = this.#pending!;
    pending.sent += count;
    // No caller comes back for the rest of what counts as sent already. What was lent does not: no more of it is read.
    if (!pending.awaited && !pending.lent && pending.sent < pending.length) {
      if (this.#closed) this.#boundLinger();
      return this.#write(pending);
    }
    this.#land(pending);
    if (this.#closed || this.#shut) this.#finish();
    this.#waiters.wake(POLLOUT);
  };

  readonly #onWriteFailure = (failure: unknown): void => {
    const pending = this.#pending!;
    pending.error = connectionError(this.#conn, failure, "send");
    this.#trouble.failed = true;
    if (!pending.awaited) this.#trouble.error = pending.error;
    this.#land(pending);
    this.#finish();
    this.#waiters.wake(POLLOUT | POLLERR);
  };

  #land(pending: PendingSend): void {
    const bytes = pending.land();
    if (!pending.lent) this.#memory.giveBack(bytes);
    this.#pending = null;
    this.#landed = pending.awaited ? pending : null;
  }

  /** Does what had to wait for the last write. */
  #finish(): void {
    if (this.#pending !== null) return;
    if (this.#closed) this.#release();
    else if (this.#shut && !this.#finSent) {
      this.#finSent = true;
      // The peer may be gone already; then there is nothing to tell.
      this.#conn.closeWrite().catch(() => {});
    }
  }

  /** Lets what is under way land. */
  settle(): Promise<void> | undefined {
    const pending = this.#pending;
    return pending === null ? undefined : turns(() => pending.landed);
  }

  /** Half-closes, behind what was sent. */
  shut(): void {
    if (this.#shut) return;
    this.#shut = true;
    this.#finish();
    this.#waiters.wake(POLLOUT);
  }

  /** Closes the connection, behind what was sent. */
  close(): void {
    this.#closed = true;
    // Memory that was lent must not be read any more: its call is about to end with EBADF.
    if (this.#pending?.lent) return this.#release();
    this.#finish();
    if (this.#pending !== null) this.#boundLinger();
  }

  /** A peer that takes nothing more is not waited for without end: each one would cost a descriptor. */
  #boundLinger(): void {
    if (this.#linger !== undefined) clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#release(), LONGEST_LINGER);
    Deno.unrefTimer(this.#linger);
  }

  #release(): void {
    if (this.#linger !== undefined) clearTimeout(this.#linger);
    try {
      this.#conn.close();
    } catch {
      // Closed already, as after a failed write.
    }
  }
}

/**
 * The outcome of a send that is still under way when its caller comes back: at its last try, or for news of something
 * else. It cannot be taken back, so it counts as sent, like bytes in a kernel's buffer.
 */
function countAsSent(pending: PendingSend): number {
  pending.release();
  return pending.length;
}
