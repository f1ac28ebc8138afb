// Line ends in text, as CPython's `newline` argument has them.

import { nameOf } from "../../base/data.ts";
import { apart, checkOptions } from "../arguments.ts";
import type { WaitOptions } from "../promises.ts";
import type { BufferedFile } from "./binary.ts";
import type { Codec, Decoder, Encoder, ErrorHandler } from "./codecs.ts";
import { closedFile, countOf, Order, SocketFile, UnsupportedOperation } from "./file.ts";

/** How lines end: null and "" know all three ways (null makes them "\n"), the others one. */
export type Newline = null | "" | "\n" | "\r" | "\r\n";

/** Checks a `newline` argument. */
export function newlineOf(value: unknown): Newline {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") throw new TypeError(`newline must be a string or null, not ${nameOf(value)}`);
  if (!["", "\n", "\r", "\r\n"].includes(value)) throw new RangeError(`illegal newline value: ${value}`);
  return value as Newline;
}

/** What `newlines` answers: the line ends seen so far. */
export type NewlinesSeen = null | string | string[];

/** Makes "\r" and "\r\n" to "\n" if it shall, holds a last "\r" back until it is known what follows, and keeps count. */
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

/** Where the line ends that begins at `from` or before, if its end is in the text; else -1. */
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

/** What is written for a text's "\n". */
export function withNewlines(text: string, newline: Newline): string {
  return newline === "\r" || newline === "\r\n" ? text.replaceAll("\n", newline) : text;
}

// Files of text, as Python's TextIOWrapper: an encoding and line ends over a file of bytes.

/** How much is decoded at a time, as in CPython. */
const CHUNK = 8192;

const NOTHING = new Uint8Array(0);

/** How text is read and written. */
export interface TextParts {
  /** As it was given. */
  mode: string;
  /** As it was given. */
  encoding: string;
  /** The encoding itself. */
  codec: Codec;
  /** What becomes of what cannot be decoded or encoded. */
  errors: ErrorHandler;
  /** How lines end. */
  newline: Newline;
  /** Whether each line is sent as soon as it is whole. */
  lineBuffering: boolean;
}

/**
 * A file of text, as Python's TextIOWrapper. Characters are counted as there: an emoji is one.
 *
 * @example
 * ```ts
 * import * as socket from "@berkeley/socket";
 * const [a, b] = await socket.socketpair();
 * await using file = a.makefile("rw", { newline: "\r\n" });
 * await file.write("hello\n");
 * await file.flush();
 * console.log(await b.recv(100)); // hello and CR LF
 * a.close();
 * b.close();
 * ```
 */
export class TextFile extends SocketFile<string> {
  /** The file of bytes underneath. */
  readonly buffer: BufferedFile;
  /** Whether each line is sent as soon as it is whole. */
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
  // What was decoded and is not yet read: #text from #at on.
  #text = "";
  #at = 0;

  /** Made by `Socket.makefile`. */
  constructor(buffer: BufferedFile, parts: TextParts) {
    super();
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
  /** The line ends seen so far, where the file reads all kinds of them: null, one, or an array. */
  get newlines(): string | string[] | null {
    return this.#newlines?.seen ?? null;
  }
  /** The socket's descriptor. */
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

  /** Reads `size` characters, fewer only at the end of the stream; to the end if it is negative or left out. */
  async read(size?: number | null | WaitOptions, options?: WaitOptions): Promise<string | null> {
    const [count, checked] = apart(size, options);
    const most = countOf(count);
    return await this.#read(async (signal) => {
      for (;;) {
        const end = most < 0 ? -1 : endOf(this.#text, this.#at, most);
        if (end >= 0) return this.#take(end);
        const more = await this.#fill(signal);
        if (typeof more === "string") continue;
        return more === null && this.#at === this.#text.length ? null : this.#take(this.#text.length);
      }
    }, checked);
  }

  /** Reads one line with its end, or up to `limit` characters of it. Empty at the end of the stream. */
  async readline(limit?: number | null | WaitOptions, options?: WaitOptions): Promise<string | null> {
    const [count, checked] = apart(limit, options);
    const most = countOf(count);
    return await this.#read(async (signal) => {
      const length = await this.#lineLength(most, signal);
      return length === null ? null : this.#take(this.#at + length);
    }, checked);
  }

  /** Reads lines to the end of the stream, or until they hold more than `hint` characters. */
  async readlines(hint?: number | null | WaitOptions, options?: WaitOptions): Promise<string[] | null> {
    const [count, checked] = apart(hint, options);
    const most = countOf(count);
    return await this.#read(async (signal) => {
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
        // A timeout on the way must not cost the lines before it.
        this.#text = lines.join("") + this.#text.slice(this.#at);
        this.#at = 0;
        throw error;
      }
      return lines;
    }, checked);
  }

  /** Writes, and answers how many characters; they are sent when the buffer is full, or at flush or close. */
  async write(text: string, options?: WaitOptions): Promise<number> {
    if (!this.writable()) throw new UnsupportedOperation("not writable");
    checkOptions(options);
    if (typeof text !== "string") throw new TypeError(`write() argument must be a string, not ${nameOf(text)}`);
    await this.buffer.write(this.#encoder!.encode(withNewlines(text, this.#newline)), options);
    if (this.line_buffering && /[\r\n]/.test(text)) await this.buffer.flush(options);
    return countCharacters(text);
  }
  /** Sends what was written. */
  async flush(options?: WaitOptions): Promise<void> {
    await this.buffer.flush(options);
  }
  /** Sends what was written and gives up the socket, which closes if it was closed before and has no other file. */
  close(options?: WaitOptions): Promise<void> {
    return this.buffer.close(options);
  }

  async #read<R>(
    read: (signal: AbortSignal | undefined) => Promise<R>,
    options: WaitOptions | undefined,
  ): Promise<R> {
    if (!this.readable()) throw new UnsupportedOperation("not readable");
    const signal = checkOptions(options);
    return await this.#reads.run(() => {
      if (this.closed) throw closedFile();
      return read(signal);
    }, signal);
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

  /** How long the next line is; 0 at the end of the stream, null where it would wait. */
  async #lineLength(limit: number, signal: AbortSignal | undefined): Promise<number | null> {
    let end = lineEnd(this.#text, this.#at, this.#newline);
    // The text's last character: it may be the "\r" of the "\r\n" that is looked for.
    let last = this.#text.slice(Math.max(this.#at, this.#text.length - 1));
    for (;;) {
      const most = limit < 0 ? -1 : endOf(this.#text, this.#at, limit);
      if (most >= 0 && (end < 0 || most < end)) return most - this.#at;
      if (end >= 0) return end - this.#at;
      const length = this.#text.length - this.#at;
      const more = await this.#fill(signal);
      if (typeof more !== "string") return more === null && length === 0 ? null : length;
      // In what is new alone: to look into a text that was just appended to costs all of its length.
      const seam = last + more;
      const found = lineEnd(seam, 0, this.#newline);
      if (found >= 0) end = this.#at + length - last.length + found;
      last = seam.slice(-1);
    }
  }

  /** Receives once, decodes, and answers what that adds to the text. False at the end of the stream, null where it would wait. */
  async #fill(signal: AbortSignal | undefined): Promise<string | false | null> {
    // Asked first without news: a decoder that stopped at a wrong byte throws now, not after another packet.
    const late = this.#append(this.#decoder!.decode(NOTHING, false), false);
    if (late !== "") return late;
    const bytes = await this.buffer.read1(CHUNK, { signal });
    if (bytes === null) return null;
    const final = bytes.length === 0;
    const text = this.#append(this.#decoder!.decode(bytes, final), final);
    return final && text === "" ? false : text;
  }

  /** Appends decoded text, and answers it with its line ends as they are read. */
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

/** Where the text's first `count` characters from `start` on end; -1 if it has fewer. */
function endOf(text: string, start: number, count: number): number {
  if (text.length - start < count) return -1;
  let end = start;
  while (count > 0 && end < text.length) {
    end += text.codePointAt(end)! > 0xffff ? 2 : 1;
    count--;
  }
  return count === 0 ? end : -1;
}

/** How many characters a text has, a surrogate pair being one. */
function countCharacters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}
