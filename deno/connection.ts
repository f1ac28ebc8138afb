// One connected stream over a Deno.Conn: reads ahead for whoever waits, and sends in the caller's order.
//
// Deno's reads and writes are promises that cannot be cancelled. A read is started when somebody waits,
// into a buffer of the connection's own; it stays parked when the waiting ends, and what it brings is
// handed to the next receive. A write is started on a copy, so that the caller may give up or reuse its data.

import { errorFor } from "../base/errors.ts";
import type { Bytes } from "../base/data.ts";
import { copyOf } from "../base/pool.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { WOULD_BLOCK } from "../transport.ts";
import type { WouldBlock } from "../transport.ts";
import { fromDeno } from "./errors.ts";
import { Reference } from "./reference.ts";
import { turns } from "./turns.ts";
import { Waiters } from "./waiters.ts";

/** A read's buffer starts small, so that an idle connection costs little … */
const SMALLEST_READ = 2048;
/** … and grows with the traffic up to the size at which Deno's reads were fastest. */
const LARGEST_READ = 65536;
/** What is read ahead for select and poll, who want to know what comes after the data: at most this much. */
const READ_AHEAD = 65536;
/** One write takes this much at most: the bound of the memory that a peer who stops reading can cost. */
const LARGEST_WRITE = 262144;

/** From here on a copy costs more than it saves. */
const LARGE = 16384;

const EMPTY = new Uint8Array(0);

/** One write: what the caller passed, and how far its copy has come. There is one at a time, used again. */
class Flight {
  /** The caller's own object, by which it is known when it comes back for the outcome. Null: it has it. */
  data: Uint8Array | null = null;
  /** The copy's memory, grown to what was sent at once. */
  copy: Bytes = EMPTY;
  /** What is sent: from the copy, or the caller's own bytes where it leaves them alone until it has the outcome. */
  bytes: Uint8Array = EMPTY;
  sent = 0;
  /** Whether nothing is under way. */
  landed = true;
  error: Error | null = null;
}

/** A connected stream. */
export class Connection {
  readonly #conn: Deno.Conn;
  readonly #waiters: Waiters;

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
  #readClosed = false;

  readonly #flight = new Flight();
  #writeClosed = false;
  #finSent = false;

  #error: Error | null = null;
  #reset = false;
  #closed = false;
  /** Whether a read under way keeps the process alive. */
  readonly reference: Reference;

  /** Takes over a connection; the waiters are the socket's, which may have some already. */
  constructor(conn: Deno.Conn, waiters: Waiters, referenced: boolean) {
    this.#conn = conn;
    this.#waiters = waiters;
    this.reference = new Reference(conn as Deno.TcpConn, referenced);
  }

  /** The Deno connection, for its addresses and options. */
  get conn(): Deno.Conn {
    return this.#conn;
  }

  /** Whether nothing is left of the connection: it was reset, or both sides have ended it. */
  get gone(): boolean {
    return this.#reset || (this.#eof && this.#finSent);
  }

  /** Takes the pending error, as reading SO_ERROR does. */
  takeError(): Error | null {
    const error = this.#error;
    this.#error = null;
    return error;
  }

  // Receiving.

  /** How many bytes may be had now; 0 at the end of the stream. `wanted` must be there unless it ended. */
  #available(size: number, wanted: number, peek: boolean): number | WouldBlock {
    const buffered = this.#end - this.#start;
    if (buffered >= wanted && (buffered >= size || !peek || this.#upToDate())) return buffered;
    const ended = this.#eof || this.#error !== null || this.#reset;
    if ((ended || this.#readClosed) && buffered > 0) return buffered;
    if (this.#error !== null) throw this.takeError();
    // TCP hands over what comes after SHUT_RD too.
    if (ended || (this.#readClosed && this.#upToDate())) return 0;
    this.#asked = Math.max(size, 1);
    this.#wanted = wanted;
    this.#lent = null;
    return WOULD_BLOCK;
  }

  /** Whether a peek sees all that the kernel has; if not, it is read and the waiters are woken. */
  #upToDate(): boolean {
    if (this.#fresh || this.#eof || this.#error !== null || this.#reset) {
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
    // Not with a read under way, which writes into the same buffer, and not what is a caller's memory.
    const ours = !this.#reading && this.#aside === null;
    if (!peek && ours && end === this.#end && end - this.#start >= LARGE) return this.#handOver();
    // A copy: nothing that the caller does with its memory (transfer it, keep it) touches the next read's.
    const data = copyOf(this.#buffer, this.#start, end);
    if (!peek) this.#take(end);
    return data;
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
    if (this.#reading || this.#eof || this.#error !== null || this.#reset || this.#closed) return;
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
    }
    this.#waiters.wake(this.#eof ? POLLIN | POLLRDHUP : POLLIN);
    if (!this.#reading) this.#giveBack();
    this.#goOn();
  };

  readonly #onReadFailure = (error: unknown): void => {
    this.#reading = false;
    if (this.#closed) return;
    this.#error = fromDeno(error, { syscall: "recv" });
    this.#reset = true;
    this.#waiters.wake(POLLIN | POLLOUT | POLLERR);
  };

  // Sending.

  /** Sends what one write takes. See transport.ts: the same object again asks for the outcome. */
  send(data: Uint8Array): number | WouldBlock {
    const flight = this.#flight;
    const known = this.#progress(flight, data);
    if (known !== null) return known;
    const length = Math.min(data.length, LARGEST_WRITE);
    // The copy's memory is used again and again: 30 ns for 64 bytes, where a new one costs 290.
    if (flight.copy.length < length) flight.copy = new Uint8Array(length);
    flight.copy.set(length === data.length ? data : data.subarray(0, length));
    this.#launch(flight, data, flight.copy.subarray(0, length));
    return WOULD_BLOCK;
  }

  /** The same for a caller who changes nothing of the data and does not give up: no copy is needed then. */
  sendHeld(data: Uint8Array): number | WouldBlock {
    // Of little data a copy is cheaper than it looks, and leaves the caller's memory alone.
    if (data.length < LARGE) return this.send(data);
    const flight = this.#flight;
    const known = this.#progress(flight, data);
    if (known !== null) return known;
    this.#launch(flight, data, data);
    return WOULD_BLOCK;
  }

  /** What can be said without a new write, null where one is to be started. */
  #progress(flight: Flight, data: Uint8Array): number | WouldBlock | null {
    if (flight.data === data) return this.#outcome(flight);
    if (!flight.landed) return WOULD_BLOCK;
    // A Unix socket keeps the error for the next receive.
    if (this.#error !== null && this.#conn.localAddr.transport !== "unix") throw this.takeError();
    if (this.#writeClosed || this.#reset) throw errorFor("EPIPE", { syscall: "send" });
    return data.length === 0 ? 0 : null;
  }

  /**
   * The caller has come back. A write that landed tells what the kernel took of it. One that is still under
   * way cannot be taken back: it counts as sent, like bytes in a kernel's buffer, and is seen through.
   */
  #outcome(flight: Flight): number | WouldBlock {
    const copied = flight.bytes.buffer === flight.copy.buffer;
    if (!flight.landed && !copied) return WOULD_BLOCK;
    flight.data = null;
    if (!flight.landed) return flight.bytes.length;
    if (flight.error !== null) throw flight.error;
    return flight.sent;
  }

  #launch(flight: Flight, data: Uint8Array, bytes: Uint8Array): void {
    flight.data = data;
    flight.bytes = bytes;
    flight.sent = 0;
    flight.error = null;
    this.#write(flight);
  }

  #write(flight: Flight): void {
    flight.landed = false;
    const rest = flight.sent === 0 ? flight.bytes : flight.bytes.subarray(flight.sent);
    this.#conn.write(rest).then(this.#onWritten, this.#onWriteFailure);
  }

  readonly #onWritten = (count: number): void => {
    const flight = this.#flight;
    flight.sent += count;
    // Nobody comes back for the rest of what counts as sent already.
    if (flight.data === null && flight.sent < flight.bytes.length) return this.#write(flight);
    flight.landed = true;
    // A sent file of megabytes is not to be kept alive by its last piece.
    if (flight.bytes.buffer !== flight.copy.buffer) flight.bytes = EMPTY;
    if (this.#closed || this.#writeClosed) this.#finish();
    this.#waiters.wake(POLLOUT);
  };

  readonly #onWriteFailure = (error: unknown): void => {
    const flight = this.#flight;
    flight.error = fromDeno(error, { syscall: "send" });
    if (flight.data === null) this.#error = flight.error;
    flight.landed = true;
    this.#finish();
    this.#waiters.wake(POLLOUT | POLLERR);
  };

  /** Does what had to wait for the last write. */
  #finish(): void {
    if (!this.#flight.landed) return;
    if (this.#closed) this.#release();
    else if (this.#writeClosed && !this.#finSent) {
      this.#finSent = true;
      // The peer may be gone already; then there is nobody to tell.
      this.#conn.closeWrite().catch(() => {});
    }
  }

  // The state as a whole.

  /** The level of every event, as poll(2) has it for a connected stream. */
  events(): number {
    let events = 0;
    const ended = this.#eof || this.#reset;
    if (this.#end > this.#start || ended || this.#readClosed) events |= POLLIN;
    if (ended || this.#readClosed) events |= POLLRDHUP;
    if (this.#flight.landed) events |= POLLOUT;
    if (this.#error !== null) events |= POLLERR;
    if (this.#reset || ((this.#eof || this.#readClosed) && this.#writeClosed)) events |= POLLHUP;
    return events;
  }

  /** Brings the events up to date: reads what has come, up to the bound, and lets writes land. */
  async settle(mask: number): Promise<void> {
    const flight = this.#flight;
    if ((mask & POLLOUT) !== 0 && !flight.landed) await turns(() => flight.landed);
    if ((mask & ~POLLOUT) === 0) return;
    // A peek that has just begun to ask knows when it has its answer.
    await (this.#refreshing ?? this.#refresh());
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

  /** Half-closes the sending side, behind what was sent. */
  closeWrite(): void {
    if (this.#writeClosed) return;
    this.#writeClosed = true;
    this.#finish();
    this.#waiters.wake(POLLOUT);
  }

  /** Half-closes the receiving side: what has come can still be had, then the stream is at its end. */
  async closeRead(): Promise<void> {
    await this.settle(POLLIN);
    this.#readClosed = true;
    this.#waiters.wake(POLLIN | POLLRDHUP);
  }

  /** Somebody stopped waiting: a read under way that nobody waits for is parked. */
  park(): void {
    if (this.#reading && !this.#waiters.hold(POLLIN)) this.reference.parked = true;
  }

  /** Closes behind what was sent. */
  close(): void {
    this.#closed = true;
    const flight = this.#flight;
    // The caller whose own bytes are under way is told EBADF, and may change them: they must not go out any more.
    if (!flight.landed && flight.bytes.buffer !== flight.copy.buffer) this.#release();
    else this.#finish();
  }

  #release(): void {
    try {
      this.#conn.close();
    } catch {
      // Closed already, as after a failed write.
    }
  }
}
