// Bytes between the socket and a file: a queue for receives and a queue for sends.
//
// Data leaves the queue only when the call that reads it can end with it. So nothing is lost at a timeout: the first part of
// a line is still in the queue, and the next call continues with it.

import { BlockingIOError } from "../../base/errors.ts";
import { errnoOf } from "../../base/errno.ts";
import type { WaitOptions } from "../promises.ts";
import { checkUnchanged } from "../arguments.ts";

/** Bytes in an ArrayBuffer and not in shared memory, so a program may transfer them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The part of a socket that a file uses. */
export interface FileSocket {
  /** The descriptor. */
  fileno(): number;
  /** Receives into a buffer, as Socket.recv_into. */
  recv_into(buffer: Bytes, nbytes: number, flags: number, options: WaitOptions): Promise<number>;
  /** Sends as many bytes as there is room for, as Socket.send. */
  send(data: Bytes, flags: number, options: WaitOptions): Promise<number>;
}

const NOTHING = new Uint8Array(0);
const NEWLINE = 0x0a;

/** The most bytes that one receive allocates: read(2 ** 30) must not allocate a gigabyte before the data has arrived. */
const LARGEST_STEP = 2 ** 18;

/** A queue with more memory than this, in bytes, frees its memory when it becomes empty. */
const KEPT_CAPACITY = 2 ** 16;

/** Contiguous bytes, appended at the end and taken from the front. */
export class ByteQueue {
  #bytes: Bytes = NOTHING;
  #start = 0;
  #end = 0;

  /** How many bytes are in the queue. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Returns free memory behind the last byte. The bytes written there are added with {@linkcode commit}. */
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

  /** Adds the bytes that were written to {@linkcode room}. */
  commit(size: number): void {
    this.#end += size;
  }

  /** Appends a copy. */
  push(data: Uint8Array): void {
    this.room(data.length).set(data);
    this.commit(data.length);
  }

  /** Returns the index of a byte, counted from the front, or -1. */
  indexOf(byte: number, from: number): number {
    const index = this.#bytes.subarray(0, this.#end).indexOf(byte, this.#start + from);
    return index < 0 ? -1 : index - this.#start;
  }

  /** Returns the bytes of the queue without a copy. They are valid until the next call. */
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

/** Awaits a call of a socket. Returns null if the socket is non-blocking and the call would block. */
export async function orNull(call: Promise<number>): Promise<number | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof BlockingIOError) return null;
    throw error;
  }
}

/** Reads from a socket, and reads at most `size` bytes ahead. */
export class ByteReader {
  readonly #socket: FileSocket;
  readonly #size: number;
  readonly #queue = new ByteQueue();
  readonly #abandoned = new AbortController();

  constructor(socket: FileSocket, size: number) {
    this.#socket = socket;
    this.#size = size;
  }

  /** Reads `size` bytes, or fewer at the end of the stream; all to the end if `size` is negative. */
  async read(size: number, signal: AbortSignal | undefined): Promise<Bytes | null> {
    const got = await this.#await(size, signal);
    return got === null && this.#queue.length === 0 ? null : this.#queue.take(size < 0 ? Infinity : size);
  }

  /** Receives until `size` bytes are there, or all if it is negative. Returns null if it would block, 0 at the end. */
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

  /** Reads up to `size` bytes (the size of the buffer if it is negative), with at most one receive. */
  async readSome(size: number, signal: AbortSignal | undefined): Promise<Bytes | null> {
    const wanted = size < 0 ? this.#size : size;
    if (this.#queue.length === 0 && wanted > 0 && await this.#fill(wanted, signal) === null) return null;
    return this.#queue.take(wanted);
  }

  /** The same into a view. If the view's memory was resized during the call, data that does not fit is for the next call. */
  async readSomeInto(view: Bytes, length: number, signal: AbortSignal | undefined): Promise<number | null> {
    if (length === 0) return 0;
    checkUnchanged(view, length);
    // If nothing was read ahead, the data needs no copy.
    if (this.#queue.length === 0) return await this.#receive(view, signal);
    return this.#takeInto(view);
  }

  /** Fills a view, or part of it at the end of the stream. */
  async readInto(view: Bytes, length: number, signal: AbortSignal | undefined): Promise<number | null> {
    const got = await this.#await(length, signal, () => checkUnchanged(view, length));
    return got === null && this.#queue.length === 0 ? null : this.#takeInto(view);
  }

  #takeInto(view: Bytes): number {
    const taken = this.#queue.view().subarray(0, view.length);
    view.set(taken);
    this.#queue.drop(taken.length);
    return taken.length;
  }

  /** Returns what was read ahead, and leaves it in the queue. It receives once if the queue is empty. */
  async peek(signal: AbortSignal | undefined): Promise<Bytes | null> {
    if (this.#queue.length === 0 && await this.#fill(this.#size, signal) === null) return null;
    return this.#queue.view().slice();
  }

  /** Reads one line, or its first `limit` bytes if `limit` is not negative. */
  async readline(limit: number, signal: AbortSignal | undefined): Promise<Bytes | null> {
    const end = await this.#lineEnd(0, limit, signal);
    return end === null ? null : this.#queue.take(end);
  }

  /** Reads lines to the end of the stream, or until they hold more than `hint` bytes if `hint` is positive. */
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

  /** Rejects the receives that wait. */
  abandon(reason: unknown): void {
    this.#abandoned.abort(reason);
  }

  /** Finds the end of the line that begins at `from`. Returns `from` at the end of the stream, and null if it would block. */
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

  /** Receives once into the queue. Returns the number of bytes, 0 at the end of the stream, and null if it would block. */
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

/** Writes to a socket, and keeps at most `size` bytes in its buffer. */
export class ByteWriter {
  readonly #socket: FileSocket;
  readonly #size: number;
  readonly #queue = new ByteQueue();

  constructor(socket: FileSocket, size: number) {
    this.#socket = socket;
    this.#size = size;
  }

  /**
   * Takes data, and sends if it does not fit into the buffer. After a timeout the data is still in the buffer, and `flush`
   * continues with it. On a non-blocking socket it takes as much as fits.
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

  /** Sends all data of the buffer. */
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

/** The error of CPython's buffered files, which has the number of bytes that were written. */
function incomplete(written: number): BlockingIOError {
  const error = new BlockingIOError(errnoOf("EAGAIN"), "write could not complete without blocking");
  return Object.assign(error, { characters_written: written });
}
