// Sequence numbers. In a header they have 32 bits and start anywhere; inside they are positions in the stream, plain
// numbers that never wrap: 0 is the SYN, 1 the first byte of data, and the FIN has the position behind the last byte.

/** The sequence number of a position, in a stream that starts at `first`. */
export function wrap(first: number, position: number): number {
  return (first + position) >>> 0;
}

/** The position of a sequence number: the one that is closest to a position that is known to be near. */
export function unwrap(first: number, seq: number, near: number): number {
  return near + ((seq - wrap(first, near)) | 0);
}
