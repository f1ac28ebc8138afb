// Text to bytes and back, packet by packet, with Python's error handlers.
//
// latin-1 and ascii have their own code, because the web's encodings of those names are windows-1252. All
// else but UTF is what TextDecoder knows; the way back is found by turning its tables around.

import { BOM, joined, REPLACEMENT, undecodable, unencodable, wellFormed, withoutBom } from "./coding.ts";
import type { Codec, Decoder, Encoder, ErrorHandler } from "./coding.ts";
import { utf8 } from "./utf8.ts";

/** Finds an encoding under Python's or the web's name for it. */
export function codecOf(encoding: string): Codec {
  const name = encoding.toLowerCase().replace(/[ _]/g, "-");
  if (/^(utf-?8|u8|cp65001)$/.test(name)) return utf8("");
  if (name === "utf-8-sig") return utf8(BOM);
  if (/^(utf-?16|u16)$/.test(name)) return utf16(undefined);
  if (/^utf-?16-?le$/.test(name)) return utf16(true);
  if (/^utf-?16-?be$/.test(name)) return utf16(false);
  if (/^(latin-?1|l1|iso-?8859-?1|cp819|8859)$/.test(name)) return firstOfUnicode("latin-1", 256);
  if (/^(us-?)?ascii$|^646$/.test(name)) return firstOfUnicode("ascii", 128);
  const label = name.replace(/^iso8859/, "iso-8859").replace(/^cp932$/, "windows-31j").replace(/^cp949$/, "euc-kr");
  for (const known of [label, label.replaceAll("-", "_")]) {
    try {
      return ofTheWeb(new TextDecoder(known).encoding);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new RangeError(`unknown encoding: ${encoding}`);
}

// UTF-16. Without a byte order it reads by the mark that the stream begins with, and writes little endian
// without one, as CPython does on what cannot seek.

function utf16(littleEndian: boolean | undefined): Codec {
  const labelOf = (little: boolean) => little ? "utf-16le" : "utf-16be";
  return {
    decoder(errors) {
      if (littleEndian !== undefined) return webDecoder(labelOf(littleEndian), errors);
      let decoder: Decoder | undefined;
      let mark = new Uint8Array(0);
      return {
        decode(bytes, final) {
          if (decoder !== undefined) return decoder.decode(bytes, final);
          mark = joined(mark, bytes) as Uint8Array<ArrayBuffer>;
          if (mark.length < 2 && !final) return "";
          decoder = withoutBom(webDecoder(labelOf(!(mark[0] === 0xfe && mark[1] === 0xff)), errors), BOM);
          return decoder.decode(mark, final);
        },
      };
    },
    encoder: (errors) => ({
      encode(text) {
        text = wellFormed(text, "utf-16", errors);
        const view = new DataView(new ArrayBuffer(2 * text.length));
        for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), littleEndian ?? true);
        return new Uint8Array(view.buffer);
      },
    }),
  };
}

// latin-1 and ascii: the byte is the code point.

function firstOfUnicode(name: string, size: 128 | 256): Codec {
  const why = `ordinal not in range(${size})`;
  return {
    decoder: (errors) => ({
      decode(bytes) {
        const fault = size === 256 ? -1 : bytes.findIndex((byte) => byte >= size);
        if (fault < 0) return exactLatin1(bytes);
        if (errors === "strict") throw undecodable(name, bytes[fault], fault, why);
        const good = errors === "replace" ? bytes : bytes.filter((byte) => byte < size);
        return exactLatin1(good).replace(/[\x80-\xff]/g, REPLACEMENT);
      },
    }),
    encoder: (errors) =>
      byCharacter(name, why, errors, (point, push) => {
        if (point < size) push(point);
        return point < size;
      }),
  };
}

function exactLatin1(bytes: Uint8Array): string {
  // In pieces, because the arguments of a call have to fit on the stack.
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

// Everything else that TextDecoder knows.

function ofTheWeb(label: string): Codec {
  return {
    decoder: (errors) => webDecoder(label, errors),
    encoder(errors) {
      const table = reversed(label);
      return byCharacter(label, "character maps to <undefined>", errors, (point, push) => {
        const code = table.get(point);
        if (code !== undefined && code > 0xff) push(code >> 8);
        if (code !== undefined) push(code & 0xff);
        return code !== undefined;
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

/** Which one or two bytes a character is encoded as, found by decoding all of them: 10 ms, once, for a double-byte one. */
function reversed(label: string): Map<number, number> {
  const known = tables.get(label);
  if (known !== undefined) return known;
  const table = new Map<number, number>();
  const decoder = new TextDecoder(label);
  const enter = (code: number, bytes: Uint8Array) => {
    const text = decoder.decode(bytes);
    const point = text.codePointAt(0);
    if (point === undefined || text.length !== String.fromCodePoint(point).length || text === REPLACEMENT) return false;
    if (!table.has(point)) table.set(point, code);
    return true;
  };
  for (let byte = 0; byte < 256; byte++) {
    if (enter(byte, Uint8Array.of(byte))) continue;
    for (let next = 0x30; next < 0xff; next++) enter(byte << 8 | next, Uint8Array.of(byte, next));
  }
  tables.set(label, table);
  return table;
}

/** Encodes character by character; what `put` refuses goes the way of the error handler. */
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
      let position = 0;
      for (const character of text) {
        if (!put(character.codePointAt(0)!, push)) {
          if (errors === "strict") throw unencodable(name, character, position, why);
          if (errors === "replace") push(0x3f);
        }
        position++;
      }
      return Uint8Array.from(bytes);
    },
  };
}
