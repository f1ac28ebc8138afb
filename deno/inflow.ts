// What comes in over a Deno.Conn: read ahead for whoever waits.
//
// Deno's reads are promises that cannot be cancelled. A read is started when somebody waits, into a buffer of its
// own; it stays parked when the waiting ends, and what it brings is handed to the next receive.

import type { Bytes } from "../base/data.ts";
import { copyOf } from "../base/pool.ts";
import { POLLERR, POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { WOULD_BLOCK } from "../transport.ts";
import type { WouldBlock } from "../transport.ts";
import { fromDeno } from "./errors.ts";
import { Reference } from "./reference.ts";
import type { Trouble } from "./trouble.ts";
import { turns } from "./turns.ts";
import type { Waiters } from "./waiters.ts";

/** A read's buffer starts small, so that an idle connection costs little … */
const SMALLEST_READ = 2048;
/** … and grows with the traffic up to the size at which Deno's reads were fastest. */
const LARGEST_READ = 65536;
/** What is read ahead for select and poll, who want to know what comes after the data: at most this much. */
const READ_AHEAD = 65536;
/** From here on a copy costs more than it saves. */
const LARGE = 16384;

const EMPTY = new Uint8Array(0);

/** The receiving side of a connection. */
export class Inflow {
  readonly #conn: Deno.Conn;
  readonly #waiters: Waiters;
  readonly #trouble: Trouble;
  /** Whether a read under way keeps the process alive. */
  readonly reference: Reference;

  #buffer: Bytes = EMPTY;
  /** Where the next read may go: memory of the receive that waits, which the read then has for its buffer … */
  #lent: Bytes | null = null;
  /** … until it is served. Its own buffer is put aside meanwhile. */
  #aside: Bytes | null = null;
  #start = 0;
  #end = 0;
  #size = SMALLEST_READ;
  /** What the waiting receive asked for: no more is read for it, so that the rest stays in the kernel. */
  #asked = Infinity;
  /** How much must be there before it is served (MSG_WAITALL). */
  #wanted = 1;
  #reading = false;
  /** Whether the buffer was brought up to date just now, so that a peek shows all there is … */
  #fresh = false;
  /** … and the reading for a peek, while it goes on. */
  #refreshing: Promise<void> | null = null;
  /** Where the read under way may end in the buffer. */
  #reach = 0;
  #eof = false;
  #shut = false;
  #closed = false;

  constructor(conn: Deno.Conn, waiters: Waiters, trouble: Trouble, referenced: boolean) {
    this.#conn = conn;
    this.#waiters = waiters;
    this.#trouble = trouble;
    this.reference = new Reference(conn as Deno.TcpConn, referenced);
  }

  /** Whether the peer has ended the stream. */
  get ended(): boolean {
    return this.#eof;
  }

  /** Whether there is something to receive: data, or the news that there will be none. */
  get ready(): boolean {
    return this.#end > this.#start || this.over;
  }

  /** Whether no more will come: the peer has ended the stream, it was reset, or shut down here. */
  get over(): boolean {
    return this.#eof || this.#shut || this.#trouble.reset;
  }

  /** How many bytes may be had now; 0 at the end of the stream. `wanted` must be there unless it ended. */
  #available(size: number, wanted: number, peek: boolean): number | WouldBlock {
    const buffered = this.#end - this.#start;
    if (buffered >= wanted && (buffered >= size || !peek || this.#upToDate())) return buffered;
    // A send that failed unseen does not end what comes in: the peer's last words may be in the kernel still.
    const ended = this.#eof || this.#trouble.reset;
    if ((ended || this.#shut) && buffered > 0) return buffered;
    if (this.#trouble.error !== null && ended) throw this.#trouble.take();
    // TCP hands over what comes after SHUT_RD too.
    if (ended || (this.#shut && this.#upToDate())) return 0;
    this.#asked = Math.max(size, 1);
    this.#wanted = wanted;
    this.#lent = null;
    return WOULD_BLOCK;
  }

  /** Whether a peek sees all that the kernel has; if not, it is read and the waiters are woken. */
  #upToDate(): boolean {
    if (this.#fresh || this.#eof || this.#trouble.reset) {
      // What still goes on was for this peek; the next one has to look from then on.
      this.#refreshing = null;
      return true;
    }
    const refreshing = this.#refreshing ??= this.#refresh().then(() => {
      if (this.#refreshing !== refreshing) return;
      this.#refreshing = null;
      this.#fresh = true;
      this.#waiters.wake(POLLIN);
      this.#fresh = false;
    });
    return false;
  }

  /** Bookkeeping of a receive that took up to `end`. */
  #take(end: number): void {
    this.#start = end;
    this.#asked = Infinity;
    this.#wanted = 1;
    this.#goOn();
  }

  /** Reads on where somebody waits whom no single receive satisfies: an epoll wants every news. */
  #goOn(): void {
    if (this.#waiters.wait(POLLIN | POLLRDHUP)) this.readAhead();
  }

  /** Up to `size` bytes in memory of their own; `wanted` is how many must be there before any are taken. */
  recv(size: number, wanted: number, peek: boolean): Bytes | WouldBlock {
    const available = this.#available(size, wanted, peek);
    if (available === WOULD_BLOCK) return WOULD_BLOCK;
    const end = this.#start + Math.min(size, available);
    if (!peek && end === this.#end && this.#isWorthGiving(end - this.#start)) return this.#handOver();
    // A copy: nothing that the caller does with its memory (transfer it, keep it) touches the next read's.
    const data = copyOf(this.#buffer, this.#start, end);
    if (!peek) this.#take(end);
    return data;
  }

  /**
   * Whether the buffer is better given away than copied from. Where it is not filled by more than half, the next one would
   * cost more than the copy, and whoever keeps the data would keep twice the memory. Not with a read under way, which
   * writes into the same buffer, and not what is a caller's memory.
   */
  #isWorthGiving(length: number): boolean {
    return length >= LARGE && 2 * length > this.#buffer.length && !this.#reading && this.#aside === null;
  }

  /** Gives a well-filled buffer away whole: cheaper than a copy from 16 KiB up, and its memory is nobody else's. */
  #handOver(): Bytes {
    const data = this.#buffer.subarray(this.#start, this.#end);
    this.#buffer = EMPTY;
    this.#end = 0;
    this.#take(0);
    return data;
  }

  /** The same into a view. */
  recvInto(view: Uint8Array, wanted: number, peek: boolean): number | WouldBlock {
    const available = this.#available(view.length, wanted, peek);
    if (available === WOULD_BLOCK) return WOULD_BLOCK;
    const count = Math.min(view.length, available);
    view.set(this.#buffer.subarray(this.#start, this.#start + count));
    if (!peek) this.#take(this.#start + count);
    return count;
  }

  /**
   * The same for a caller who leaves the view alone and does not give up: it is read into directly, which takes an
   * eighth off the CPU time of receives of 64 KiB. Only detach, or closing one of several duplicates, ends such a call
   * before its read; then what comes is moved to memory of our own, and is the next receive's.
   */
  recvIntoHeld(view: Uint8Array): number | WouldBlock {
    // Deno reads into no shared memory.
    if (view.length < LARGE || !(view.buffer instanceof ArrayBuffer)) return this.recvInto(view, 1, false);
    if (this.#buffer === view && !this.#reading && this.#start === 0 && this.#end > 0) {
      const count = this.#end;
      this.#end = 0;
      this.#giveBack();
      this.#take(0);
      return count;
    }
    const count = this.recvInto(view, 1, false);
    if (count === WOULD_BLOCK) this.#lent = view as Bytes;
    return count;
  }

  /** Goes back to a buffer of our own, with what is left in the caller's memory. */
  #giveBack(): void {
    if (this.#aside === null) return;
    if (this.#buffer.buffer.detached) this.#start = this.#end = 0;
    this.#buffer = this.#end > this.#start ? this.#buffer.slice(this.#start, this.#end) : this.#aside;
    this.#end -= this.#start;
    this.#start = 0;
    this.#aside = null;
  }

  /** Starts a read if one is wanted and none is under way. */
  readAhead(): void {
    const lent = this.#lent;
    this.#lent = null;
    this.reference.parked = !this.#waiters.hold(POLLIN);
    if (this.#reading || this.#eof || this.#trouble.reset || this.#closed) return;
    const buffered = this.#end - this.#start;
    if (buffered >= Math.max(READ_AHEAD, this.#wanted)) return;
    this.#giveBack();
    let room = Math.min(this.#asked, Math.max(this.#size, this.#wanted - buffered));
    if (lent !== null && buffered === 0) {
      this.#aside = this.#buffer;
      this.#buffer = lent;
      this.#start = this.#end = 0;
      room = lent.length;
    } else this.#makeRoom(buffered, room);
    this.#reading = true;
    this.#reach = this.#end + room;
    const whole = this.#end === 0 && this.#reach === this.#buffer.length;
    const target = whole ? this.#buffer : this.#buffer.subarray(this.#end, this.#reach);
    this.#conn.read(target).then(this.#onRead, this.#onReadFailure);
  }

  /** Sees to `room` free bytes behind what is buffered. */
  #makeRoom(buffered: number, room: number): void {
    if (buffered === 0) this.#start = this.#end = 0;
    if (this.#buffer.length - this.#end >= room) return;
    const old = this.#buffer.subarray(this.#start, this.#end);
    if (this.#buffer.length < buffered + room) this.#buffer = new Uint8Array(buffered + Math.max(room, this.#size));
    this.#buffer.set(old);
    this.#start = 0;
    this.#end = buffered;
  }

  readonly #onRead = (count: number | null): void => {
    this.#reading = false;
    if (count === null) this.#eof = true;
    else {
      this.#end += count;
      if (this.#end === this.#reach && this.#size < LARGEST_READ) this.#size *= 2;
      // A caller whose call had been ended has transferred its memory away, and what came with it.
      if (this.#aside !== null && this.#buffer.buffer.detached) this.#giveBack();
    }
    this.#waiters.wake(this.#eof ? POLLIN | POLLRDHUP : POLLIN);
    if (!this.#reading) this.#giveBack();
    this.#goOn();
  };

  readonly #onReadFailure = (error: unknown): void => {
    this.#reading = false;
    if (this.#closed) return;
    this.#trouble.strike(fromDeno(error, { syscall: "recv" }));
    this.#waiters.wake(POLLIN | POLLOUT | POLLERR);
  };

  /** Brings what is known up to date: reads what has come, up to the bound. */
  async settle(): Promise<void> {
    // A peek that has just begun to ask knows when it has its answer.
    await (this.#refreshing ?? this.#refresh());
    if (this.#eof) await this.#trouble.ask?.();
    // True for whoever awaits this, in the next microtask, and not for those who come after.
    this.#fresh = true;
    queueMicrotask(() => queueMicrotask(this.#age));
  }

  readonly #age = (): void => {
    this.#fresh = false;
  };

  async #refresh(): Promise<void> {
    for (;;) {
      this.readAhead();
      if (!this.#reading) return;
      await turns(() => !this.#reading);
      if (this.#reading) return this.park();
    }
  }

  /** Half-closes: what has come can still be had, then the stream is at its end. */
  async shut(): Promise<void> {
    await this.settle();
    this.#shut = true;
    this.#waiters.wake(POLLIN | POLLRDHUP);
  }

  /** Somebody stopped waiting: a read under way that nobody waits for is parked. */
  park(): void {
    if (this.#reading && !this.#waiters.hold(POLLIN)) this.reference.parked = true;
  }

  /** Reads no more; a read under way fails with the connection's closing, and nobody is told. */
  close(): void {
    this.#closed = true;
  }
}
