// What an encoding is, and what all of them need.

import { nameOf } from "../../base/data.ts";

/** What becomes of what cannot be decoded or encoded: an error, nothing, or U+FFFD ("?" when encoding). */
export type ErrorHandler = "strict" | "ignore" | "replace";

/** Decodes a stream. The last call is final. What it cannot decode is a RangeError, as Python's UnicodeError. */
export interface Decoder {
  decode(bytes: Uint8Array, final: boolean): string;
}

/** Encodes a stream. */
export interface Encoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

/** An encoding by name. */
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
/** What stands for bytes that are no character. */
export const REPLACEMENT = "\ufffd";

/** Two pieces of bytes as one. */
export function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

/** Drops the byte order mark that a stream begins with, if the encoding has one. */
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

/** A lone surrogate is no character in any encoding of Unicode. */
export function wellFormed(text: string, name: string, errors: ErrorHandler): string {
  if (text.isWellFormed()) return text;
  const characters = [...text];
  if (errors !== "strict") {
    return characters.map((c) => c.isWellFormed() ? c : errors === "replace" ? "?" : "").join("");
  }
  const position = characters.findIndex((character) => !character.isWellFormed());
  throw unencodable(name, characters[position], position, "surrogates not allowed");
}

/** The error of bytes that are no character, in Python's words. */
export function undecodable(name: string, byte: number, position: number, why: string): RangeError {
  const hex = byte.toString(16).padStart(2, "0");
  return new RangeError(`'${name}' codec can't decode byte 0x${hex} in position ${position}: ${why}`);
}

/** The error of a character that the encoding does not have, in Python's words. */
export function unencodable(name: string, character: string, position: number, why: string): RangeError {
  const point = character.codePointAt(0)!;
  const hex = point.toString(16);
  const escaped = point > 0xffff
    ? `\\U${hex.padStart(8, "0")}`
    : point > 0xff
    ? `\\u${hex.padStart(4, "0")}`
    : `\\x${hex.padStart(2, "0")}`;
  return new RangeError(`'${name}' codec can't encode character '${escaped}' in position ${position}: ${why}`);
}
