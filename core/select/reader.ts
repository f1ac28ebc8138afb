// Waiting on the terminal, a pipe or the output of a child process.

import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM } from "../../base/poll.ts";
import type { Clock } from "../../seam/clock.ts";
import type { Waiter } from "../../seam/transport.ts";
import { apart, checkOptions } from "../arguments.ts";
import { tellTable } from "../descriptors.ts";
import type { Descriptor, Openable } from "../descriptors.ts";
import { ByteQueue } from "../files/bytes.ts";
import { lengthOf, promising } from "../files/codecs.ts";
import { Order } from "../files/file.ts";
import type { WaitOptions } from "../promises.ts";
import type { Runtime } from "../runtime.ts";
import { int } from "./select.ts";
import { SleepingWaiter } from "./wait.ts";

/** Anything with Deno's `read`: `Deno.stdin`, a file of a pipe, a connection. */
export interface ReadSource {
  /** Reads into the view. Returns the number of bytes, or null at the end. */
  read(p: Uint8Array): Promise<number | null>;
}

/** The size of a read in bytes, which is the most that is read ahead. A terminal gives a line, and a pipe up to 64 KiB. */
const READ_AHEAD = 65536;

/** How many milliseconds a new read gets to return data that is available already. Reads of files run on another thread. */
const MOMENT_MS = 2;

const EMPTY = new Uint8Array(0);
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** The open object of a reader: the data that was read ahead, and the read that may be under way. */
class ReadAhead implements Openable {
  readonly #clock: Clock;
  readonly #pull: Pull;
  readonly #waiters = new Set<Waiter>();
  readonly #data = new ByteQueue();
  #ended = false;
  #failure: { error: unknown } | undefined;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(clock: Clock, pull: Pull) {
    this.#clock = clock;
    this.#pull = pull;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** How many bytes were read ahead. */
  get length(): number {
    return this.#data.length;
  }

  /** Returns the bytes that were read ahead, without a copy. They are valid until the next call. */
  view(): Uint8Array {
    return this.#data.view();
  }

  /** Takes what a read returns now; undefined if it must wait. */
  take(size: number): Uint8Array | undefined {
    try {
      return this.#next(size);
    } finally {
      // For waiters that stay registered after a read, as those of epoll.
      if (this.#waiters.size > 0) this.#readAhead();
    }
  }

  #next(size: number): Uint8Array | undefined {
    if (this.#data.length > 0) return this.#data.take(size);
    this.#throwFailure();
    return this.#ended ? EMPTY : undefined;
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /** Whether the source ends after the bytes that were read ahead. Throws if the read has failed. */
  hasEnded(): boolean {
    this.#throwFailure();
    return this.#ended;
  }

  /** Registers a waiter for more bytes than those that were read ahead. */
  watchForMore(waiter: Waiter): void {
    this.#waiters.add(waiter);
    this.#startRead();
  }

  /** Starts a read if nothing was read ahead. */
  #readAhead(): void {
    if (this.events() === 0) this.#startRead();
  }

  /** Starts a read. It cannot be cancelled, so its data is kept for the next call. */
  #startRead(): void {
    if (this.#reading !== undefined || this.#closed) return;
    this.#reading = this.#pull.read().then(
      (data) => {
        if (data === null) this.#ended = true;
        else this.#data.push(data);
      },
      (error) => {
        this.#failure = { error };
      },
    ).then(() => {
      this.#reading = undefined;
      if (this.events() !== 0) { for (const waiter of this.#waiters) waiter.wake(); }
      // A read of 0 bytes wakes nothing.
      else if (this.#waiters.size > 0) this.#readAhead();
    });
  }

  events(): number {
    let events = 0;
    if (this.#data.length > 0 || this.#ended) events |= POLLIN | POLLRDNORM;
    if (this.#ended) events |= POLLHUP;
    if (this.#failure !== undefined) events |= POLLIN | POLLRDNORM | POLLERR;
    return events;
  }
  watch(mask: number, waiter: Waiter): void {
    this.#waiters.add(waiter);
    if ((mask & (POLLIN | POLLRDNORM)) !== 0) this.#readAhead();
  }
  unwatch(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }
  /** If POLLOUT is asked for too, which a reader never has, it takes the whole moment: settleWatched relies on that. */
  async settle(mask: number): Promise<void> {
    this.#readAhead();
    const forOutput = (mask & POLLOUT) !== 0;
    if (this.#reading === undefined && !forOutput) return;
    let timer;
    const moment = new Promise<void>((resolve) => timer = this.#clock.setTimeout(resolve, MOMENT_MS));
    await (forOutput ? moment : Promise.race([this.#reading, moment]));
    this.#clock.clearTimeout(timer);
  }
  /** The descriptor table gives the number. */
  fileno(): undefined {
    return undefined;
  }
  close(): void {
    this.#closed = true;
    this.#pull.release();
    for (const waiter of this.#waiters) waiter.wake();
  }
}

/**
 * A reader, as {@linkcode reader} returns it: a source that can be waited on together with sockets.
 *
 * It reads nothing before the first wait or read. A wait may read ahead. So after that read from this object and not from the
 * source.
 *
 * @example
 * ```ts
 * import { reader, select } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * using input = reader(new Blob(["yes\n"]).stream()); // for the terminal: reader(Deno.stdin)
 * assert.deepEqual(await select([input], [], [], 5), [[input], [], []]);
 * assert.equal(await input.readline(), "yes\n");
 * ```
 */
export class Reader implements Disposable, AsyncIterable<string> {
  readonly #runtime: Runtime;
  readonly #descriptor: Descriptor<ReadAhead>;
  /** Runs one read at a time: a line may take several reads of the source, and no other call may take its first part. */
  readonly #reads: Order = new Order();

  static {
    tellTable(Reader.prototype, (reader) => reader.#descriptor.numberedBy);
  }

  /** Made by {@linkcode reader}. */
  constructor(runtime: Runtime, source: ReadSource | ReadableStream<Uint8Array>) {
    if (source === undefined) throw new TypeError("readers are made by reader(), and not by new");
    this.#runtime = runtime;
    this.#descriptor = runtime.descriptors.enter(new ReadAhead(runtime.clock, pullFrom(source)));
  }

  /** Returns the reader's number in the descriptor table, or -1 when it is closed. `select`, `poll` and `epoll` take it. */
  fileno(): number {
    return this.#descriptor.closed ? -1 : this.#descriptor.fd;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#descriptor.closed;
  }

  /** Waits for at least one byte and reads up to `size` bytes. An empty array means the end. */
  read(size?: number | WaitOptions, options?: WaitOptions): Promise<Uint8Array> {
    return this.#runtime.turns.count(() => {
      const [most = READ_AHEAD, checked] = apart(size, options);
      if (int(most, "size") < 1) throw new RangeError("size must be positive");
      const signal = checkOptions(checked);
      return this.#reads.run(async () => {
        for (;;) {
          const data = this.#open().take(most);
          if (data !== undefined) return data;
          await this.#sleep((readAhead, waiter) => readAhead.watch(POLLIN, waiter), signal);
        }
      }, signal);
    });
  }

  /**
   * Reads one line of UTF-8 text with its "\n", as Python's `sys.stdin.readline()`. "\r\n" becomes "\n". A "\r" alone does not
   * end a line; in Python it does. The text is empty at the end. With a `limit` it returns at most so many characters; a
   * "\r\n" is one, and no limit splits it.
   *
   * `select` reports a reader as soon as it has a byte, so this call may still wait for the rest of the line. A terminal gives
   * whole lines. After an abort nothing is lost: the next call reads the line from its start.
   *
   * @example
   * ```ts
   * import { reader } from "@berkeley/socket";
   * import assert from "node:assert/strict";
   *
   * using lines = reader(new Blob(["first\nsecond"]).stream());
   * assert.equal(await lines.readline(), "first\n");
   * assert.equal(await lines.readline(), "second");
   * assert.equal(await lines.readline(), "");
   * ```
   */
  readline(limit?: number | WaitOptions, options?: WaitOptions): Promise<string> {
    return this.#runtime.turns.count(() => {
      const [most = -1, checked] = apart(limit, options);
      int(most, "limit");
      const signal = checkOptions(checked);
      return this.#reads.run(async () => {
        const end = await this.#lineEnd(0, most, signal);
        return end === 0 ? "" : lineText(this.#open().take(end)!);
      }, signal);
    });
  }

  /**
   * Reads lines to the end, or until they hold more than `hint` characters, as Python's `sys.stdin.readlines()`. After an
   * abort no line is lost.
   */
  readlines(hint?: number | WaitOptions, options?: WaitOptions): Promise<string[]> {
    return this.#runtime.turns.count(() => {
      const [most = -1, checked] = apart(hint, options);
      int(most, "hint");
      const signal = checkOptions(checked);
      return this.#reads.run(async () => {
        const lines: string[] = [];
        let taken = 0;
        for (let characters = 0; most <= 0 || characters <= most;) {
          const end = await this.#lineEnd(taken, -1, signal);
          if (end === taken) break;
          const line = lineText(this.#open().view().subarray(taken, end));
          lines.push(line);
          characters += countCharacters(line);
          taken = end;
        }
        if (taken > 0) this.#open().take(taken);
        return lines;
      }, signal);
    });
  }

  /** Reads line by line to the end. Leaving the loop does not close the reader and loses no data. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, void> {
    for (let line = await this.readline(); line !== ""; line = await this.readline()) yield line;
  }

  /** Returns the data that was read ahead. Throws if the reader is closed. */
  #open(): ReadAhead {
    if (this.closed) throw new RangeError("I/O operation on closed file");
    return this.#descriptor.open;
  }

  /** Finds the end of the line that begins at `from`, or of its first `limit` characters. Returns `from` at the end. */
  async #lineEnd(from: number, limit: number, signal: AbortSignal | undefined): Promise<number> {
    for (let scanned = from;;) {
      const readAhead = this.#open();
      const bytes = readAhead.view();
      const newline = bytes.indexOf(NEWLINE, scanned);
      const line = newline < 0 ? bytes.subarray(from) : bytes.subarray(from, newline + 1);
      const limited = limit < 0 ? -1 : characterEnd(line, limit);
      // A "\r" at the end may be the first half of a "\r\n", which is one character.
      const undecided = limited > 0 && limited === line.length && line[limited - 1] === RETURN;
      if (limited >= 0 && !undecided) return from + limited;
      if (newline >= 0) return newline + 1;
      scanned = bytes.length;
      if (readAhead.hasEnded()) return scanned;
      await this.#sleep((readAhead, waiter) => readAhead.watchForMore(waiter), signal);
    }
  }

  /** Sleeps until the data that was read ahead wakes the wait. */
  async #sleep(
    watch: (readAhead: ReadAhead, waiter: SleepingWaiter) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const readAhead = this.#open();
    const waiter = new SleepingWaiter(this.#runtime);
    watch(readAhead, waiter);
    try {
      await waiter.sleep(Infinity, signal);
    } finally {
      readAhead.unwatch(waiter);
    }
  }

  /**
   * Closes the reader and frees its number. The source stays open. A stream is unlocked, and keeps the data that has not
   * arrived yet. Data that was read ahead is dropped. If the source is no stream, so is the data of a read that is under way.
   */
  close(): void {
    this.#descriptor.close();
  }

  /** The same as close(), for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** How a reader reads from its source, and gives it back. */
interface Pull {
  /** Reads once. Returns null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Gives the source back. */
  release(): void;
}

/** Makes the pull of a source of either kind. */
function pullFrom(source: ReadSource | ReadableStream<Uint8Array>): Pull {
  if (source instanceof ReadableStream) {
    const chunks = source.getReader();
    return {
      async read() {
        const { value, done } = await chunks.read();
        return done ? null : value;
      },
      release: () => chunks.releaseLock(),
    };
  }
  if (typeof source?.read !== "function") {
    throw new TypeError("source must have a read() method or be a ReadableStream");
  }
  // One buffer for all reads: the data of a read is copied before the next read starts.
  let buffer: Uint8Array | undefined;
  return {
    async read() {
      buffer ??= new Uint8Array(READ_AHEAD);
      const count = await source.read(buffer);
      return count === null ? null : buffer.subarray(0, count);
    },
    release() {},
  };
}

// Lines as text: decoding UTF-8, and counting characters as Python does.

/** It keeps a byte order mark as a character. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes a line. "\r\n" at its end becomes "\n". */
export function lineText(bytes: Uint8Array): string {
  return decoder.decode(bytes).replace(/\r\n$/, "\n");
}

/** Counts the characters of a text. An emoji is one. */
export function countCharacters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/**
 * Returns the index behind the first `count` characters of UTF-8, of which "\r\n" is one; -1 if there are fewer complete
 * ones. Invalid bytes count as TextDecoder replaces them. A "\r" that is the last byte counts.
 */
export function characterEnd(bytes: Uint8Array, count: number): number {
  // Checked before counting, because a long line is checked again at each piece that arrives.
  if (bytes.length < count) return -1;
  let end = 0;
  for (; count > 0; count--) {
    if (end >= bytes.length) return -1;
    const length = Math.max(1, promising(bytes, end));
    if (length < lengthOf(bytes[end]) && end + length === bytes.length) return -1;
    end += length;
    if (bytes[end - 1] === RETURN && bytes[end] === NEWLINE) end++;
  }
  return end;
}
