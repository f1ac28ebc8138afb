// Files of bytes: unbuffered, as Python's SocketIO, and buffered, as BufferedReader, BufferedWriter and BufferedRWPair.

import { bytesOf, viewOf } from "../../base/data.ts";
import type { Data } from "../../base/data.ts";
import { ByteReader, ByteWriter, orNull } from "./bytes.ts";
import type { Bytes, FileSocket } from "./bytes.ts";
import { closedFile, countOf, SocketFile, UnsupportedOperation } from "./file.ts";
import type { FileWaitOptions } from "./file.ts";
import { Order } from "./order.ts";

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

/** Bytes come as Uint8Array and go as anything that holds bytes, or as text in UTF-8. */
abstract class BinaryFile extends SocketFile<Bytes, Data> {
  readonly #parts: BinaryParts;
  readonly #reader: ByteReader;
  readonly #reads: Order = new Order();
  #closing: Promise<void> | undefined;

  constructor(parts: BinaryParts, readAhead: number) {
    super();
    this.#parts = parts;
    this.#reader = new ByteReader(parts.socket, readAhead);
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }
  get mode(): string {
    return `${this.#parts.reading ? "r" : ""}${this.#parts.writing ? "w" : ""}b`;
  }
  get name(): number {
    return this.closed ? -1 : this.#parts.socket.fileno();
  }
  get newlines(): undefined {
    return undefined;
  }

  fileno(): number {
    this.checkOpen();
    return this.#parts.socket.fileno();
  }
  readable(): boolean {
    this.checkOpen();
    return this.#parts.reading;
  }
  writable(): boolean {
    this.checkOpen();
    return this.#parts.writing;
  }

  readline(limit?: number | null, options?: FileWaitOptions): Promise<Bytes | null> {
    const most = countOf(limit);
    return this.reads((reader, signal) => reader.readline(most, signal), options);
  }
  readlines(hint?: number | null, options?: FileWaitOptions): Promise<Bytes[] | null> {
    const most = countOf(hint);
    return this.reads((reader, signal) => reader.readlines(most, signal), options);
  }

  close(options: FileWaitOptions = {}): Promise<void> {
    // Closing again awaits the first closing, but only that one tells how it went.
    if (this.#closing !== undefined) return this.#closing.then(undefined, () => {});
    const release = () => {
      this.#reader.abandon(closedFile());
      this.#parts.release();
    };
    return this.#closing = this.finish(options).finally(release);
  }

  /** Sends what is still to be sent. */
  protected abstract finish(options: FileWaitOptions): Promise<void>;

  protected checkOpen(): void {
    if (this.closed) throw closedFile();
  }

  /** Runs one read in its turn. */
  protected async reads<R>(
    read: (reader: ByteReader, signal: AbortSignal | undefined) => Promise<R>,
    options: FileWaitOptions = {},
  ): Promise<R> {
    if (!this.readable()) throw new UnsupportedOperation("not readable");
    return await this.#reads.run(() => read(this.#reader, options.signal), options.signal);
  }
}

/** An unbuffered file of bytes: each read is one receive and each write one send. */
export class RawFile extends BinaryFile {
  readonly #socket: FileSocket;
  readonly #writes: Order = new Order();

  /** Made by {@linkcode makeFile}. */
  constructor(parts: BinaryParts) {
    // Nothing is read ahead: lines are received byte by byte, as in Python.
    super(parts, 1);
    this.#socket = parts.socket;
  }

  /** Receives once, up to `size` bytes; to the end of the stream if it is negative or left out. */
  read(size?: number | null, options?: FileWaitOptions): Promise<Bytes | null> {
    const most = countOf(size);
    return this.reads((reader, signal) => most < 0 ? reader.read(-1, signal) : reader.readSome(most, signal), options);
  }
  /** Receives to the end of the stream. */
  readall(options?: FileWaitOptions): Promise<Bytes | null> {
    return this.read(-1, options);
  }
  /** Receives once into a buffer, and answers how much. */
  readinto(buffer: BufferSource, options?: FileWaitOptions): Promise<number | null> {
    const view = viewOf(buffer) as Bytes;
    return this.reads((reader, signal) => reader.readSomeInto(view, signal), options);
  }
  /** Sends once, and answers how much that was. */
  async write(data: Data, options: FileWaitOptions = {}): Promise<number | null> {
    if (!this.writable()) throw new UnsupportedOperation("not writable");
    const bytes = bytesOf(data) as Bytes;
    const send = () => orNull(this.#socket.send(bytes, 0, { signal: options.signal }));
    return await this.#writes.run(send, options.signal);
  }
  /** Does nothing: there is no buffer. */
  // deno-lint-ignore require-await
  async flush(): Promise<void> {
    this.checkOpen();
  }

  protected override finish(): Promise<void> {
    return Promise.resolve();
  }
}

/** A buffered file of bytes. */
export class BufferedFile extends BinaryFile {
  readonly #writer: ByteWriter | undefined;
  readonly #writes: Order = new Order();

  /** Made by {@linkcode makeFile}. */
  constructor(parts: BinaryParts, size: number) {
    super(parts, size);
    this.#writer = parts.writing ? new ByteWriter(parts.socket, size) : undefined;
  }

  /** Reads `size` bytes, fewer only at the end of the stream; to the end if it is negative or left out. */
  async read(size?: number | null, options?: FileWaitOptions): Promise<Bytes | null> {
    const most = countOf(size);
    if (most < -1) throw new RangeError("read length must be non-negative or -1");
    return await this.reads((reader, signal) => reader.read(most, signal), options);
  }
  /** Reads what is buffered, up to `size` bytes, or receives once if that is nothing. */
  read1(size?: number | null, options?: FileWaitOptions): Promise<Bytes | null> {
    const most = countOf(size);
    return this.reads((reader, signal) => reader.readSome(most, signal), options);
  }
  /** Shows what is buffered, or receives once if that is nothing, without taking it. */
  peek(options?: FileWaitOptions): Promise<Bytes | null> {
    return this.reads((reader, signal) => reader.peek(signal), options);
  }
  /** Fills a buffer, less of it only at the end of the stream, and answers how much. */
  async readinto(buffer: BufferSource, options?: FileWaitOptions): Promise<number | null> {
    const view = viewOf(buffer) as Bytes;
    const bytes = await this.reads((reader, signal) => reader.read(view.length, signal), options);
    if (bytes === null) return null;
    view.set(bytes);
    return bytes.length;
  }
  /** Reads into a buffer what is there, or receives into it once if that is nothing. */
  readinto1(buffer: BufferSource, options?: FileWaitOptions): Promise<number | null> {
    const view = viewOf(buffer) as Bytes;
    return this.reads((reader, signal) => reader.readSomeInto(view, signal), options);
  }

  /**
   * Writes, and answers how much: all of it. After a timeout or an abort what was given is still in the
   * buffer, and flush goes on with it.
   */
  async write(data: Data, options: FileWaitOptions = {}): Promise<number> {
    if (!this.writable()) throw new UnsupportedOperation("not writable");
    // Who wrote it may use its memory again at once: where the data has to wait for its turn it is copied.
    const bytes = this.#writes.busy ? bytesOf(data).slice() : bytesOf(data);
    return await this.#writes.run(() => this.#writer!.write(bytes, options.signal), options.signal);
  }
  async flush(options: FileWaitOptions = {}): Promise<void> {
    this.checkOpen();
    await this.finish(options);
  }

  protected override async finish({ signal }: FileWaitOptions): Promise<void> {
    if (this.#writer !== undefined) await this.#writes.run(() => this.#writer!.flush(signal), signal);
  }
}
