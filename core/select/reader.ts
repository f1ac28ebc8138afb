// Waiting on what is no socket: the terminal, a pipe, a child's output.

import { POLLERR, POLLHUP, POLLIN, POLLRDNORM } from "../../base/poll.ts";
import type { Clock } from "../../seam/clock.ts";
import type { Waiter } from "../../seam/transport.ts";
import { apart, checkOptions } from "../arguments.ts";
import { tellTable } from "../descriptors.ts";
import type { Descriptor, Openable } from "../descriptors.ts";
import { ByteQueue } from "../files/bytes.ts";
import { Order } from "../files/file.ts";
import type { WaitOptions } from "../promises.ts";
import type { Runtime } from "../runtime.ts";
import { int } from "./select.ts";
import { Alarm } from "./wait.ts";

/** Anything with Deno's `read`: `Deno.stdin`, a file of a pipe, a connection. */
export interface ReadSource {
  /** Reads into the view; the count, or null at the end. */
  read(p: Uint8Array): Promise<number | null>;
}

/** How much is read ahead at most: what one read brings. A terminal gives a line, a pipe up to 64 KiB. */
const READ_AHEAD = 65536;

/** How long a read that was only just started may take to bring what is there already: a file's goes to another thread. */
const MOMENT_MS = 2;

const EMPTY = new Uint8Array(0);
const NEWLINE = 0x0a;

/** The open end: what was read ahead, and the one read that may be under way. */
class Source implements Openable {
  readonly #clock: Clock;
  readonly #read: () => Promise<Uint8Array | null>;
  readonly #waiters = new Set<Waiter>();
  readonly #data = new ByteQueue();
  #ended = false;
  #failure: { error: unknown } | undefined;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(clock: Clock, read: () => Promise<Uint8Array | null>) {
    this.#clock = clock;
    this.#read = read;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** How many bytes were read ahead. */
  get length(): number {
    return this.#data.length;
  }

  /** The bytes that were read ahead, as they lie: good until the next call. */
  view(): Uint8Array {
    return this.#data.view();
  }

  /** What a read gives now; undefined where it has to wait. */
  take(size: number): Uint8Array | undefined {
    try {
      return this.#next(size);
    } finally {
      // For whoever stays registered over a read, as epoll does.
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

  /** Whether there is nothing behind the bytes that were read ahead. Throws where the read for more has failed. */
  hasEnded(): boolean {
    this.#throwFailure();
    return this.#ended;
  }

  /** Registers a waiter for more bytes than those that were read ahead. */
  watchForMore(waiter: Waiter): void {
    this.#waiters.add(waiter);
    this.#startRead();
  }

  /** Starts a read if there is nothing yet. */
  #readAhead(): void {
    if (this.events() === 0) this.#startRead();
  }

  /** Starts a read. It cannot be cancelled: what it brings waits for the next taker. */
  #startRead(): void {
    if (this.#reading !== undefined || this.#closed) return;
    this.#reading = this.#read().then(
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
      // A read that brought nothing is no news.
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
  async settle(): Promise<void> {
    this.#readAhead();
    if (this.#reading === undefined) return;
    let timer;
    const moment = new Promise<void>((resolve) => timer = this.#clock.setTimeout(resolve, MOMENT_MS));
    await Promise.race([this.#reading, moment]);
    this.#clock.clearTimeout(timer);
  }
  /** The descriptor table gives the number. */
  fileno(): undefined {
    return undefined;
  }
  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.wake();
  }
}

/**
 * What {@linkcode reader} returns: a source that can be waited on next to sockets. Nothing is read before
 * somebody waits or reads; from then on read here and not from the source, so that nothing is lost.
 *
 * @example
 * ```ts
 * import { reader, select } from "@berkeley/socket";
 *
 * using terminal = reader(Deno.stdin);
 * const [ready] = await select([terminal], [], [], 0);
 * if (ready.length > 0) console.log(await terminal.read(1024));
 * ```
 */
export class Reader implements Disposable, AsyncIterable<string> {
  readonly #runtime: Runtime;
  readonly #descriptor: Descriptor<Source>;
  /** A line may take several reads of the source: no other call must take what it has found meanwhile. */
  readonly #reads: Order = new Order();

  static {
    tellTable(Reader.prototype, (reader) => reader.#descriptor.numberedBy);
  }

  /** Made by {@linkcode reader}. */
  constructor(runtime: Runtime, source: ReadSource | ReadableStream<Uint8Array>) {
    if (source === undefined) throw new TypeError("readers are made by reader(), and not by new");
    this.#runtime = runtime;
    this.#descriptor = runtime.descriptors.enter(new Source(runtime.clock, pullFrom(source)));
  }

  /** The number to wait by, from this module's descriptor table; -1 when closed. */
  fileno(): number {
    return this.#descriptor.closed ? -1 : this.#descriptor.fd;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#descriptor.closed;
  }

  /** Reads up to `size` bytes; an empty array at the end. It waits for at least one byte. */
  async read(size?: number | WaitOptions, options?: WaitOptions): Promise<Uint8Array> {
    const [most = READ_AHEAD, checked] = apart(size, options);
    if (int(most, "size") < 1) throw new RangeError("size must be positive");
    const signal = checkOptions(checked);
    return await this.#reads.run(async () => {
      for (;;) {
        const data = this.#open().take(most);
        if (data !== undefined) return data;
        await this.#sleep((source, alarm) => source.watch(POLLIN, alarm), signal);
      }
    }, signal);
  }

  /**
   * Reads one line as text in UTF-8, with its "\n" ("\r\n" becomes that), as Python's `sys.stdin.readline()`; empty at
   * the end. With a `limit` it returns once it has so many characters of the line.
   *
   * `select` reports a reader that has any byte, so this may wait for the rest of a line. A terminal gives whole lines.
   * A line that was given up (by the signal) is lost in no part: the next call reads it from its start.
   *
   * @example
   * ```ts
   * import { reader } from "@berkeley/socket";
   *
   * using lines = reader(new Blob(["first\nsecond"]).stream());
   * console.assert(await lines.readline() === "first\n");
   * console.assert(await lines.readline() === "second");
   * console.assert(await lines.readline() === "");
   * ```
   */
  async readline(limit?: number | WaitOptions, options?: WaitOptions): Promise<string> {
    const [most = -1, checked] = apart(limit, options);
    int(most, "limit");
    const signal = checkOptions(checked);
    return await this.#reads.run(async () => {
      const end = await this.#lineEnd(0, most, signal);
      return end === 0 ? "" : lineText(this.#open().take(end)!);
    }, signal);
  }

  /**
   * Reads lines to the end, or until they hold more than `hint` characters, as Python's `sys.stdin.readlines()`. Where the
   * signal ends it, no line is lost.
   */
  async readlines(hint?: number | WaitOptions, options?: WaitOptions): Promise<string[]> {
    const [most = -1, checked] = apart(hint, options);
    int(most, "hint");
    const signal = checkOptions(checked);
    return await this.#reads.run(async () => {
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
  }

  /** Reads line by line to the end. Leaving the loop closes nothing and loses nothing. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, void> {
    for (let line = await this.readline(); line !== ""; line = await this.readline()) yield line;
  }

  /** The source; an error once it is closed. */
  #open(): Source {
    if (this.closed) throw new RangeError("I/O operation on closed file");
    return this.#descriptor.open;
  }

  /** Where the line ends that begins at `from`, or its first `limit` characters; `from` itself at the end. */
  async #lineEnd(from: number, limit: number, signal: AbortSignal | undefined): Promise<number> {
    for (let scanned = from;;) {
      const source = this.#open();
      const bytes = source.view();
      const newline = bytes.indexOf(NEWLINE, scanned);
      const line = newline < 0 ? bytes.subarray(from) : bytes.subarray(from, newline + 1);
      const limited = limit < 0 ? -1 : characterEnd(line, limit);
      if (limited >= 0) return from + limited;
      if (newline >= 0) return newline + 1;
      scanned = bytes.length;
      if (source.hasEnded()) return scanned;
      await this.#sleep((source, alarm) => source.watchForMore(alarm), signal);
    }
  }

  /** Sleeps until there is news of the source. */
  async #sleep(watch: (source: Source, alarm: Alarm) => void, signal: AbortSignal | undefined): Promise<void> {
    const source = this.#open();
    const alarm = new Alarm(this.#runtime);
    watch(source, alarm);
    try {
      await alarm.sleep(Infinity, signal);
    } finally {
      source.unwatch(alarm);
    }
  }

  /** Stops waiting and gives the number back. The source stays open: it is not this object's. */
  close(): void {
    this.#descriptor.close();
  }

  /** The same as close(), for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** One way to ask both kinds of source. */
function pullFrom(source: ReadSource | ReadableStream<Uint8Array>): () => Promise<Uint8Array | null> {
  if (source instanceof ReadableStream) {
    const chunks = source.getReader();
    return async () => {
      const { value, done } = await chunks.read();
      return done ? null : value;
    };
  }
  if (typeof source?.read !== "function") {
    throw new TypeError("source must have a read() method or be a ReadableStream");
  }
  // One buffer for all reads: a read is started only when what the last one brought has been taken, by copy.
  let buffer: Uint8Array | undefined;
  return async () => {
    buffer ??= new Uint8Array(READ_AHEAD);
    const count = await source.read(buffer);
    return count === null ? null : buffer.subarray(0, count);
  };
}

// Lines as text: UTF-8, and characters counted as Python counts them.

/** A byte-order mark is a character like any other. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A line's bytes as text, with "\n" at its end for "\r\n". */
export function lineText(bytes: Uint8Array): string {
  return decoder.decode(bytes).replace(/\r\n$/, "\n");
}

/** How many characters a text has: an emoji is one. */
export function countCharacters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** Where the first `count` characters end in UTF-8; -1 if there are fewer whole ones. */
export function characterEnd(bytes: Uint8Array, count: number): number {
  // Before anything is counted: a line of which little has come is asked about at each piece of it.
  if (bytes.length < count) return -1;
  let end = 0;
  for (; count > 0; count--) {
    if (end >= bytes.length) return -1;
    const whole = end + lengthOf(bytes[end]);
    do end++; while (end < whole && end < bytes.length && (bytes[end] & 0xc0) === 0x80);
    if (end < whole && end === bytes.length) return -1;
  }
  return end;
}

/** How many bytes a character has that begins with this one; 1 for what begins none. */
function lengthOf(first: number): number {
  if (first < 0xc0 || first > 0xf7) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
