// Lines as text: UTF-8, and characters counted as Python counts them.

/** A byte-order mark is a character like any other. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A line's bytes as text, with "\n" at its end for "\r\n". */
export function lineText(bytes: Uint8Array): string {
  return decoder.decode(bytes).replace(/\r\n$/, "\n");
}

/** How many characters a text has: an emoji is one. */
export function countCharacters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** Where the first `count` characters end in UTF-8; -1 if there are fewer whole ones. */
export function characterEnd(bytes: Uint8Array, count: number): number {
  // Before anything is counted: a line of which little has come is asked about at each piece of it.
  if (bytes.length < count) return -1;
  let end = 0;
  for (; count > 0; count--) {
    if (end >= bytes.length) return -1;
    const whole = end + lengthOf(bytes[end]);
    do end++; while (end < whole && end < bytes.length && (bytes[end] & 0xc0) === 0x80);
    if (end < whole && end === bytes.length) return -1;
  }
  return end;
}

/** How many bytes a character has that begins with this one; 1 for what begins none. */
function lengthOf(first: number): number {
  if (first < 0xc0 || first > 0xf7) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
