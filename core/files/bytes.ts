// Bytes between the socket and a file: a queue, filled by receiving and emptied by sending.
//
// Nothing leaves the queue before the call that wants it can be answered. That is all it takes for a
// file to survive a timeout: the partial line is still here, and the next call goes on with it.

import { BlockingIOError } from "../../base/errors.ts";
import { errnoOf } from "../../base/errno.ts";
import type { WaitOptions } from "../promises.ts";
import { checkUnchanged } from "../arguments.ts";

/** Bytes in memory of their own, so that they may be sent on, transferred or posted. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What a file needs of its socket. */
export interface FileSocket {
  /** The descriptor. */
  fileno(): number;
  /** Receives into a buffer, as Socket.recv_into. */
  recv_into(buffer: Bytes, nbytes: number, flags: number, options: WaitOptions): Promise<number>;
  /** Sends what there is room for, as Socket.send. */
  send(data: Bytes, flags: number, options: WaitOptions): Promise<number>;
}

const NOTHING = new Uint8Array(0);
const NEWLINE = 0x0a;

/** The most that one call receives or reserves: read(2 ** 30) must not take a gigabyte before it comes. */
const LARGEST_STEP = 2 ** 18;

/** Above this an emptied queue gives its memory back. */
const KEPT_CAPACITY = 2 ** 16;

/** Contiguous bytes, appended at the end and taken from the front. */
export class ByteQueue {
  #bytes: Bytes = NOTHING;
  #start = 0;
  #end = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Free memory behind the last byte, to be filled and then counted in by {@linkcode commit}. */
  room(size: number): Bytes {
    if (this.#bytes.length - this.#end < size) {
      const length = this.length;
      const target = length + size <= this.#bytes.length
        ? this.#bytes
        : new Uint8Array(Math.max(length + size, 2 * this.#bytes.length));
      target.set(this.view());
      this.#bytes = target;
      this.#start = 0;
      this.#end = length;
    }
    return this.#bytes.subarray(this.#end, this.#end + size);
  }

  /** Counts in what was written to {@linkcode room}. */
  commit(size: number): void {
    this.#end += size;
  }

  /** Appends a copy. */
  push(data: Uint8Array): void {
    this.room(data.length).set(data);
    this.commit(data.length);
  }

  /** Where a byte is, counted from the front; -1 where it is not. */
  indexOf(byte: number, from: number): number {
    const index = this.#bytes.subarray(0, this.#end).indexOf(byte, this.#start + from);
    return index < 0 ? -1 : index - this.#start;
  }

  /** The waiting bytes, as they lie: good until the next call. */
  view(): Bytes {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Takes bytes from the front, as a copy. */
  take(size: number): Bytes {
    const taken = this.#bytes.slice(this.#start, Math.min(this.#start + size, this.#end));
    this.drop(taken.length);
    return taken;
  }

  /** Drops bytes from the front. */
  drop(size: number): void {
    this.#start += size;
    if (this.#start < this.#end) return;
    this.#start = this.#end = 0;
    if (this.#bytes.length > KEPT_CAPACITY) this.#bytes = NOTHING;
  }

  /** Drops bytes from the end. */
  cut(size: number): void {
    this.#end -= size;
  }
}

/** Awaits a socket's call; null where a non-blocking socket would have to wait. */
export async function orNull(call: Promise<number>): Promise<number | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof BlockingIOError) return null;
    throw error;
  }
}

/** Reads from a socket, at most `size` bytes ahead of what is asked for. */
export class ByteReader {
  readonly #socket: FileSocket;
  readonly #size: number;
  readonly #queue = new ByteQueue();
  readonly #abandoned = new AbortController();

  constructor(socket: FileSocket, size: number) {
    this.#socket = socket;
    this.#size = size;
  }

  /** Up to `size` bytes, all that come before the end of the stream if it is negative. */
  async read(size: number, signal: AbortSignal | undefined): Promise<Bytes | null> {
    const got = await this.#await(size, signal);
    return got === null && this.#queue.length === 0 ? null : this.#queue.take(size < 0 ? Infinity : size);
  }

  /** Receives until `size` bytes are there, or all if it is negative. Returns null where it would wait, 0 at the end. */
  async #await(size: number, signal: AbortSignal | undefined, check = () => {}): Promise<number | null> {
    const wanted = size < 0 ? Infinity : size;
    const step = size < 0 ? Math.max(this.#size, KEPT_CAPACITY) : this.#size;
    let got: number | null = 1;
    while (this.#queue.length < wanted && got) {
      const missing = wanted - this.#queue.length;
      got = await this.#fill(missing === Infinity ? step : Math.max(missing, step), signal);
      check();
    }
    check();
    return got;
  }

  /** What is there, up to `size` bytes (the buffer's size if it is negative), after at most one receive. */
  async readSome(size: number, signal: AbortSignal | undefined): Promise<Bytes | null> {
    const wanted = size < 0 ? this.#size : size;
    if (this.#queue.length === 0 && wanted > 0 && await this.#fill(wanted, signal) === null) return null;
    return this.#queue.take(wanted);
  }

  /** The same into a view. What does not fit, because the view's memory was changed meanwhile, stays for the next call. */
  async readSomeInto(view: Bytes, length: number, signal: AbortSignal | undefined): Promise<number | null> {
    if (length === 0) return 0;
    checkUnchanged(view, length);
    // Without a copy where nothing was read ahead.
    if (this.#queue.length === 0) return await this.#receive(view, signal);
    return this.#takeInto(view);
  }

  /** Fills a view, less of it only at the end of the stream. */
  async readInto(view: Bytes, length: number, signal: AbortSignal | undefined): Promise<number | null> {
    const got = await this.#await(length, signal, () => checkUnchanged(view, length));
    return got === null && this.#queue.length === 0 ? null : this.#takeInto(view);
  }

  #takeInto(view: Bytes): number {
    const taken = this.#queue.take(view.length);
    view.set(taken);
    return taken.length;
  }

  /** What has been read ahead, after one receive if that is nothing. It stays where it is. */
  async peek(signal: AbortSignal | undefined): Promise<Bytes | null> {
    if (this.#queue.length === 0 && await this.#fill(this.#size, signal) === null) return null;
    return this.#queue.view().slice();
  }

  /** One line, or the first `limit` bytes of it if that is not negative. */
  async readline(limit: number, signal: AbortSignal | undefined): Promise<Bytes | null> {
    const end = await this.#lineEnd(0, limit, signal);
    return end === null ? null : this.#queue.take(end);
  }

  /** Lines to the end of the stream, or until they hold more than `hint` bytes if that is positive. */
  async readlines(hint: number, signal: AbortSignal | undefined): Promise<Bytes[] | null> {
    const ends: number[] = [];
    for (let at = 0; hint <= 0 || at <= hint;) {
      const end = await this.#lineEnd(at, -1, signal);
      if (end === null && at === 0) return null;
      if (end === null || end === at) break;
      ends.push(at = end);
    }
    return ends.map((end, i) => this.#queue.take(end - (ends[i - 1] ?? 0)));
  }

  /** Ends whatever is waiting to receive. */
  abandon(reason: unknown): void {
    this.#abandoned.abort(reason);
  }

  /** Where the line ends that begins at `from`; `from` itself at the end of the stream, null where it would wait. */
  async #lineEnd(from: number, limit: number, signal: AbortSignal | undefined): Promise<number | null> {
    const most = limit < 0 ? Infinity : from + limit;
    for (let scanned = from;;) {
      const index = this.#queue.indexOf(NEWLINE, scanned);
      if (index >= 0) return Math.min(index + 1, most);
      scanned = this.#queue.length;
      if (scanned >= most) return most;
      const got = await this.#fill(this.#size, signal);
      if (!got) return got === null && scanned === from ? null : scanned;
    }
  }

  /** One receive to the queue's end: its count, 0 at the end of the stream, null where it would wait. */
  async #fill(size: number, signal: AbortSignal | undefined): Promise<number | null> {
    const got = await this.#receive(this.#queue.room(Math.min(size, LARGEST_STEP)), signal);
    if (got !== null) this.#queue.commit(got);
    return got;
  }

  #receive(view: Bytes, signal: AbortSignal | undefined): Promise<number | null> {
    const abandoned = this.#abandoned.signal;
    const either = signal === undefined ? abandoned : AbortSignal.any([signal, abandoned]);
    return orNull(this.#socket.recv_into(view, 0, 0, { signal: either }));
  }
}

/** Writes to a socket, `size` bytes or less behind what was written. */
export class ByteWriter {
  readonly #socket: FileSocket;
  readonly #size: number;
  readonly #queue = new ByteQueue();

  constructor(socket: FileSocket, size: number) {
    this.#socket = socket;
    this.#size = size;
  }

  /**
   * Takes data, and sends when that is more than the buffer holds. What was taken stays taken when the
   * sending times out: flush goes on with it. A non-blocking socket's file takes what fits.
   */
  async write(data: Uint8Array, signal: AbortSignal | undefined): Promise<number> {
    this.#queue.push(data);
    while (this.#queue.length > this.#size) {
      if (await this.#send(signal)) continue;
      const excess = Math.min(this.#queue.length - this.#size, data.length);
      this.#queue.cut(excess);
      throw incomplete(data.length - excess);
    }
    return data.length;
  }

  /** Sends all that waits. */
  async flush(signal: AbortSignal | undefined): Promise<void> {
    while (this.#queue.length > 0) if (!await this.#send(signal)) throw incomplete(0);
  }

  async #send(signal: AbortSignal | undefined): Promise<boolean> {
    const sent = await orNull(this.#socket.send(this.#queue.view(), 0, { signal }));
    if (sent === null) return false;
    this.#queue.drop(sent);
    return true;
  }
}

/** As CPython's buffered files: it tells how much of the data was taken. */
function incomplete(written: number): BlockingIOError {
  const error = new BlockingIOError(errnoOf("EAGAIN"), "write could not complete without blocking");
  return Object.assign(error, { characters_written: written });
}
