// Hosts as text: IP addresses and international names.
//
// Addresses are converted from text to bytes and back. A parser returns undefined for anything that is no address, and its
// caller makes the error.

/** Parses one number as C does: 0x… is hexadecimal, 0… is octal, others are decimal. Returns undefined for anything else. */
function parseC(text: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(text)) return parseInt(text, 16);
  if (/^0[0-7]*$/.test(text)) return parseInt(text, 8);
  if (/^[1-9][0-9]*$/.test(text)) return parseInt(text, 10);
  return undefined;
}

/**
 * Parses the forms of inet_aton(3): one to four numbers, of which the last fills all bytes that are left. So "127.1" and
 * "0x7f000001" are 127.0.0.1. The whole text must be an address, as in getaddrinfo(3).
 */
export function parseLenientIPv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length > 4) return undefined;
  const numbers: number[] = [];
  for (const part of parts) {
    const number = parseC(part);
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  const last = numbers.pop()!;
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) return undefined;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, last);
  bytes.set(numbers);
  return bytes;
}

/** Parses the form of inet_pton(3): four decimal numbers without leading zeros. */
export function parseIPv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[i] = Number(part);
  }
  return bytes;
}

/** Writes groups of an IPv6 address to `bytes` from `offset` on. Returns the end. The last group may be a dotted IPv4 address. */
function parseGroups(text: string, bytes: Uint8Array, offset: number, dottedMayEnd: boolean): number | undefined {
  if (text === "") return offset;
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (dottedMayEnd && i === groups.length - 1 && group.includes(".")) {
      const tail = parseIPv4(group);
      if (tail === undefined || offset + 4 > 16) return undefined;
      bytes.set(tail, offset);
      return offset + 4;
    }
    if (!/^[0-9a-f]{1,4}$/i.test(group) || offset + 2 > 16) return undefined;
    const value = parseInt(group, 16);
    bytes[offset++] = value >> 8;
    bytes[offset++] = value & 0xff;
  }
  return offset;
}

/** Parses the form of inet_pton(3) for IPv6, without a scope. */
export function parseIPv6(text: string): Uint8Array | undefined {
  const gap = text.indexOf("::");
  const bytes = new Uint8Array(16);
  if (gap < 0) return parseGroups(text, bytes, 0, true) === 16 ? bytes : undefined;
  const head = parseGroups(text.slice(0, gap), bytes, 0, false);
  const rest = new Uint8Array(16);
  const tail = parseGroups(text.slice(gap + 2), rest, 0, true);
  // "::" stands for at least one group of zeros.
  if (head === undefined || tail === undefined || head + tail > 14) return undefined;
  bytes.set(rest.subarray(0, tail), 16 - tail);
  return bytes;
}

/** Converts four bytes to dotted numbers. */
export function formatIPv4(bytes: Uint8Array): string {
  return bytes.join(".");
}

/** Converts sixteen bytes to the text of inet_ntop(3). The first longest run of two or more zero groups becomes "::". */
export function formatIPv6(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(2 * i));
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > length) [start, length] = [i, run];
    i += run;
  }
  // ::a.b.c.d and ::ffff:a.b.c.d, the forms with an IPv4 address.
  if (start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff))) {
    return `::${length === 5 ? "ffff:" : ""}${formatIPv4(bytes.subarray(12))}`;
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

// International host names in the form of DNS.

/** Characters that no host name has. In a URL they end the host or are refused. */
const IN_NO_NAME = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/;
/** Keeps the URL parser from reading a name that ends in a number as an IPv4 address. */
const SUFFIX = ".x";

/** Returns the ASCII form of an international name by the URL standard (UTS 46), or undefined if it has none. */
function domainToAscii(host: string): string | undefined {
  try {
    return new URL(`http://${host}${SUFFIX}`).hostname.slice(0, -SUFFIX.length);
  } catch {
    return undefined;
  }
}

/** Returns the host name of a socket's address. An ASCII name does not change, and an international name gets its ASCII form. */
export function asciiOf(host: string): string {
  if (/^[\0-\x7f]*$/.test(host)) return host;
  // No such name can be found. It is kept, so that the look-up fails with its own error, after its other checks.
  if (IN_NO_NAME.test(host)) return host.replace(/[^\0-\x7f]/gu, "?");
  const ascii = domainToAscii(host);
  if (ascii === undefined || ascii === "") throw new RangeError("host name is no international domain name");
  return ascii;
}

/** Returns the host name for a look-up. A text that is no possible name is a RangeError, where Python has ValueError. */
export function toAscii(host: string): string {
  const ascii = asciiOf(host);
  const labels = ascii.replace(/\.$/, "").split(".");
  if (labels.length > 1 && labels.includes("")) throw new RangeError("host name has an empty label");
  if (labels.some((label) => label.length > 63)) throw new RangeError("host name has a label that is too long");
  return ascii;
}
