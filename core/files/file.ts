// The base class of all files of a socket.

import { nameOf } from "../../base/data.ts";
import { OSError } from "../../base/errors.ts";
import { checkOptions } from "../arguments.ts";
import { isAborted, throwIfAborted, whenAborted } from "../promises.ts";
import type { WaitOptions } from "../promises.ts";
import type { Turns } from "../timing.ts";

/**
 * The error of an operation that the mode of the file does not allow, as Python's io.UnsupportedOperation.
 *
 * @example
 * ```ts
 * import * as socket from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = await socket.socketpair();
 * await using file = a.makefile("w");
 * await assert.rejects(file.read(), socket.UnsupportedOperation);
 * a.close();
 * b.close();
 * ```
 */
export class UnsupportedOperation extends OSError {
  /** The class's name, as Python prints it. */
  override name = "UnsupportedOperation";
}

/**
 * A file on a socket, as `Socket.makefile` returns it: of text (`T` is string) or of bytes.
 *
 * Reads wait in the mode of the socket, as its `recv` does. In non-blocking mode a read that would have to wait returns null.
 * After a timeout or an abort nothing is lost: the next call continues with what was received.
 *
 * @example
 * ```ts
 * import * as socket from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = await socket.socketpair();
 * await a.sendall("one\ntwo\n");
 * a.close();
 * await using file = b.makefile();
 * b.close(); // the connection stays open for the file
 * assert.deepEqual(await Array.fromAsync(file), ["one\n", "two\n"]);
 * ```
 */
export abstract class SocketFile<T extends string | Uint8Array, D = T> implements AsyncIterable<T>, AsyncDisposable {
  readonly #turns: Turns;
  /** Whether close was called. */
  abstract readonly closed: boolean;
  /** The mode: for text as it was given ("r", "w" or "rw"), for bytes "rb", "wb" or "rwb". */
  abstract readonly mode: string;
  /** The socket's descriptor; -1 once the file is closed. */
  abstract readonly name: number;
  /** The encoding's name; undefined for bytes. */
  readonly encoding: string | undefined = undefined;
  /** How data that cannot be decoded or encoded is handled, such as "strict"; undefined for a binary file. */
  readonly errors: string | undefined = undefined;
  /** The line ends that were read so far: null, one, or an array of them; undefined for bytes. */
  abstract readonly newlines: string | string[] | null | undefined;

  /** Made by `Socket.makefile`. */
  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /**
   * Makes a call of the file, and counts it: it ends without a wait if it needs nothing of the socket.
   * @internal
   */
  protected counted<R>(call: () => R | Promise<R>): Promise<R> {
    return this.#turns.count(call);
  }

  /** Returns the socket's descriptor. */
  abstract fileno(): number;
  /** Whether the file was opened to read. */
  abstract readable(): boolean;
  /** Whether the file was opened to write. */
  abstract writable(): boolean;

  /** Returns false: a socket has no position. */
  seekable(): boolean {
    this.fileno();
    return false;
  }

  /** Returns false: a socket is no terminal. */
  isatty(): boolean {
    return this.seekable();
  }

  /** Reads up to `size` characters or bytes, or to the end of the stream if `size` is negative or left out. */
  abstract read(size?: number | null | WaitOptions, options?: WaitOptions): Promise<T | null>;
  /** Reads one line with its line end, or its first `limit` characters or bytes. Empty at the end of the stream. */
  abstract readline(limit?: number | null | WaitOptions, options?: WaitOptions): Promise<T | null>;
  /** Reads lines to the end of the stream, or until they hold more than `hint` characters or bytes. */
  abstract readlines(hint?: number | null | WaitOptions, options?: WaitOptions): Promise<T[] | null>;
  /**
   * Writes, and returns the number of characters or bytes. A buffered file sends them when its buffer is full, at `flush` or
   * at `close`.
   */
  abstract write(data: D, options?: WaitOptions): Promise<number | null>;
  /** Sends what was written. */
  abstract flush(options?: WaitOptions): Promise<void>;
  /** Sends what was written and closes the file. A closed socket closes its connection with its last file. */
  abstract close(options?: WaitOptions): Promise<void>;

  /** Writes each item in turn. It adds no line ends. */
  writelines(lines: Iterable<D> | AsyncIterable<D>, options?: WaitOptions): Promise<void> {
    return this.counted(async () => {
      this.fileno();
      checkOptions(options);
      for await (const line of lines) await this.write(line, options);
    });
  }

  /**
   * Reads line by line to the end of the stream. On a non-blocking socket it ends when a read would block. It does not close
   * the file.
   */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<T> {
    for (let line = await this.readline(); line?.length; line = await this.readline()) yield line;
  }

  /** Closes the file. What was written is still sent. An error of that is dropped; `await using` throws it. */
  [Symbol.dispose](): void {
    this.close().catch(() => {});
  }

  /** Closes the file, and waits until what was written has been sent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Makes the error for the use of a closed file. */
export function closedFile(): RangeError {
  return new RangeError("I/O operation on closed file.");
}

/** Checks a size, a limit or a hint. null and undefined become -1. */
export function countOf(value: number | null | undefined): number {
  if (value === undefined || value === null) return -1;
  if (Number.isInteger(value)) return value;
  throw new TypeError(`argument should be integer or null, not ${typeof value === "number" ? value : nameOf(value)}`);
}

// The order of a file's calls. Reads share a buffer and so do writes, so only one of each may run at a time.

/** The call that runs now. */
interface Running {
  readonly work: Promise<unknown>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs calls one at a time, in the order in which they were made. A queued call rejects as soon as its signal is aborted. A
 * running call is not interrupted, so no data that it took is lost. Calls that are aborted together reject in their order, so a
 * program that awaits them in that order handles each rejection in time.
 */
export class Order {
  #taken = false;
  #running: Running | undefined;
  readonly #waiting: (() => void)[] = [];

  /** Whether a new call would be queued. */
  get busy(): boolean {
    return this.#taken;
  }

  /** Runs a call after all calls before it. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    throwIfAborted(signal);
    if (this.#taken) await this.#turn(signal);
    this.#taken = true;
    try {
      const running = work();
      this.#running = { work: running, signal };
      return await running;
    } finally {
      this.#running = undefined;
      // `#taken` stays set if a call is queued, so that a new call does not run before it.
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken = false;
      else next();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        unlisten?.();
        resolve();
      };
      this.#waiting.push(enter);
      const unlisten = signal === undefined ? undefined : whenAborted(signal, (reason) => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        const end = () => reject(reason);
        const running = this.#running;
        if (running?.signal !== undefined && isAborted(running.signal)) running.work.then(end, end);
        else end();
      });
    });
  }
}
