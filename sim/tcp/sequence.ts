// Converts between sequence numbers and positions in the stream. Sequence numbers have 32 bits. They start at a random
// number and wrap.
// Positions are plain numbers and never wrap. Position 0 is the SYN, and 1 is the first byte of data. The FIN has the
// position after the last byte.

/** Returns the sequence number of a position, in a stream that starts at `first`. */
export function wrap(first: number, position: number): number {
  return (first + position) >>> 0;
}

/** Returns the position of a sequence number. Of all positions with that number, it is the closest to `near`. */
export function unwrap(first: number, seq: number, near: number): number {
  return near + ((seq - wrap(first, near)) | 0);
}
