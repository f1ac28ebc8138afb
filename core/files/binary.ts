// Files of bytes: without a buffer, as Python's SocketIO, and with one, as BufferedReader, BufferedWriter and BufferedRWPair.

import { bytesOf, viewOf } from "../../base/data.ts";
import type { Data } from "../../base/data.ts";
import { apart, checkOptions, checkUnchanged } from "../arguments.ts";
import type { WaitOptions } from "../promises.ts";
import type { Turns } from "../timing.ts";
import { ByteReader, ByteWriter, orNull } from "./bytes.ts";
import type { Bytes, FileSocket } from "./bytes.ts";
import { closedFile, countOf, Order, SocketFile, UnsupportedOperation } from "./file.ts";

/** The parts of a file of bytes. */
export interface BinaryParts {
  /** The socket. */
  socket: FileSocket;
  /** Whether the file reads. */
  reading: boolean;
  /** Whether the file writes. */
  writing: boolean;
  /** Counts the calls that end without a wait. */
  turns: Turns;
  /** Called once, when the file no longer needs the socket. */
  release(): void;
}

/** A file of bytes. It reads a Uint8Array, and writes anything that holds bytes, or text as UTF-8. */
export abstract class BinaryFile extends SocketFile<Uint8Array<ArrayBuffer>, Data> {
  readonly #parts: BinaryParts;
  readonly #reader: ByteReader;
  readonly #reads: Order = new Order();
  #closing: Promise<void> | undefined;

  /** Made by `Socket.makefile`. */
  constructor(parts: BinaryParts, readAhead: number) {
    super(parts.turns);
    this.#parts = parts;
    this.#reader = new ByteReader(parts.socket, readAhead);
  }

  /** Whether close was called. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }
  /** "rb", "wb" or "rwb". */
  get mode(): string {
    return `${this.#parts.reading ? "r" : ""}${this.#parts.writing ? "w" : ""}b`;
  }
  /** The socket's descriptor; -1 once the file is closed. */
  get name(): number {
    return this.closed ? -1 : this.#parts.socket.fileno();
  }
  /** Always undefined: a file of bytes has one kind of line end. */
  get newlines(): undefined {
    return undefined;
  }

  /** Returns the socket's descriptor. */
  fileno(): number {
    this.checkOpen();
    return this.#parts.socket.fileno();
  }
  /** Whether the file was opened to read. */
  readable(): boolean {
    this.checkOpen();
    return this.#parts.reading;
  }
  /** Whether the file was opened to write. */
  writable(): boolean {
    this.checkOpen();
    return this.#parts.writing;
  }

  /** Reads one line with its "\n", or its first `limit` bytes. Empty at the end of the stream. */
  readline(limit?: number | null | WaitOptions, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.reads(limit, options, (reader, most, signal) => reader.readline(most, signal));
  }
  /** Reads lines to the end of the stream, or until they hold more than `hint` bytes. */
  readlines(
    hint?: number | null | WaitOptions,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>[] | null> {
    return this.reads(hint, options, (reader, most, signal) => reader.readlines(most, signal));
  }

  /** Sends what was written and closes the file. A closed socket closes its connection with its last file. */
  close(options?: WaitOptions): Promise<void> {
    return this.counted(() => {
      // A second close waits for the first one. Only the first one rejects.
      if (this.#closing !== undefined) return this.#closing.then(undefined, () => {});
      const signal = checkOptions(options);
      return this.#closing = this.finish(signal).finally(() => {
        this.#reader.abandon(closedFile());
        this.#parts.release();
      });
    });
  }

  /** Sends the rest of the written data. */
  protected abstract finish(signal: AbortSignal | undefined): Promise<void>;

  /** Throws on a closed file. */
  protected checkOpen(): void {
    if (this.closed) throw closedFile();
  }

  /**
   * Reads up to a size, which is -1 if it is left out. The options may take its place. `least` is the smallest valid size.
   * @internal
   */
  protected reads<R>(
    size: number | null | undefined | WaitOptions,
    options: WaitOptions | undefined,
    read: (reader: ByteReader, size: number, signal: AbortSignal | undefined) => Promise<R>,
    least = -Infinity,
  ): Promise<R> {
    return this.counted(() => {
      const [count, checked] = apart(size, options);
      const most = countOf(count);
      if (most < least) throw new RangeError("read length must be non-negative or -1");
      return this.#inOrder((signal) => read(this.#reader, most, signal), checked);
    });
  }

  /**
   * Reads into a buffer. `length` is its length at the call.
   * @internal
   */
  protected readsInto(
    buffer: ArrayBufferView | ArrayBufferLike,
    options: WaitOptions | undefined,
    read: (reader: ByteReader, view: Bytes, length: number, signal: AbortSignal | undefined) => Promise<number | null>,
  ): Promise<number | null> {
    return this.counted(() => {
      const view = viewOf(buffer) as Bytes;
      const { length } = view;
      return this.#inOrder((signal) => read(this.#reader, view, length, signal), options);
    });
  }

  /** Runs one read after the reads before it. */
  async #inOrder<R>(
    read: (signal: AbortSignal | undefined) => Promise<R>,
    options: WaitOptions | undefined,
  ): Promise<R> {
    if (!this.readable()) throw new UnsupportedOperation("not readable");
    const signal = checkOptions(options);
    return await this.#reads.run(() => {
      this.checkOpen();
      return read(signal);
    }, signal);
  }
}

/**
 * A file of bytes without a buffer, as Python's SocketIO. Each read is one receive, and each write is one send.
 *
 * @example
 * ```ts
 * import * as socket from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * const [a, b] = await socket.socketpair();
 * await using file = a.makefile("rwb", { buffering: 0 });
 * assert.equal(await file.write("hello"), 5);
 * assert.equal((await b.recv(100)).length, 5);
 * a.close();
 * b.close();
 * ```
 */
export class RawFile extends BinaryFile {
  readonly #socket: FileSocket;
  readonly #writes: Order = new Order();

  /** Made by `Socket.makefile`. */
  constructor(parts: BinaryParts) {
    // Nothing is read ahead, so lines are received byte by byte, as in Python.
    super(parts, 1);
    this.#socket = parts.socket;
  }

  /** Receives once, up to `size` bytes; to the end of the stream if it is negative or left out. */
  read(size?: number | null | WaitOptions, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.reads(
      size,
      options,
      (reader, most, signal) => most < 0 ? reader.read(-1, signal) : reader.readSome(most, signal),
    );
  }
  /** Receives to the end of the stream. */
  readall(options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.read(-1, options);
  }
  /**
   * Receives once into a buffer. Returns the number of bytes; null if the socket is non-blocking and the receive would block.
   */
  readinto(buffer: ArrayBufferView | ArrayBufferLike, options?: WaitOptions): Promise<number | null> {
    return this.readsInto(buffer, options, (reader, view, length, signal) => reader.readSomeInto(view, length, signal));
  }
  /**
   * Sends once. Returns the number of bytes that were sent, which may be fewer than given; null if the socket is non-blocking
   * and the send would block.
   */
  write(data: Data, options?: WaitOptions): Promise<number | null> {
    return this.counted(() => {
      if (!this.writable()) throw new UnsupportedOperation("not writable");
      const signal = checkOptions(options);
      const bytes = bytesOf(data) as Bytes;
      const { length } = bytes;
      const send = async () => {
        checkUnchanged(bytes, length);
        return await orNull(this.#socket.send(bytes, 0, { signal }));
      };
      return this.#writes.run(send, signal);
    });
  }
  /** Does nothing: there is no buffer. */
  flush(options?: WaitOptions): Promise<void> {
    return this.counted(() => {
      this.checkOpen();
      checkOptions(options);
    });
  }

  /** Does nothing: without a buffer all data was sent. */
  protected override finish(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * A buffered file of bytes, as Python's BufferedReader, BufferedWriter and BufferedRWPair.
 *
 * @example
 * ```ts
 * import * as socket from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * const [a, b] = await socket.socketpair();
 * await a.sendall("\x00\x05hello");
 * await using file = b.makefile("rb");
 * const head = await file.read(2);
 * const body = await file.read(head![0] << 8 | head![1]);
 * assert.equal(new TextDecoder().decode(body!), "hello");
 * a.close();
 * b.close();
 * ```
 */
export class BufferedFile extends BinaryFile {
  readonly #writer: ByteWriter | undefined;
  readonly #writes: Order = new Order();

  /** Made by `Socket.makefile`. */
  constructor(parts: BinaryParts, size: number) {
    super(parts, size);
    this.#writer = parts.writing ? new ByteWriter(parts.socket, size) : undefined;
  }

  /** Reads `size` bytes, or fewer at the end of the stream. It reads to the end if `size` is negative or left out. */
  read(size?: number | null | WaitOptions, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.reads(size, options, (reader, most, signal) => reader.read(most, signal), -1);
  }
  /** Reads up to `size` bytes of the buffer. It receives once if the buffer is empty. */
  read1(size?: number | null | WaitOptions, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.reads(size, options, (reader, most, signal) => reader.readSome(most, signal));
  }
  /**
   * Returns the contents of the buffer and leaves them there. It receives once if the buffer is empty. `size` has no effect,
   * as in CPython: the result may be shorter or longer.
   */
  peek(size?: number | null | WaitOptions, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.reads(size, options, (reader, _size, signal) => reader.peek(signal));
  }
  /** Fills a buffer, or part of it at the end of the stream, and returns the number of bytes. */
  readinto(buffer: ArrayBufferView | ArrayBufferLike, options?: WaitOptions): Promise<number | null> {
    return this.readsInto(buffer, options, (reader, view, length, signal) => reader.readInto(view, length, signal));
  }
  /**
   * Reads into a buffer from the data that was read ahead. If there is none, it receives once. Returns the number of
   * bytes.
   */
  readinto1(buffer: ArrayBufferView | ArrayBufferLike, options?: WaitOptions): Promise<number | null> {
    return this.readsInto(buffer, options, (reader, view, length, signal) => reader.readSomeInto(view, length, signal));
  }

  /**
   * Writes all of the data, and returns its length in bytes. After a timeout or an abort the data is still in the buffer, and
   * `flush` sends the rest. If the abort comes while the call waits for an earlier write to end, nothing of it is written.
   */
  write(data: Data, options?: WaitOptions): Promise<number> {
    return this.counted(() => {
      if (!this.writable()) throw new UnsupportedOperation("not writable");
      const signal = checkOptions(options);
      // The program may change its memory after the call. Data that must wait for other writes is therefore copied.
      const bytes = this.#writes.busy ? bytesOf(data).slice() : bytesOf(data);
      return this.#writes.run(() => this.#writer!.write(bytes, signal), signal);
    });
  }
  /** Sends what was written. */
  flush(options?: WaitOptions): Promise<void> {
    return this.counted(() => {
      this.checkOpen();
      return this.finish(checkOptions(options));
    });
  }

  /** Sends the rest of the written data. */
  protected override async finish(signal: AbortSignal | undefined): Promise<void> {
    if (this.#writer !== undefined) await this.#writes.run(() => this.#writer!.flush(signal), signal);
  }
}
