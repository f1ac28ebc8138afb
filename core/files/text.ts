// Line ends in text, as CPython's `newline` argument defines them.

import { nameOf } from "../../base/data.ts";
import { apart, checkOptions } from "../arguments.ts";
import type { WaitOptions } from "../promises.ts";
import type { Turns } from "../timing.ts";
import type { BufferedFile } from "./binary.ts";
import type { Codec, Decoder, Encoder, ErrorHandler } from "./codecs.ts";
import { closedFile, countOf, Order, SocketFile, UnsupportedOperation } from "./file.ts";

/** How lines end: with null and "" in any of the three ways (null changes all to "\n"), else in this way only. */
export type Newline = null | "" | "\n" | "\r" | "\r\n";

/** Checks a `newline` argument. */
export function newlineOf(value: unknown): Newline {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") throw new TypeError(`newline must be a string or null, not ${nameOf(value)}`);
  if (!["", "\n", "\r", "\r\n"].includes(value)) throw new RangeError(`illegal newline value: ${value}`);
  return value as Newline;
}

/** The value of `newlines`: the line ends that were read so far. */
export type NewlinesSeen = null | string | string[];

/**
 * Changes "\r" and "\r\n" to "\n" if `newline` is null, and notes which line ends were read. It keeps a "\r" at the end of a
 * piece until the next character is known.
 */
export class NewlineDecoder {
  readonly #translate: boolean;
  #held = "";
  #cr = false;
  #lf = false;
  #crlf = false;

  constructor(translate: boolean) {
    this.#translate = translate;
  }

  decode(text: string, final: boolean): string {
    if (text === "" && !final) return "";
    text = this.#held + text;
    this.#held = "";
    if (!final && text.endsWith("\r")) {
      this.#held = "\r";
      text = text.slice(0, -1);
    }
    if (!text.includes("\r")) {
      this.#lf ||= text.includes("\n");
      return text;
    }
    this.#crlf ||= text.includes("\r\n");
    this.#cr ||= /\r(?!\n)/.test(text);
    this.#lf ||= /(?<!\r)\n/.test(text);
    return this.#translate ? text.replace(/\r\n?/g, "\n") : text;
  }

  get seen(): NewlinesSeen {
    const seen = [this.#cr && "\r", this.#lf && "\n", this.#crlf && "\r\n"].filter((end) => end !== false);
    return seen.length > 1 ? seen : seen[0] ?? null;
  }
}

/** Finds the end of the line that begins at or before `from`; -1 if the text does not have it. */
export function lineEnd(text: string, from: number, newline: Newline): number {
  if (newline === "") {
    ANY_END.lastIndex = from;
    return ANY_END.test(text) ? ANY_END.lastIndex : -1;
  }
  const end = newline ?? "\n";
  const index = text.indexOf(end, from);
  return index < 0 ? -1 : index + end.length;
}

const ANY_END = /\r\n|\r|\n/g;

/** Returns a text with the line ends that are written for "\n". */
export function withNewlines(text: string, newline: Newline): string {
  return newline === "\r" || newline === "\r\n" ? text.replaceAll("\n", newline) : text;
}

// Files of text, as Python's TextIOWrapper: an encoding and line ends over a file of bytes.

/** How many bytes are decoded at a time, as in CPython. */
const CHUNK = 8192;

const NOTHING = new Uint8Array(0);

/** The parts of a file of text. */
export interface TextParts {
  /** The mode as it was given. */
  mode: string;
  /** The name of the encoding as it was given. */
  encoding: string;
  /** The encoding itself. */
  codec: Codec;
  /** What to do with data that cannot be decoded or encoded. */
  errors: ErrorHandler;
  /** How lines end. */
  newline: Newline;
  /** Whether each line is sent as soon as it is complete. */
  lineBuffering: boolean;
  /** Counts the calls that end without a wait. */
  turns: Turns;
}

/**
 * A file of text, as Python's TextIOWrapper. Sizes are in characters as Python counts them: an emoji is one.
 *
 * @example
 * ```ts
 * import * as socket from "@berkeley/socket";
 * import assert from "node:assert/strict";
 * const [a, b] = await socket.socketpair();
 * await using file = a.makefile("rw", { newline: "\r\n" });
 * await file.write("hello\n");
 * await file.flush();
 * assert.equal(new TextDecoder().decode(await b.recv(100)), "hello\r\n");
 * a.close();
 * b.close();
 * ```
 */
export class TextFile extends SocketFile<string> {
  /** The binary file below this text file. */
  readonly buffer: BufferedFile;
  /** Whether each line is sent as soon as it is complete. */
  readonly line_buffering: boolean;
  /** "r", "w" or "rw", as it was given. */
  readonly mode: string;
  /** The encoding's name. */
  override readonly encoding: string;
  /** "strict", "ignore" or "replace". */
  override readonly errors: ErrorHandler;

  readonly #newline: Newline;
  readonly #newlines: NewlineDecoder | undefined;
  readonly #decoder: Decoder | undefined;
  readonly #encoder: Encoder | undefined;
  readonly #reads: Order = new Order();
  // Decoded text that was not read yet: #text from #at on.
  #text = "";
  #at = 0;

  /** Made by `Socket.makefile`. */
  constructor(buffer: BufferedFile, parts: TextParts) {
    super(parts.turns);
    this.buffer = buffer;
    this.mode = parts.mode;
    this.encoding = parts.encoding;
    this.errors = parts.errors;
    this.line_buffering = parts.lineBuffering;
    this.#newline = parts.newline;
    if (!parts.newline) this.#newlines = new NewlineDecoder(parts.newline === null);
    if (buffer.readable()) this.#decoder = parts.codec.decoder(parts.errors);
    if (buffer.writable()) this.#encoder = parts.codec.encoder(parts.errors);
  }

  /** Whether close was called. */
  get closed(): boolean {
    return this.buffer.closed;
  }
  /** The socket's descriptor; -1 once the file is closed. */
  get name(): number {
    return this.buffer.name;
  }
  /** The line ends that were read so far: null, one, or an array of them. */
  get newlines(): string | string[] | null {
    return this.#newlines?.seen ?? null;
  }
  /** Returns the socket's descriptor. */
  fileno(): number {
    return this.buffer.fileno();
  }
  /** Whether the file was opened to read. */
  readable(): boolean {
    return this.buffer.readable();
  }
  /** Whether the file was opened to write. */
  writable(): boolean {
    return this.buffer.writable();
  }

  /** Reads `size` characters, or fewer at the end of the stream. It reads to the end if `size` is negative or left out. */
  read(size?: number | null | WaitOptions, options?: WaitOptions): Promise<string | null> {
    return this.#read(size, options, async (most, signal) => {
      for (;;) {
        const end = most < 0 ? -1 : endOf(this.#text, this.#at, most);
        if (end >= 0) return this.#take(end);
        const more = await this.#fill(signal);
        if (typeof more === "string") continue;
        return more === null && this.#at === this.#text.length ? null : this.#take(this.#text.length);
      }
    });
  }

  /** Reads one line with its line end, or its first `limit` characters. Empty at the end of the stream. */
  readline(limit?: number | null | WaitOptions, options?: WaitOptions): Promise<string | null> {
    return this.#read(limit, options, async (most, signal) => {
      const length = await this.#lineLength(most, signal);
      return length === null ? null : this.#take(this.#at + length);
    });
  }

  /** Reads lines to the end of the stream, or until they hold more than `hint` characters. */
  readlines(hint?: number | null | WaitOptions, options?: WaitOptions): Promise<string[] | null> {
    return this.#read(hint, options, async (most, signal) => {
      const lines: string[] = [];
      try {
        for (let characters = 0; most <= 0 || characters <= most;) {
          const length = await this.#lineLength(-1, signal);
          if (length === null && lines.length === 0) return null;
          if (!length) break;
          const line = this.#take(this.#at + length);
          characters += countCharacters(line);
          lines.push(line);
        }
      } catch (error) {
        // At a timeout the complete lines go back into the text, so that none is lost.
        this.#text = lines.join("") + this.#text.slice(this.#at);
        this.#at = 0;
        throw error;
      }
      return lines;
    });
  }

  /** Writes, and returns the number of characters. They are sent when the buffer is full, at `flush` or at `close`. */
  write(text: string, options?: WaitOptions): Promise<number> {
    return this.counted(async () => {
      if (!this.writable()) throw new UnsupportedOperation("not writable");
      checkOptions(options);
      if (typeof text !== "string") throw new TypeError(`write() argument must be a string, not ${nameOf(text)}`);
      await this.buffer.write(this.#encoder!.encode(withNewlines(text, this.#newline)), options);
      if (this.line_buffering && /[\r\n]/.test(text)) await this.buffer.flush(options);
      return countCharacters(text);
    });
  }
  /** Sends what was written. */
  flush(options?: WaitOptions): Promise<void> {
    return this.buffer.flush(options);
  }
  /** Sends what was written and closes the file. A closed socket closes its connection with its last file. */
  close(options?: WaitOptions): Promise<void> {
    return this.buffer.close(options);
  }

  /** Reads up to a size, which is -1 if it is left out. The options may take its place. */
  #read<R>(
    size: number | null | undefined | WaitOptions,
    options: WaitOptions | undefined,
    read: (size: number, signal: AbortSignal | undefined) => Promise<R>,
  ): Promise<R> {
    return this.counted(() => {
      const [count, checked] = apart(size, options);
      const most = countOf(count);
      if (!this.readable()) throw new UnsupportedOperation("not readable");
      const signal = checkOptions(checked);
      return this.#reads.run(() => {
        if (this.closed) throw closedFile();
        return read(most, signal);
      }, signal);
    });
  }

  #take(end: number): string {
    const taken = this.#text.slice(this.#at, end);
    this.#at = end;
    if (end === this.#text.length) {
      this.#text = "";
      this.#at = 0;
    }
    return taken;
  }

  /** Finds the length of the next line; 0 at the end of the stream, null if it would block. */
  async #lineLength(limit: number, signal: AbortSignal | undefined): Promise<number | null> {
    let end = lineEnd(this.#text, this.#at, this.#newline);
    // The last character of the text. It may be the "\r" of a "\r\n".
    let last = this.#text.slice(Math.max(this.#at, this.#text.length - 1));
    for (;;) {
      const most = limit < 0 ? -1 : endOf(this.#text, this.#at, limit);
      if (most >= 0 && (end < 0 || most < end)) return most - this.#at;
      if (end >= 0) return end - this.#at;
      const length = this.#text.length - this.#at;
      const more = await this.#fill(signal);
      if (typeof more !== "string") return more === null && length === 0 ? null : length;
      // Searches the new text only: a search in a string that was just appended to takes time for all of its length.
      const seam = last + more;
      const found = lineEnd(seam, 0, this.#newline);
      if (found >= 0) end = this.#at + length - last.length + found;
      last = seam.slice(-1);
    }
  }

  /** Receives once and returns the new text. Returns false at the end of the stream, and null if it would block. */
  async #fill(signal: AbortSignal | undefined): Promise<string | false | null> {
    // Decoded first without new data. A decoder that stopped before an invalid byte throws now, and not after a receive.
    const late = this.#append(this.#decoder!.decode(NOTHING, false), false);
    if (late !== "") return late;
    const bytes = await this.buffer.read1(CHUNK, { signal });
    if (bytes === null) return null;
    const final = bytes.length === 0;
    const text = this.#append(this.#decoder!.decode(bytes, final), final);
    return final && text === "" ? false : text;
  }

  /** Appends decoded text, and returns it with its line ends as they are read. */
  #append(text: string, final: boolean): string {
    if (this.#newlines !== undefined) text = this.#newlines.decode(text, final);
    if (this.#at > 0 && text !== "") {
      this.#text = this.#text.slice(this.#at);
      this.#at = 0;
    }
    this.#text += text;
    return text;
  }
}

/** Returns the index behind the first `count` characters from `start` on; -1 if there are fewer. */
function endOf(text: string, start: number, count: number): number {
  if (text.length - start < count) return -1;
  let end = start;
  while (count > 0 && end < text.length) {
    end += text.codePointAt(end)! > 0xffff ? 2 : 1;
    count--;
  }
  return count === 0 ? end : -1;
}

/** Counts the characters of a text. A surrogate pair is one. */
function countCharacters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}
