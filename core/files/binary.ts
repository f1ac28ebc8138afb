// Files of bytes: unbuffered, as Python's SocketIO, and buffered, as BufferedReader, BufferedWriter and BufferedRWPair.

import { bytesOf, viewOf } from "../../base/data.ts";
import type { Data } from "../../base/data.ts";
import { apart, checkOptions, checkUnchanged } from "../arguments.ts";
import type { WaitOptions } from "../promises.ts";
import { ByteReader, ByteWriter, orNull } from "./bytes.ts";
import type { Bytes, FileSocket } from "./bytes.ts";
import { closedFile, countOf, Order, SocketFile, UnsupportedOperation } from "./file.ts";

/** What a file of bytes is made of. */
export interface BinaryParts {
  /** The socket. */
  socket: FileSocket;
  /** Whether it reads. */
  reading: boolean;
  /** Whether it writes. */
  writing: boolean;
  /** Called once, when the file has let the socket go. */
  release(): void;
}

/** A file of bytes: they come as Uint8Array and go as anything that holds bytes, or as text in UTF-8. */
export abstract class BinaryFile extends SocketFile<Uint8Array<ArrayBuffer>, Data> {
  readonly #parts: BinaryParts;
  readonly #reader: ByteReader;
  readonly #reads: Order = new Order();
  #closing: Promise<void> | undefined;

  /** Made by `Socket.makefile`. */
  constructor(parts: BinaryParts, readAhead: number) {
    super();
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
  /** Undefined: bytes have no line ends of several kinds. */
  get newlines(): undefined {
    return undefined;
  }

  /** The socket's descriptor. */
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

  /** Reads up to a newline, which is included, or up to `limit` bytes. Empty at the end of the stream. */
  async readline(limit?: number | null | WaitOptions, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    const [count, checked] = apart(limit, options);
    const most = countOf(count);
    return await this.reads((reader, signal) => reader.readline(most, signal), checked);
  }
  /** Reads lines to the end of the stream, or until they hold more than `hint` bytes. */
  async readlines(
    hint?: number | null | WaitOptions,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>[] | null> {
    const [count, checked] = apart(hint, options);
    const most = countOf(count);
    return await this.reads((reader, signal) => reader.readlines(most, signal), checked);
  }

  /** Sends what was written and gives up the socket, which closes if it was closed before and has no other file. */
  close(options?: WaitOptions): Promise<void> {
    // Closing again awaits the first closing, but only that one tells how it went.
    if (this.#closing !== undefined) return this.#closing.then(undefined, () => {});
    const release = () => {
      this.#reader.abandon(closedFile());
      this.#parts.release();
    };
    let signal: AbortSignal | undefined;
    try {
      signal = checkOptions(options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#closing = this.finish(signal).finally(release);
  }

  /** Sends what is still to be sent. */
  protected abstract finish(signal: AbortSignal | undefined): Promise<void>;

  /** Throws on a closed file. */
  protected checkOpen(): void {
    if (this.closed) throw closedFile();
  }

  /**
   * Runs one read in its turn.
   * @internal
   */
  protected async reads<R>(
    read: (reader: ByteReader, signal: AbortSignal | undefined) => Promise<R>,
    options: WaitOptions | undefined,
  ): Promise<R> {
    if (!this.readable()) throw new UnsupportedOperation("not readable");
    const signal = checkOptions(options);
    return await this.#reads.run(() => read(this.#reader, signal), signal);
  }
}

/**
 * An unbuffered file of bytes, as Python's SocketIO: each read is one receive and each write one send.
 *
 * @example
 * ```ts
 * import * as socket from "@berkeley/socket";
 * const [a, b] = await socket.socketpair();
 * await using file = a.makefile("rwb", { buffering: 0 });
 * console.assert(await file.write("hello") === 5);
 * console.log(await b.recv(100));
 * a.close();
 * b.close();
 * ```
 */
export class RawFile extends BinaryFile {
  readonly #socket: FileSocket;
  readonly #writes: Order = new Order();

  /** Made by `Socket.makefile`. */
  constructor(parts: BinaryParts) {
    // Nothing is read ahead: lines are received byte by byte, as in Python.
    super(parts, 1);
    this.#socket = parts.socket;
  }

  /** Receives once, up to `size` bytes; to the end of the stream if it is negative or left out. */
  async read(size?: number | null | WaitOptions, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    const [count, checked] = apart(size, options);
    const most = countOf(count);
    return await this.reads(
      (reader, signal) => most < 0 ? reader.read(-1, signal) : reader.readSome(most, signal),
      checked,
    );
  }
  /** Receives to the end of the stream. */
  readall(options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.read(-1, options);
  }
  /** Receives once into a buffer, and answers how much. */
  async readinto(buffer: ArrayBufferView | ArrayBufferLike, options?: WaitOptions): Promise<number | null> {
    const view = viewOf(buffer) as Bytes;
    const { length } = view;
    return await this.reads((reader, signal) => reader.readSomeInto(view, length, signal), options);
  }
  /** Sends once, and answers how much that was. */
  async write(data: Data, options?: WaitOptions): Promise<number | null> {
    if (!this.writable()) throw new UnsupportedOperation("not writable");
    const signal = checkOptions(options);
    const bytes = bytesOf(data) as Bytes;
    const { length } = bytes;
    const send = async () => {
      checkUnchanged(bytes, length);
      return await orNull(this.#socket.send(bytes, 0, { signal }));
    };
    return await this.#writes.run(send, signal);
  }
  /** Does nothing: there is no buffer. */
  // deno-lint-ignore require-await
  async flush(options?: WaitOptions): Promise<void> {
    this.checkOpen();
    checkOptions(options);
  }

  /** There is nothing left to send. */
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
 * const [a, b] = await socket.socketpair();
 * await a.sendall("\x00\x05hello");
 * await using file = b.makefile("rb");
 * const head = await file.read(2);
 * console.log(await file.read(head![0] << 8 | head![1]));
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

  /** Reads `size` bytes, fewer only at the end of the stream; to the end if it is negative or left out. */
  async read(size?: number | null | WaitOptions, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    const [count, checked] = apart(size, options);
    const most = countOf(count);
    if (most < -1) throw new RangeError("read length must be non-negative or -1");
    return await this.reads((reader, signal) => reader.read(most, signal), checked);
  }
  /** Reads what is buffered, up to `size` bytes, or receives once if that is nothing. */
  async read1(size?: number | null | WaitOptions, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    const [count, checked] = apart(size, options);
    const most = countOf(count);
    return await this.reads((reader, signal) => reader.readSome(most, signal), checked);
  }
  /** Shows what is buffered, or receives once if that is nothing, without taking it. */
  peek(options?: WaitOptions): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.reads((reader, signal) => reader.peek(signal), options);
  }
  /** Fills a buffer, less of it only at the end of the stream, and answers how much. */
  async readinto(buffer: ArrayBufferView | ArrayBufferLike, options?: WaitOptions): Promise<number | null> {
    const view = viewOf(buffer) as Bytes;
    const { length } = view;
    return await this.reads((reader, signal) => reader.readInto(view, length, signal), options);
  }
  /** Reads into a buffer what is there, or receives into it once if that is nothing. */
  async readinto1(buffer: ArrayBufferView | ArrayBufferLike, options?: WaitOptions): Promise<number | null> {
    const view = viewOf(buffer) as Bytes;
    const { length } = view;
    return await this.reads((reader, signal) => reader.readSomeInto(view, length, signal), options);
  }

  /**
   * Writes, and answers how much: all of it. After a timeout or an abort what was given is still in the
   * buffer, and flush goes on with it.
   */
  async write(data: Data, options?: WaitOptions): Promise<number> {
    if (!this.writable()) throw new UnsupportedOperation("not writable");
    const signal = checkOptions(options);
    // Who wrote it may use its memory again at once: where the data has to wait for its turn it is copied.
    const bytes = this.#writes.busy ? bytesOf(data).slice() : bytesOf(data);
    return await this.#writes.run(() => this.#writer!.write(bytes, signal), signal);
  }
  /** Sends what was written. */
  async flush(options?: WaitOptions): Promise<void> {
    this.checkOpen();
    await this.finish(checkOptions(options));
  }

  /** Sends what is still to be sent. */
  protected override async finish(signal: AbortSignal | undefined): Promise<void> {
    if (this.#writer !== undefined) await this.#writes.run(() => this.#writer!.flush(signal), signal);
  }
}
