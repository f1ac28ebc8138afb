// Waiting on what is no socket: the terminal, a pipe, a child's output.

import { POLLERR, POLLHUP, POLLIN, POLLRDNORM } from "../../base/poll.ts";
import type { Clock } from "../../seam/clock.ts";
import type { Waiter } from "../../seam/transport.ts";
import { tellTable } from "../descriptors.ts";
import type { Descriptor, Openable } from "../descriptors.ts";
import type { Runtime } from "../runtime.ts";
import { int } from "./arguments.ts";
import type { WaitOptions } from "../abort.ts";
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

/** The open end: what was read ahead, and the one read that may be under way. */
class Source implements Openable {
  readonly #clock: Clock;
  readonly #read: () => Promise<Uint8Array | null>;
  readonly #waiters = new Set<Waiter>();
  #data: Uint8Array = EMPTY;
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
    if (this.#data.length > 0) {
      const taken = this.#data.slice(0, size);
      this.#data = this.#data.subarray(size);
      return taken;
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return this.#ended ? EMPTY : undefined;
  }

  /** Starts a read if there is nothing yet. It cannot be cancelled: what it brings waits for the next taker. */
  #readAhead(): void {
    if (this.#reading !== undefined || this.events() !== 0 || this.#closed) return;
    this.#reading = this.#read().then(
      (data) => {
        if (data === null) this.#ended = true;
        else this.#data = data;
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
export class Reader implements Disposable {
  readonly #runtime: Runtime;
  readonly #descriptor: Descriptor<Source>;

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
  async read(size: number = READ_AHEAD, options: WaitOptions = {}): Promise<Uint8Array> {
    if (int(size, "size") < 1) throw new RangeError("size must be positive");
    options.signal?.throwIfAborted();
    const source = this.#descriptor.open;
    const alarm = new Alarm(this.#runtime);
    for (;;) {
      if (this.closed) throw new RangeError("I/O operation on closed file");
      const data = source.take(size);
      if (data !== undefined) return data;
      source.watch(POLLIN, alarm);
      try {
        await alarm.sleep(Infinity, options.signal);
      } finally {
        source.unwatch(alarm);
      }
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
