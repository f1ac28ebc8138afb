// Converts between sequence numbers and positions in the stream. Sequence numbers have 32 bits, start anywhere and wrap.
// Positions are plain numbers and never wrap. 0 is the SYN, 1 is the first byte of data, and the FIN comes after the last
// byte.

/** The sequence number of a position, in a stream that starts at `first`. */
export function wrap(first: number, position: number): number {
  return (first + position) >>> 0;
}

/** The position of a sequence number: the one that is closest to a position that is known to be near. */
export function unwrap(first: number, seq: number, near: number): number {
  return near + ((seq - wrap(first, near)) | 0);
}
