// What comes in over a Deno.Conn, read ahead while something waits for it.
//
// Deno's reads are promises that cannot be cancelled. A read is started when a waiter is registered, into memory of our
// own. It stays parked when the waiting ends, and what it brings is the next receive's.
//
// Reads bring what one receive asked for, so what was read may be less than what the kernel holds. A receive that takes
// more than is buffered asks the kernel first, where there may be more: see `#mayHaveMore`.

import type { Bytes } from "../base/data.ts";
import { POLLERR, POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, WouldBlock } from "../seam/transport.ts";
import type { Waiters } from "../seam/waiters.ts";
import { connectionError } from "./errors.ts";
import type { Trouble } from "./errors.ts";
import { ReadBuffer, Wants } from "./read_buffer.ts";
import { Reference, turns } from "./event_loop.ts";

/** A read's size starts small, so that an idle connection costs little … */
const SMALLEST_READ = 2048;
/** … and grows with the traffic up to the size at which Deno's reads were fastest. */
const LARGEST_READ = 65536;
/** How much is buffered at most, beyond what a receive must have at once. */
const READ_AHEAD = 65536;

/** Where the reading stands. */
type State = "idle" | "reading" | "ended" | "closed";

/** The receiving side of a connection. */
export class Inflow {
  readonly #conn: Deno.Conn;
  readonly #waiters: Waiters;
  readonly #trouble: Trouble;
  /** Whether a read under way keeps the process alive. */
  readonly reference: Reference;

  readonly #buffer = new ReadBuffer();
  readonly #wants = new Wants();
  #state: State = "idle";
  /** How much one read asks for. */
  #size = SMALLEST_READ;
  /** How much the read under way asked for. */
  #room = 0;
  /** Whether the kernel may hold more than what is buffered: a read was filled, or data was left by a receive or came late. */
  #mayHaveMore = false;
  /** The latest want for which the kernel has been asked. */
  #asked = 0;
  #shut = false;

  constructor(conn: Deno.Conn, waiters: Waiters, trouble: Trouble, referenced: boolean) {
    this.#conn = conn;
    this.#waiters = waiters;
    this.#trouble = trouble;
    this.reference = new Reference(conn as Deno.TcpConn, referenced);
  }

  /** Whether the peer has ended the stream. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  /** Whether there is something to receive: data, or the news that there will be none. */
  get ready(): boolean {
    return this.#buffer.length > 0 || this.over;
  }

  /** How many bytes can be received at once. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** Whether a read is under way: Deno cannot take it back. */
  get reading(): boolean {
    return this.#state === "reading";
  }

  /** Whether no more will come: the peer has ended the stream, it was reset, or shut down here. */
  get over(): boolean {
    return this.#state === "ended" || this.#shut || this.#trouble.reset;
  }

  // Receiving.

  /** Up to `size` bytes in memory of their own; `least` is how many must be there before any are taken. */
  recv(caller: Caller, size: number, least: number, peek: boolean): Bytes | WouldBlock {
    const available = this.#available(caller, size, least, peek);
    if (available === WOULD_BLOCK) return WOULD_BLOCK;
    const count = Math.min(size, available);
    const data = peek ? this.#buffer.peek(count) : this.#buffer.take(count);
    this.#received();
    return data;
  }

  /** The same into a view. */
  recvInto(caller: Caller, view: Uint8Array, least: number, peek: boolean): number | WouldBlock {
    const available = this.#available(caller, view.length, least, peek);
    if (available === WOULD_BLOCK) return WOULD_BLOCK;
    const count = Math.min(view.length, available);
    this.#buffer.copyInto(view, count);
    if (!peek) this.#buffer.drop(count);
    this.#received();
    return count;
  }

  /** How many bytes may be had now; 0 at the end of the stream. */
  #available(caller: Caller, size: number, least: number, peek: boolean): number | WouldBlock {
    const buffered = this.#buffer.length;
    const partial = buffered < Math.min(size, READ_AHEAD) && (peek || this.#mayHaveMore);
    if (buffered >= least && (!partial || this.#wasAsked(caller))) return buffered;
    // A send that failed unseen does not end what comes in: the peer's last words may be in the kernel still.
    const ended = this.#state === "ended" || this.#trouble.reset;
    if (ended && buffered > 0) return buffered;
    if (this.#trouble.error !== null && ended) throw this.#trouble.take();
    // TCP hands over what comes after SHUT_RD too.
    if (ended || (this.#shut && this.#wasAsked(caller))) return buffered;
    const want = this.#wants.note(caller, Math.max(size, 1), least);
    want.seen = buffered;
    if (!want.asking && (this.#shut || buffered >= least)) {
      want.asking = true;
      this.#askKernel().then(() => this.#waiters.wake(POLLIN));
    }
    return WOULD_BLOCK;
  }

  /**
   * Whether the kernel was asked since a caller's call began. Where that takes so long that the call is tried again and
   * nothing has come, it counts as asked: it may be the call's last try.
   */
  #wasAsked(caller: Caller): boolean {
    const want = this.#wants.find(caller);
    return want !== undefined && (want.number <= this.#asked || (want.asking && want.seen === this.#buffer.length));
  }

  /** Notes what a receive leaves behind, and reads on where a waiter wants every news, as epoll's does. */
  #received(): void {
    this.#mayHaveMore = this.#buffer.length > 0;
    if (this.#waiters.wait(POLLIN | POLLRDHUP)) this.readAhead();
  }

  /** Drops what a caller asks for. */
  forget(caller: Caller): void {
    this.#wants.drop(caller);
  }

  // Reading.

  /** Starts a read if one is wanted and none is under way. */
  readAhead(): void {
    this.reference.parked = !this.#waiters.hold(POLLIN);
    if (this.#state !== "idle" || this.#trouble.reset) return;
    const buffered = this.#buffer.length;
    const least = this.#wants.least;
    if (buffered >= Math.max(READ_AHEAD, least)) return;
    // No more than the waiting receives ask for: the rest stays in the kernel.
    this.#room = Math.min(this.#wants.largest, Math.max(this.#size, least - buffered));
    this.#state = "reading";
    this.#conn.read(this.#buffer.beginRead(this.#room)).then(this.#onRead, this.#onReadFailure);
  }

  readonly #onRead = (count: number | null): void => {
    this.#buffer.endRead(count ?? 0);
    if (this.#state !== "closed") this.#state = count === null ? "ended" : "idle";
    const full = count === this.#room;
    if (full && this.#size < LARGEST_READ) this.#size *= 2;
    this.#mayHaveMore = count !== null && (full || !this.#waiters.wait(POLLIN));
    this.#waiters.wake(count === null ? POLLIN | POLLRDHUP : POLLIN);
    if (this.#waiters.wait(POLLIN | POLLRDHUP)) this.readAhead();
  };

  readonly #onReadFailure = (error: unknown): void => {
    const failure = connectionError(this.#conn, error, "recv");
    if (failure === null) return this.#onRead(null);
    this.#buffer.endRead(0);
    if (this.#state === "closed") return;
    this.#state = "idle";
    this.#trouble.strike(failure);
    this.#waiters.wake(POLLIN | POLLOUT | POLLERR);
  };

  /** Brings what is known up to date: reads what has come, up to the bound. */
  async settle(): Promise<void> {
    await this.#askKernel();
    if (this.#state === "ended") await this.#trouble.ask?.();
  }

  /** Reads until the kernel has no more, and answers all wants that are there when it begins. */
  async #askKernel(): Promise<void> {
    const { latest } = this.#wants;
    for (;;) {
      this.readAhead();
      if (this.#state !== "reading") break;
      await turns(() => this.#state !== "reading");
      if (this.#state !== "reading") continue;
      this.park();
      break;
    }
    this.#asked = Math.max(this.#asked, latest);
  }

  /** Half-closes: what has come can still be had, then the stream is at its end. */
  async shut(): Promise<void> {
    await this.settle();
    this.#shut = true;
    this.#waiters.wake(POLLIN | POLLRDHUP);
  }

  /** A waiter left: a read under way that nothing waits for is parked. */
  park(): void {
    if (this.#state === "reading" && !this.#waiters.hold(POLLIN)) this.reference.parked = true;
  }

  /** Reads no more. A read under way fails with the connection's closing, and no waiter is told. */
  close(): void {
    this.#state = "closed";
  }
}
