// UTF-8, packet by packet. It decodes all that is good before it complains, so that what a reader gets does
// not depend on how the network cut the stream.

import { joined, REPLACEMENT, undecodable, wellFormed, withoutBom } from "./coding.ts";
import type { Codec, Decoder, ErrorHandler } from "./coding.ts";

const ENCODER = new TextEncoder();

/** UTF-8, with or without a mark that the stream begins with. */
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
  /** Bytes not yet decoded: the start of a character, or in strict mode all from the first wrong byte on. */
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
        // What was complained about is passed over: the next call goes on behind it.
        this.#rest = bytes.slice(fault.at === 0 ? Math.max(1, promising(bytes, 0)) : fault.at);
        if (fault.at === 0) throw undecodable("utf-8", bytes[0], 0, fault.why);
        return STRICT_UTF8.decode(bytes.subarray(0, fault.at));
      }
    }
    this.#rest = bytes.slice(end);
    return text;
  }
}

// ignoreBOM means "leave it in": Python's utf-8 does.
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LENIENT_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** How long a character is by its first byte; 0 for a byte that starts none. */
function lengthOf(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** The least second byte and the greatest: overlong forms, surrogates and what is beyond U+10FFFF are no characters. */
function secondOf(first: number): [number, number] {
  if (first === 0xe0) return [0xa0, 0xbf];
  if (first === 0xed) return [0x80, 0x9f];
  if (first === 0xf0) return [0x90, 0xbf];
  if (first === 0xf4) return [0x80, 0x8f];
  return [0x80, 0xbf];
}

/** How many bytes from `at` on can be one character or its beginning. */
function promising(bytes: Uint8Array, at: number): number {
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

/** The length without a character that has begun at the end and may still become whole. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at >= Math.max(0, bytes.length - 3); at--) {
    if ((bytes[at] & 0xc0) === 0x80) continue;
    const begun = lengthOf(bytes[at]) > bytes.length - at && promising(bytes, at) === bytes.length - at;
    return begun ? at : bytes.length;
  }
  return bytes.length;
}

/** The first byte that is wrong, and Python's word for why. */
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

/** Leaves out what is no character. A U+FFFD that was really sent (EF BF BD, wherever it stands) is one. */
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
