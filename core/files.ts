// makefile: makes a file of a socket. The folder files/ has the classes of files, line ends and encodings.

import { nameOf } from "../base/data.ts";
import { checkOptions } from "./arguments.ts";
import { BufferedFile, RawFile } from "./files/binary.ts";
import type { FileSocket } from "./files/bytes.ts";
import { codecOf, errorHandlerOf } from "./files/codecs.ts";
import { newlineOf, TextFile } from "./files/text.ts";
import type { Turns } from "./timing.ts";

export { BinaryFile, BufferedFile, RawFile } from "./files/binary.ts";
export { TextFile } from "./files/text.ts";
export type { FileSocket } from "./files/bytes.ts";
export type { ErrorHandler } from "./files/codecs.ts";

/** CPython's default size of a buffer (io.DEFAULT_BUFFER_SIZE). */
const DEFAULT_BUFFER_SIZE = 8192;

const FILE_OPTIONS = ["buffering", "encoding", "errors", "newline"];

/** The default encoding, under python3's name. */
const DEFAULT_ENCODING = "UTF-8";

/** The options of `Socket.makefile`, as those of Python's open(). */
export interface MakefileOptions {
  /** The size of the buffer in bytes; 0 for none (bytes only), 1 to send each line at once, -1 or null for 8192. */
  buffering?: number | null;
  /**
   * The encoding, under Python's or the web's name; UTF-8 if left out.
   *
   * - "utf-8" keeps a byte order mark as the character U+FEFF, and writes none. "utf-8-sig" drops a mark at the start of the
   *   stream, and writes one before its first text.
   * - "utf-16" reads in the byte order of the mark at the start of the stream, and drops the mark. A stream without a mark is
   *   little-endian; CPython refuses it. It writes little-endian without a mark, as CPython on a socket.
   * - "utf-16-le" and "utf-16-be" have this byte order. They keep a mark as U+FEFF, and write none.
   * - "latin-1" and "ascii" are the first 256 and 128 characters of Unicode, as in Python. On the web they are windows-1252.
   * - All others are those of `TextDecoder`, such as "shift_jis", "gbk", "koi8-r" and "cp1252".
   */
  encoding?: string | null;
  /** What to do with bytes or characters that the encoding does not have: "strict" (throw), "ignore" or "replace". */
  errors?: string | null;
  /**
   * How lines end. null reads "\n", "\r" and "\r\n" as "\n". "" reads the same three and does not change them. "\n", "\r"
   * and "\r\n" are the only line end then. "\r" and "\r\n" are written for each "\n"; with the others text is written as it
   * is, on every system.
   */
  newline?: string | null;
}

/** The class of the file that a mode and its options make. */
export type FileOf<M extends string, O extends MakefileOptions> = M extends `${string}b${string}`
  ? O extends { buffering: 0 } ? RawFile : BufferedFile
  : TextFile;

/**
 * Makes a file of a socket, whose calls `turns` counts. `release` is called once, when the file is closed and no longer needs
 * the socket.
 */
export function makeFile<const M extends string = "r", const O extends MakefileOptions = MakefileOptions>(
  socket: FileSocket,
  mode: M | undefined,
  options: O | undefined,
  turns: Turns,
  release: () => void,
): FileOf<M, O> {
  return open(socket, mode ?? "r", options ?? {}, turns, release) as FileOf<M, O>;
}

function open(
  socket: FileSocket,
  mode: string,
  options: MakefileOptions,
  turns: Turns,
  release: () => void,
): RawFile | BufferedFile | TextFile {
  checkOptions(options, FILE_OPTIONS);
  if (typeof mode !== "string") throw new TypeError(`mode must be a string, not ${nameOf(mode)}`);
  if (/[^rwb]/.test(mode)) throw new RangeError(`invalid mode '${mode}' (only r, w, b allowed)`);
  const writing = mode.includes("w");
  const reading = mode.includes("r") || !writing;
  const binary = mode.includes("b");
  const buffering = options.buffering ?? -1;
  if (!Number.isInteger(buffering)) throw new TypeError("buffering must be an integer");
  const parts = { socket, reading, writing, turns, release };
  if (buffering === 0) {
    if (!binary) throw new RangeError("unbuffered streams must be binary");
    return new RawFile(parts);
  }
  const size = buffering < 0 ? DEFAULT_BUFFER_SIZE : buffering;
  if (binary) return new BufferedFile(parts, size);
  const encoding = options.encoding ?? DEFAULT_ENCODING;
  if (typeof encoding !== "string") throw new TypeError(`encoding must be a string or null, not ${nameOf(encoding)}`);
  return new TextFile(new BufferedFile(parts, size), {
    mode,
    encoding,
    codec: codecOf(encoding),
    errors: errorHandlerOf(options.errors),
    newline: newlineOf(options.newline),
    lineBuffering: buffering === 1,
    turns,
  });
}
