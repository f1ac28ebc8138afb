// The receiving side of a Deno.Conn. It reads ahead while something waits for data.
//
// Deno's reads are promises that cannot be cancelled. A read starts when a waiter is registered, and reads into memory
// of this module. It stays parked when the wait ends. The data that it brings is for the next receive.
//
// A read asks for no more than one receive wants, so the kernel may hold more than was read. A receive that wants more
// than the buffer holds asks the kernel first: see `#mayHaveMore`.

import type { Bytes } from "../base/data.ts";
import { POLLERR, POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, WouldBlock } from "../seam/transport.ts";
import type { Waiters } from "../seam/waiters.ts";
import { connectionError } from "./errors.ts";
import type { PendingError } from "./errors.ts";
import { PendingReceives, ReadBuffer } from "./read_buffer.ts";
import { beginOperation, endOperation, eventLoopTurns, Reference } from "./event_loop.ts";

/** The size of the first read. It is small, so that an idle connection uses little memory. */
const SMALLEST_READ = 2048;
/** The size to which reads grow with the traffic. Deno's reads were fastest with it. */
const LARGEST_READ = 65536;
/** How many bytes are buffered at most, unless a receive needs more at once (MSG_WAITALL). */
const READ_AHEAD = 65536;

/** The state of reading. */
type State = "idle" | "reading" | "ended" | "closed";

/** The receiving side of a connection. */
export class Inflow {
  readonly #conn: Deno.Conn;
  readonly #waiters: Waiters;
  readonly #pendingError: PendingError;
  /** Whether a read under way keeps the process alive. */
  readonly reference: Reference;

  readonly #buffer = new ReadBuffer();
  readonly #receives = new PendingReceives();
  #state: State = "idle";
  /** The size of the next read. */
  #size = SMALLEST_READ;
  /** The size of the read under way. */
  #requested = 0;
  /** The number of the read under way. */
  #operation = 0;
  /**
   * Whether the kernel may hold data that was not read yet. This is so if the last read returned all bytes that it
   * asked for, if a receive left data, or if the read ended while nothing waited.
   */
  #mayHaveMore = false;
  /** The id of the latest pending receive for which the kernel was asked. */
  #asked = 0;
  #shut = false;

  constructor(conn: Deno.Conn, waiters: Waiters, pendingError: PendingError, referenced: boolean) {
    this.#conn = conn;
    this.#waiters = waiters;
    this.#pendingError = pendingError;
    this.reference = new Reference(conn as Deno.TcpConn, referenced);
  }

  /** Whether the peer has ended the stream. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  /** Whether a receive would not wait: the buffer has data, or no more data will arrive. */
  get ready(): boolean {
    return this.#buffer.length > 0 || this.over;
  }

  /** How many bytes can be received at once. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** Whether a read is under way. Deno cannot cancel it. */
  get reading(): boolean {
    return this.#state === "reading";
  }

  /** Whether no more data will come: the peer ended the stream, it was reset, or it was shut down here. */
  get over(): boolean {
    return this.#state === "ended" || this.#shut || this.#pendingError.reset;
  }

  // Receiving.

  /** Receives up to `size` bytes in new memory. Takes no bytes until at least `least` bytes have arrived. */
  recv(caller: Caller, size: number, least: number, peek: boolean): Bytes | WouldBlock {
    const available = this.#available(caller, size, least, peek);
    if (available === WOULD_BLOCK) return WOULD_BLOCK;
    const count = Math.min(size, available);
    const data = peek ? this.#buffer.peek(count) : this.#buffer.take(count);
    this.#received();
    return data;
  }

  /** Receives into a view. Takes no bytes until at least `least` bytes have arrived. */
  recvInto(caller: Caller, view: Uint8Array, least: number, peek: boolean): number | WouldBlock {
    const available = this.#available(caller, view.length, least, peek);
    if (available === WOULD_BLOCK) return WOULD_BLOCK;
    const count = Math.min(view.length, available);
    this.#buffer.copyInto(view, count);
    if (!peek) this.#buffer.drop(count);
    this.#received();
    return count;
  }

  /** Returns how many bytes can be received now; 0 at the end of the stream. */
  #available(caller: Caller, size: number, least: number, peek: boolean): number | WouldBlock {
    const buffered = this.#buffer.length;
    const partial = buffered < Math.min(size, READ_AHEAD) && (peek || this.#mayHaveMore);
    if (buffered >= least && (!partial || this.#wasAsked(caller))) return buffered;
    // The error of a failed send does not end the receiving side: the kernel may still hold data of the peer.
    const ended = this.#state === "ended" || this.#pendingError.reset;
    if (ended && buffered > 0) return buffered;
    if (this.#pendingError.error !== null && ended) throw this.#pendingError.take();
    // On TCP, data that arrives after SHUT_RD can still be received.
    if (ended || (this.#shut && this.#wasAsked(caller))) return buffered;
    const pending = this.#receives.note(caller, Math.max(size, 1), least);
    pending.seen = buffered;
    if (!pending.asking && (this.#shut || buffered >= least)) {
      pending.asking = true;
      // Also after a failure for lack of memory: the receive then takes what is there.
      const asked = () => this.#waiters.wake(POLLIN);
      this.#askKernel().then(asked, asked);
    }
    return WOULD_BLOCK;
  }

  /**
   * Whether the kernel was asked since the caller's call began. It also counts as asked if the call makes
   * another attempt while the kernel is being asked and no data has arrived, because that attempt may be its last one.
   */
  #wasAsked(caller: Caller): boolean {
    const pending = this.#receives.find(caller);
    return pending !== undefined &&
      (pending.id <= this.#asked || (pending.asking && pending.seen === this.#buffer.length));
  }

  /** Notes whether a receive left data. Reads on if a waiter stays registered, as epoll's do. */
  #received(): void {
    this.#mayHaveMore = this.#buffer.length > 0;
    this.#readOn();
  }

  /** Drops the pending receive of a caller. */
  forget(caller: Caller): void {
    this.#receives.drop(caller);
  }

  // Reading.

  /** Starts a read if something waits for data and no read is under way. */
  readAhead(): void {
    this.reference.parked = !this.#waiters.keepAlive(POLLIN);
    if (this.#state !== "idle" || this.#pendingError.reset) return;
    const buffered = this.#buffer.length;
    const least = this.#receives.least;
    if (buffered >= Math.max(READ_AHEAD, least)) return;
    // Asks for no more than the waiting receives want. The rest stays in the kernel.
    this.#requested = Math.min(this.#receives.largest, Math.max(this.#size, least - buffered));
    // Before the state changes, because the allocation may fail.
    const memory = this.#buffer.beginRead(this.#requested);
    this.#state = "reading";
    this.#operation = beginOperation();
    this.#conn.read(memory).then(this.#onRead, this.#onReadFailure);
  }

  readonly #onRead = (count: number | null): void => {
    endOperation(this.#operation);
    this.#buffer.endRead(count ?? 0);
    if (this.#state !== "closed") this.#state = count === null ? "ended" : "idle";
    const full = count === this.#requested;
    if (full && this.#size < LARGEST_READ) this.#size *= 2;
    this.#mayHaveMore = count !== null && (full || !this.#waiters.has(POLLIN));
    this.#waiters.wake(count === null ? POLLIN | POLLRDHUP : POLLIN);
    this.#readOn();
  };

  /**
   * Starts the next read if a waiter stays registered. A failure for lack of memory concerns the receive that asks for so
   * much, and not the one that has just ended. That receive fails when it watches again.
   */
  #readOn(): void {
    if (!this.#waiters.has(POLLIN | POLLRDHUP)) return;
    try {
      this.readAhead();
    } catch {
      // See above.
    }
  }

  readonly #onReadFailure = (error: unknown): void => {
    const failure = connectionError(this.#conn, error, "recv");
    if (failure === null) return this.#onRead(null);
    endOperation(this.#operation);
    this.#buffer.endRead(0);
    if (this.#state === "closed") return;
    this.#state = "idle";
    this.#pendingError.recordReset(failure);
    this.#waiters.wake(POLLIN | POLLOUT | POLLERR);
  };

  /** Reads what has arrived, up to the limit of the buffer. */
  async settle(): Promise<void> {
    await this.#askKernel();
    if (this.#state === "ended") await this.#pendingError.findReset?.();
  }

  /** Reads until the kernel has no more. Then all receives that were pending at its start count as asked for. */
  async #askKernel(): Promise<void> {
    const { latest } = this.#receives;
    for (;;) {
      this.readAhead();
      if (this.#state !== "reading") break;
      await eventLoopTurns(() => this.#state !== "reading");
      if (this.#state !== "reading") continue;
      this.park();
      break;
    }
    this.#asked = Math.max(this.#asked, latest);
  }

  /** Half-closes. Data that has arrived can still be received; after it the stream is at its end. */
  async shut(): Promise<void> {
    await this.settle();
    this.#shut = true;
    this.#waiters.wake(POLLIN | POLLRDHUP);
  }

  /** Called when a waiter was withdrawn. Parks a read under way that nothing waits for. */
  park(): void {
    if (this.#state === "reading" && !this.#waiters.keepAlive(POLLIN)) this.reference.parked = true;
  }

  /** Stops reading. A read under way fails when the connection is closed, and wakes no waiter. */
  close(): void {
    this.#state = "closed";
  }
}
