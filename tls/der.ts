// DER, the encoding of certificates (X.690). The reader is strict: in DER each value has exactly one encoding.

/** The tags of the universal types in certificates. */
export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OBJECT_IDENTIFIER = 0x06;
export const UTF8_STRING = 0x0c;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const UNIVERSAL_STRING = 0x1c;
export const BMP_STRING = 0x1e;
export const SEQUENCE = 0x30;
export const SET = 0x31;

/** Returns the tag of a context-specific value, `[number]`. */
export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

/** One value: its tag, its contents, and the whole encoding. */
export interface Value {
  tag: number;
  contents: Uint8Array;
  encoding: Uint8Array;
}

/** Reads consecutive values. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything was read. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Reads the next value. */
  next(): Value {
    const start = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw new RangeError("DER: a tag of more than one byte");
    const length = this.#length();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("DER: a value is longer than what is around it");
    const contents = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return { tag, contents, encoding: this.#bytes.subarray(start, end) };
  }

  /** Reads the next value. Throws if it has another tag. */
  expect(tag: number): Value {
    const value = this.next();
    if (value.tag !== tag) throw new RangeError(`DER: tag ${value.tag} where ${tag} should be`);
    return value;
  }

  /** Reads the next value if it has the tag. If not, reads nothing. */
  optional(tag: number): Value | undefined {
    return this.#bytes[this.#at] === tag ? this.next() : undefined;
  }

  /** Reads the next value, and returns a reader of its contents. */
  enter(tag: number): Reader {
    return new Reader(this.expect(tag).contents);
  }

  /** Throws if there are more values. */
  end(): void {
    if (!this.done) throw new RangeError("DER: there is more than should be");
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw new RangeError("DER: the data ends too early");
    return this.#bytes[this.#at++];
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    // 0 is the indefinite length, which only BER has. No certificate needs more than four bytes.
    if (count === 0 || count > 4) throw new RangeError("DER: a length that DER does not have");
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 256 ** (count - 1)) throw new RangeError("DER: a length in more bytes than it needs");
    return length;
  }
}

/** Reads all values in the contents of a sequence or set. */
export function valuesIn(contents: Uint8Array): Value[] {
  const reader = new Reader(contents);
  const values: Value[] = [];
  while (!reader.done) values.push(reader.next());
  return values;
}

/** Returns an object identifier as numbers with dots. */
export function objectIdentifier(contents: Uint8Array): string {
  if (contents.length === 0 || (contents.at(-1)! & 0x80) !== 0) throw new RangeError("DER: a broken object identifier");
  const numbers: bigint[] = [];
  let number = 0n;
  let first = true;
  for (const byte of contents) {
    if (first && byte === 0x80) throw new RangeError("DER: a broken object identifier");
    number = (number << 7n) | BigInt(byte & 0x7f);
    first = (byte & 0x80) === 0;
    if (!first) continue;
    numbers.push(number);
    number = 0n;
  }
  const [head, ...rest] = numbers;
  const arc = head < 40n ? 0n : head < 80n ? 1n : 2n;
  return [arc, head - arc * 40n, ...rest].join(".");
}

/** Returns an integer in hexadecimal with an even number of digits, as OpenSSL prints serial numbers. */
export function hexInteger(contents: Uint8Array): string {
  if (contents.length === 0) throw new RangeError("DER: an integer without a byte");
  const [first, second] = contents;
  if (contents.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new RangeError("DER: an integer in more bytes than it needs");
  }
  let value = 0n;
  for (const byte of contents) value = (value << 8n) | BigInt(byte);
  const negative = (contents[0] & 0x80) !== 0;
  if (negative) value = (1n << BigInt(contents.length * 8)) - value;
  const digits = value.toString(16).toUpperCase();
  return (negative ? "-" : "") + digits.padStart(digits.length + (digits.length % 2), "0");
}
