// Encodings: from text to bytes and back, for data that arrives in pieces, with Python's error handlers.
//
// latin-1 and ascii have their own code, because these names mean windows-1252 on the web. UTF-8 and UTF-16 have their own
// code too. All others are decoded by TextDecoder. Their tables for encoding are made by decoding every character.

import { nameOf } from "../../base/data.ts";

/** Finds an encoding by Python's or the web's name. */
export function codecOf(encoding: string): Codec {
  const name = encoding.toLowerCase().replace(/[ _]/g, "-");
  if (/^(utf|utf-?8|u8|cp65001)$/.test(name)) return utf8("");
  if (name === "utf-8-sig") return utf8(BOM);
  if (/^(utf-?16|u16)$/.test(name)) return utf16(undefined);
  if (/^utf-?16-?le$/.test(name)) return utf16(true);
  if (/^utf-?16-?be$/.test(name)) return utf16(false);
  if (LATIN_1.test(name)) return firstOfUnicode("latin-1", 256);
  if (ASCII.test(name)) return firstOfUnicode("ascii", 128);
  const label = PYTHON_NAMES[name] ?? name.replace(/^iso8859/, "iso-8859");
  for (const known of [label, label.replaceAll("-", "_")]) {
    try {
      return ofTheWeb(new TextDecoder(known).encoding);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new RangeError(`unknown encoding: ${encoding}`);
}

// Python's names of latin-1 and ascii. The web's labels for windows-1252 include them.
const LATIN_1 = /^(latin-?1?|l1|iso-?8859(-?1)?|iso-8859-1-1987|iso-ir-100|csisolatin1|cp819|ibm819|8859)$/;
const ASCII = /^((us-?)?ascii|us|646|iso646-us|iso-ir-6|csascii|cp367|ibm367|ansi-x3.4-19(68|86))$/;

/** Python's names of encodings that TextDecoder knows under other names. */
const PYTHON_NAMES: Readonly<Record<string, string>> = {
  "cp874": "windows-874",
  "cp932": "windows-31j",
  "cp936": "gbk",
  "cp949": "euc-kr",
  "uhc": "euc-kr",
  "euckr": "euc-kr",
  "eucjp": "euc-jp",
  "ujis": "euc-jp",
  "shiftjis": "shift_jis",
  "iso2022-jp": "iso-2022-jp",
  "mac-roman": "macintosh",
  "mac-cyrillic": "x-mac-cyrillic",
};

/**
 * UTF-16. If the name of the encoding has no byte order, it reads by the byte order mark of the stream, and little-endian
 * without a mark. It writes little-endian without a mark, as CPython on a file that cannot seek.
 */
function utf16(littleEndian: boolean | undefined): Codec {
  const name = littleEndian === undefined ? "utf-16" : littleEndian ? "utf-16-le" : "utf-16-be";
  return {
    decoder(errors) {
      if (littleEndian !== undefined) return new Utf16Decoder(littleEndian, errors);
      let decoder: Decoder | undefined;
      let mark = new Uint8Array(0);
      return {
        decode(bytes, final) {
          if (decoder !== undefined) return decoder.decode(bytes, final);
          mark = joined(mark, bytes) as Uint8Array<ArrayBuffer>;
          if (mark.length < 2 && !final) return "";
          decoder = withoutBom(new Utf16Decoder(!(mark[0] === 0xfe && mark[1] === 0xff), errors), BOM);
          return decoder.decode(mark, final);
        },
      };
    },
    encoder: (errors) => ({
      encode(text) {
        text = wellFormed(text, name, errors);
        const view = new DataView(new ArrayBuffer(2 * text.length));
        for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), littleEndian ?? true);
        return new Uint8Array(view.buffer);
      },
    }),
  };
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Decodes UTF-16. Valid text is decoded by TextDecoder. Invalid text is decoded here, because TextDecoder does not tell an
 * invalid unit from a U+FFFD in the data.
 */
class Utf16Decoder implements Decoder {
  readonly #littleEndian: boolean;
  readonly #errors: ErrorHandler;
  readonly #strict: TextDecoder;
  /** The start of a character, up to three bytes. */
  #rest = new Uint8Array(0);

  constructor(littleEndian: boolean, errors: ErrorHandler) {
    this.#littleEndian = littleEndian;
    this.#errors = errors;
    this.#strict = new TextDecoder(littleEndian ? "utf-16le" : "utf-16be", { fatal: true, ignoreBOM: true });
  }

  decode(bytes: Uint8Array, final: boolean): string {
    if (this.#rest.length > 0) bytes = joined(this.#rest, bytes);
    let text = this.#units(bytes);
    if (!final && /[\ud800-\udbff]$/.test(text)) text = text.slice(0, -1);
    const rest = bytes.slice(2 * text.length);
    this.#rest = final ? new Uint8Array(0) : rest;
    const truncated = final && rest.length > 0;
    if (text.isWellFormed() && !truncated) return text;
    if (this.#errors === "strict") throw this.#error(text, bytes);
    const replacement = this.#errors === "replace" ? REPLACEMENT : "";
    // A high surrogate and the byte after it are one fault.
    const last = truncated && !/[\ud800-\udbff]$/.test(text) ? replacement : "";
    return text.replace(LONE_SURROGATE, replacement) + last;
  }

  /** Returns the code units as they are. TextDecoder takes a twentieth of the time, but refuses lone surrogates. */
  #units(bytes: Uint8Array): string {
    try {
      return this.#strict.decode(bytes.subarray(0, bytes.length & ~1));
    } catch {
      return this.#looseUnits(bytes);
    }
  }

  #looseUnits(bytes: Uint8Array): string {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const units = new Uint16Array(bytes.length >> 1);
    for (let i = 0; i < units.length; i++) units[i] = view.getUint16(2 * i, this.#littleEndian);
    return textOfUnits(units);
  }

  /** Makes the error for the first fault, with Python's text. */
  #error(text: string, bytes: Uint8Array): RangeError {
    const name = this.#littleEndian ? "utf-16-le" : "utf-16-be";
    const unit = text.search(LONE_SURROGATE);
    if (unit < 0) return undecodable(name, bytes.at(-1)!, bytes.length - 1, "truncated data");
    const low = text[unit] >= "\udc00";
    const cut = !low && unit === text.length - 1;
    const end = cut ? bytes.length : 2 * unit + 2;
    const why = low ? "illegal encoding" : cut ? "unexpected end of data" : "illegal UTF-16 surrogate";
    return new RangeError(`'${name}' codec can't decode bytes in position ${2 * unit}-${end - 1}: ${why}`);
  }
}

// latin-1 and ascii: each byte is a code point.

function firstOfUnicode(name: string, size: 128 | 256): Codec {
  const why = `ordinal not in range(${size})`;
  return {
    decoder: (errors) => ({
      decode(bytes) {
        const fault = size === 256 ? -1 : bytes.findIndex((byte) => byte >= size);
        if (fault < 0) return textOfUnits(bytes);
        if (errors === "strict") throw undecodable(name, bytes[fault], fault, why);
        const good = errors === "replace" ? bytes : bytes.filter((byte) => byte < size);
        return textOfUnits(good).replace(/[\x80-\xff]/g, REPLACEMENT);
      },
    }),
    encoder: (errors) =>
      byCharacter(name, why, errors, (point, push) => {
        if (point < size) push(point);
        return point < size;
      }),
  };
}

/** Makes a text of code units; the bytes of latin-1 are such. */
function textOfUnits(units: Uint8Array | Uint16Array): string {
  // In pieces, because the arguments of a call must fit on the stack.
  let text = "";
  for (let at = 0; at < units.length; at += 8192) text += String.fromCharCode(...units.subarray(at, at + 8192));
  return text;
}

// All other encodings of TextDecoder.

function ofTheWeb(label: string): Codec {
  if (label === "utf-8") return utf8("");
  if (label === "utf-16le") return utf16(true);
  if (label === "utf-16be") return utf16(false);
  return {
    decoder: (errors) => webDecoder(label, errors),
    encoder(errors) {
      const table = reversed(label);
      const codeOf = (point: number) =>
        label === "gb18030" && point > 0xffff ? fourBytes(point - 0x10000 + FIRST_ASTRAL) : table.get(point);
      return byCharacter(label, "character maps to <undefined>", errors, (point, push) => {
        const code = codeOf(point);
        if (code === undefined) return false;
        for (const shift of [24, 16, 8]) if (code >= 2 ** shift) push(code >>> shift & 0xff);
        push(code & 0xff);
        return true;
      });
    },
  };
}

function webDecoder(label: string, errors: ErrorHandler): Decoder {
  const decoder = new TextDecoder(label, { fatal: errors === "strict", ignoreBOM: true });
  return {
    decode(bytes, final) {
      try {
        const text = decoder.decode(bytes, { stream: !final });
        return errors === "ignore" ? text.replaceAll(REPLACEMENT, "") : text;
      } catch {
        throw new RangeError(`'${label}' codec can't decode the bytes received: illegal or incomplete sequence`);
      }
    },
  };
}

const tables = new Map<string, Map<number, number>>();

/**
 * Makes the table from characters to their bytes, by decoding all bytes: one, two, and the four of gb18030. That takes some
 * tens of milliseconds for an encoding with two bytes, once.
 */
function reversed(label: string): Map<number, number> {
  const known = tables.get(label);
  if (known !== undefined) return known;
  const table = new Map<number, number>();
  const decoder = new TextDecoder(label);
  const enter = (code: number, bytes: Uint8Array) => {
    const text = decoder.decode(bytes);
    const point = text.codePointAt(0);
    if (point === undefined || text.length !== String.fromCodePoint(point).length || text === REPLACEMENT) return false;
    if (!table.has(point) && !isReadOnly(label, code)) table.set(point, code);
    return true;
  };
  for (let byte = 0; byte < 256; byte++) {
    if (enter(byte, Uint8Array.of(byte))) continue;
    for (let next = 0x30; next < 0xff; next++) enter(byte << 8 | next, Uint8Array.of(byte, next));
  }
  if (label === "gb18030") enterFourBytes(table, decoder);
  tables.set(label, table);
  return table;
}

// The four bytes of gb18030 are a number with the digits 0x81 to 0xfe, 0x30 to 0x39, 0x81 to 0xfe and 0x30 to 0x39.

/** How many of these numbers are for the characters up to U+FFFF. */
const BELOW_ASTRAL = 39420;
/** The number of U+10000. */
const FIRST_ASTRAL = 189000;

function fourBytes(index: number): number {
  const digits = [index / 12600, index / 1260 % 10, index / 10 % 126, index % 10].map(Math.trunc);
  return ((0x81 + digits[0]) << 24 | (0x30 + digits[1]) << 16 | (0x81 + digits[2]) << 8 | (0x30 + digits[3])) >>> 0;
}

function enterFourBytes(table: Map<number, number>, decoder: TextDecoder): void {
  const view = new DataView(new ArrayBuffer(4 * BELOW_ASTRAL));
  for (let index = 0; index < BELOW_ASTRAL; index++) view.setUint32(4 * index, fourBytes(index));
  const text = decoder.decode(view);
  for (let index = 0; index < BELOW_ASTRAL; index++) {
    const point = text.charCodeAt(index);
    if (!table.has(point)) table.set(point, fourBytes(index));
  }
}

/**
 * Whether bytes are decoded but not written. Big5 has its Hong Kong extension before 0xa1, which repeats some common
 * characters, and two characters twice. The euro sign of gb18030 has two bytes; 0x80 is that of gbk.
 */
function isReadOnly(label: string, code: number): boolean {
  if (label === "gb18030") return code === 0x80;
  return label === "big5" && code > 0xff && (code < 0xa100 || code === 0xa2cc || code === 0xa2ce);
}

/** Encodes character by character. The error handler decides about characters that `put` refuses. */
function byCharacter(
  name: string,
  why: string,
  errors: ErrorHandler,
  put: (point: number, push: (byte: number) => void) => boolean,
): Encoder {
  return {
    encode(text) {
      const bytes: number[] = [];
      const push = (byte: number) => void bytes.push(byte);
      for (const character of text) {
        if (put(character.codePointAt(0)!, push)) continue;
        if (errors === "strict") throw unencodable(name, text, (point) => put(point, () => {}), why);
        if (errors === "replace") push(0x3f);
      }
      return Uint8Array.from(bytes);
    },
  };
}

// The interface of an encoding, and what all of them share.

/** What to do with data that cannot be decoded or encoded: throw, leave it out, or replace it by U+FFFD ("?" when encoding). */
export type ErrorHandler = "strict" | "ignore" | "replace";

/** Decodes a stream. The last call is final. In strict mode it throws RangeError, where Python has UnicodeError. */
export interface Decoder {
  decode(bytes: Uint8Array, final: boolean): string;
}

/** Encodes a stream. */
export interface Encoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

/** An encoding. */
export interface Codec {
  decoder(errors: ErrorHandler): Decoder;
  encoder(errors: ErrorHandler): Encoder;
}

/** Checks an `errors` argument. */
export function errorHandlerOf(value: unknown): ErrorHandler {
  if (value === undefined || value === null) return "strict";
  if (typeof value !== "string") throw new TypeError(`errors must be a string or null, not ${nameOf(value)}`);
  if (value === "strict" || value === "ignore" || value === "replace") return value;
  throw new RangeError(`unknown error handler name '${value}'`);
}

/** The byte order mark. */
export const BOM = "\ufeff";
/** The character that replaces invalid bytes. */
export const REPLACEMENT = "\ufffd";

/** Joins two pieces of bytes. */
export function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

/** Returns a decoder that drops a byte order mark at the start of the stream. */
export function withoutBom(decoder: Decoder, bom: string): Decoder {
  if (bom === "") return decoder;
  let begun = false;
  return {
    decode(bytes, final) {
      const text = decoder.decode(bytes, final);
      const first = !begun && text !== "";
      begun ||= first;
      return first && text.startsWith(bom) ? text.slice(bom.length) : text;
    },
  };
}

/** Handles lone surrogates, which no encoding of Unicode can encode. */
export function wellFormed(text: string, name: string, errors: ErrorHandler): string {
  if (text.isWellFormed()) return text;
  if (errors === "strict") throw unencodable(name, text, (point) => point < 0xd800 || point > 0xdfff, SURROGATES);
  return [...text].map((c) => c.isWellFormed() ? c : errors === "replace" ? "?" : "").join("");
}

const SURROGATES = "surrogates not allowed";

/** Makes the error for invalid bytes, with Python's text. */
export function undecodable(name: string, byte: number, position: number, why: string): RangeError {
  const hex = byte.toString(16).padStart(2, "0");
  return new RangeError(`'${name}' codec can't decode byte 0x${hex} in position ${position}: ${why}`);
}

/** Makes the error for the first characters that the encoding does not have, with Python's text. */
function unencodable(name: string, text: string, has: (point: number) => boolean, why: string): RangeError {
  const points = Array.from(text, (character) => character.codePointAt(0)!);
  const first = points.findIndex((point) => !has(point));
  let end = first + 1;
  // In UTF-16 each surrogate is an error of its own.
  while (end < points.length && !has(points[end]) && !name.startsWith("utf-16")) end++;
  const where = end === first + 1
    ? `character '${escaped(points[first])}' in position ${first}`
    : `characters in position ${first}-${end - 1}`;
  return new RangeError(`'${name}' codec can't encode ${where}: ${why}`);
}

/** Returns a character as Python's `ascii()` shows it. */
function escaped(point: number): string {
  const hex = point.toString(16);
  if (point > 0xffff) return `\\U${hex.padStart(8, "0")}`;
  return point > 0xff ? `\\u${hex.padStart(4, "0")}` : `\\x${hex.padStart(2, "0")}`;
}

// UTF-8.

const ENCODER = new TextEncoder();

/**
 * Makes UTF-8 with or without a byte order mark at the start of the stream. It returns all valid text before it throws for
 * an invalid byte. So the result does not depend on the pieces in which the data arrives.
 */
export function utf8(bom: string): Codec {
  return {
    decoder: (errors) => withoutBom(new Utf8Decoder(errors), bom),
    encoder(errors) {
      let prefix = bom;
      return {
        encode(text) {
          text = prefix + wellFormed(text, "utf-8", errors);
          prefix = text === "" ? prefix : "";
          return ENCODER.encode(text);
        },
      };
    },
  };
}

class Utf8Decoder implements Decoder {
  readonly #errors: ErrorHandler;
  /** Bytes that are not decoded yet: the start of a character, or in strict mode all bytes from the first invalid one on. */
  #rest = new Uint8Array(0);

  constructor(errors: ErrorHandler) {
    this.#errors = errors;
  }

  decode(bytes: Uint8Array, final: boolean): string {
    if (this.#rest.length > 0) bytes = joined(this.#rest, bytes);
    const end = final ? bytes.length : wholeCharacters(bytes);
    let text: string;
    try {
      text = STRICT_UTF8.decode(bytes.subarray(0, end));
    } catch {
      if (this.#errors === "replace") text = LENIENT_UTF8.decode(bytes.subarray(0, end));
      else if (this.#errors === "ignore") text = decodeWhatIsGood(bytes.subarray(0, end));
      else {
        const fault = firstFault(bytes.subarray(0, end));
        // The next call continues behind the invalid bytes that this call throws for.
        this.#rest = bytes.slice(fault.at === 0 ? Math.max(1, promising(bytes, 0)) : fault.at);
        if (fault.at === 0) throw undecodable("utf-8", bytes[0], 0, fault.why);
        return STRICT_UTF8.decode(bytes.subarray(0, fault.at));
      }
    }
    this.#rest = bytes.slice(end);
    return text;
  }
}

// `ignoreBOM: true` keeps the mark in the text, as Python's utf-8 does.
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LENIENT_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Returns how many bytes a character has by its first byte; 0 for a byte that starts no character. */
export function lengthOf(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** Returns the smallest and the largest valid second byte. Others would be overlong forms, surrogates or above U+10FFFF. */
function secondOf(first: number): [number, number] {
  if (first === 0xe0) return [0xa0, 0xbf];
  if (first === 0xed) return [0x80, 0x9f];
  if (first === 0xf0) return [0x90, 0xbf];
  if (first === 0xf4) return [0x80, 0x8f];
  return [0x80, 0xbf];
}

/** Returns how many bytes from `at` on are a character or the start of one. */
export function promising(bytes: Uint8Array, at: number): number {
  const length = lengthOf(bytes[at]);
  if (length < 2) return length;
  const [least, greatest] = secondOf(bytes[at]);
  let n = 1;
  while (n < length && at + n < bytes.length) {
    const byte = bytes[at + n];
    if (n === 1 ? byte < least || byte > greatest : (byte & 0xc0) !== 0x80) break;
    n++;
  }
  return n;
}

/** Returns the length without the start of a character at the end. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at >= Math.max(0, bytes.length - 3); at--) {
    if ((bytes[at] & 0xc0) === 0x80) continue;
    const begun = lengthOf(bytes[at]) > bytes.length - at && promising(bytes, at) === bytes.length - at;
    return begun ? at : bytes.length;
  }
  return bytes.length;
}

/** Returns the index of the first invalid byte, and Python's text for the reason. */
function firstFault(bytes: Uint8Array): { at: number; why: string } {
  for (let at = 0; at < bytes.length;) {
    const length = lengthOf(bytes[at]);
    const good = promising(bytes, at);
    if (good === length && length > 0) at += length;
    else if (length === 0) return { at, why: "invalid start byte" };
    else return { at, why: at + good < bytes.length ? "invalid continuation byte" : "unexpected end of data" };
  }
  return { at: bytes.length, why: "" };
}

/** Decodes without the invalid bytes. A U+FFFD in the data (EF BF BD) is valid and stays. */
function decodeWhatIsGood(bytes: Uint8Array): string {
  const pieces: string[] = [];
  let start = 0;
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) continue;
    pieces.push(LENIENT_UTF8.decode(bytes.subarray(start, at)));
    start = at + 3;
  }
  pieces.push(LENIENT_UTF8.decode(bytes.subarray(start)));
  return pieces.map((piece) => piece.replaceAll(REPLACEMENT, "")).join(REPLACEMENT);
}
