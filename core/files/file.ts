// What all files of a socket have in common.

import { nameOf } from "../../base/data.ts";
import { OSError } from "../../base/errors.ts";
import { checkOptions } from "../arguments.ts";
import { isAborted, throwIfAborted, whenAborted } from "../promises.ts";
import type { WaitOptions } from "../promises.ts";

/**
 * A file operation that the file's mode does not allow, as Python's io.UnsupportedOperation.
 *
 * @example
 * ```ts
 * import * as socket from "@berkeley/socket";
 * const [a, b] = await socket.socketpair();
 * await using file = a.makefile("w");
 * await file.read().catch((error) => console.assert(error instanceof socket.UnsupportedOperation));
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
 * Reads wait as the socket's own recv would: for ever, up to its timeout, or not at all; then they answer null.
 * After a timeout or an abort nothing is lost: the next call goes on with what was received.
 *
 * @example
 * ```ts
 * import * as socket from "@berkeley/socket";
 * const [a, b] = await socket.socketpair();
 * await a.sendall("one\ntwo\n");
 * a.close();
 * await using file = b.makefile();
 * b.close(); // the file keeps the socket open
 * for await (const line of file) console.log(line.trimEnd());
 * ```
 */
export abstract class SocketFile<T extends string | Uint8Array, D = T> implements AsyncIterable<T>, AsyncDisposable {
  /** Whether close was called. */
  abstract readonly closed: boolean;
  /** "r", "w" or "rw" as it was given for text; "rb", "wb" or "rwb" for bytes. */
  abstract readonly mode: string;
  /** The socket's descriptor; -1 once the file is closed. */
  abstract readonly name: number;
  /** The encoding's name; undefined for bytes. */
  readonly encoding: string | undefined = undefined;
  /** How the encoding treats errors; undefined for bytes. */
  readonly errors: string | undefined = undefined;
  /** The line ends seen so far, where the file reads all kinds of them: null, one, or an array; undefined for bytes. */
  abstract readonly newlines: string | string[] | null | undefined;

  /** The socket's descriptor. */
  abstract fileno(): number;
  /** Whether the file was opened to read. */
  abstract readable(): boolean;
  /** Whether the file was opened to write. */
  abstract writable(): boolean;

  /** Never: a socket has no position. */
  seekable(): boolean {
    this.fileno();
    return false;
  }

  /** Never: a socket is no terminal. */
  isatty(): boolean {
    return this.seekable();
  }

  /** Reads up to `size` characters or bytes; to the end of the stream if it is negative or left out. */
  abstract read(size?: number | null | WaitOptions, options?: WaitOptions): Promise<T | null>;
  /** Reads one line with its end, or up to `limit` characters or bytes of it. Empty at the end of the stream. */
  abstract readline(limit?: number | null | WaitOptions, options?: WaitOptions): Promise<T | null>;
  /** Reads lines to the end of the stream, or until they hold more than `hint` characters or bytes. */
  abstract readlines(hint?: number | null | WaitOptions, options?: WaitOptions): Promise<T[] | null>;
  /** Writes, and answers how much; a buffered file sends it when its buffer is full, or at flush or close. */
  abstract write(data: D, options?: WaitOptions): Promise<number | null>;
  /** Sends what was written. */
  abstract flush(options?: WaitOptions): Promise<void>;
  /** Sends what was written and gives up the socket, which closes if it was closed before and has no other file. */
  abstract close(options?: WaitOptions): Promise<void>;

  /** Writes one after the other; no line ends are added. */
  async writelines(lines: Iterable<D> | AsyncIterable<D>, options?: WaitOptions): Promise<void> {
    this.fileno();
    checkOptions(options);
    for await (const line of lines) await this.write(line, options);
  }

  /** Reads line by line to the end of the stream (or of what there is, on a non-blocking socket). Closes nothing. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<T> {
    for (let line = await this.readline(); line?.length; line = await this.readline()) yield line;
  }

  /** Closes the file; what was written is still delivered. */
  [Symbol.dispose](): void {
    void this.close();
  }

  /** Closes the file when what was written has been sent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The error of using a closed file. */
export function closedFile(): RangeError {
  return new RangeError("I/O operation on closed file.");
}

/** Checks an argument that counts: null and undefined are -1. */
export function countOf(value: number | null | undefined): number {
  if (value === undefined || value === null) return -1;
  if (Number.isInteger(value)) return value;
  throw new TypeError(`argument should be integer or null, not ${typeof value === "number" ? value : nameOf(value)}`);
}

// One call after the other: a file's reads share a buffer, and so do its writes.

/** The call that has its turn. */
interface Running {
  readonly work: Promise<unknown>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Lets calls in one at a time, in the order they came. A call that is still waiting for its turn leaves
 * at once when its signal is aborted; one that has its turn ends by itself, so nothing it took is dropped.
 * Calls that are aborted together end in their order: a program that awaits one after the other misses no rejection.
 */
export class Order {
  #taken = false;
  #running: Running | undefined;
  readonly #waiting: (() => void)[] = [];

  /** Whether a call would have to wait for its turn. */
  get busy(): boolean {
    return this.#taken;
  }

  /** Runs one piece of work when its turn has come. */
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
      // The turn is handed over, not set free: a call that comes now must not overtake those that wait.
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
