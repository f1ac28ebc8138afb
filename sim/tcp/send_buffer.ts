// Bytes that were written and are not acknowledged yet, by their positions in the stream.

import type { Bytes } from "../../base/data.ts";

interface Chunk {
  readonly start: number;
  readonly data: Bytes;
}

/** When this many chunks at the front are acknowledged, they are removed from the list. */
const MOST_ACKNOWLEDGED_CHUNKS = 64;

/** The send buffer of one connection. Bytes can be read at any position. */
export class SendBuffer {
  #chunks: Chunk[] = [];
  /** How many chunks at the front are acknowledged and still in the list. */
  #acknowledgedChunks = 0;
  /** The position of the first byte. */
  #start: number;
  #end: number;

  constructor(start: number) {
    this.#start = this.#end = start;
  }

  /** The position behind the last byte. */
  get end(): number {
    return this.#end;
  }

  /** How many bytes it holds. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Adds bytes, which must not change afterwards. */
  append(data: Bytes): void {
    this.#chunks.push({ start: this.#end, data });
    this.#end += data.length;
  }

  /** Removes everything before a position. */
  release(position: number): void {
    const upTo = Math.min(position, this.#end);
    if (upTo <= this.#start) return;
    this.#start = upTo;
    while (this.#acknowledgedChunks < this.#chunks.length) {
      const { start, data } = this.#chunks[this.#acknowledgedChunks];
      if (start + data.length > upTo) break;
      this.#acknowledgedChunks++;
    }
    if (this.#acknowledgedChunks === this.#chunks.length) this.#chunks.length = this.#acknowledgedChunks = 0;
    else if (this.#acknowledgedChunks >= MOST_ACKNOWLEDGED_CHUNKS) {
      this.#chunks.splice(0, this.#acknowledgedChunks);
      this.#acknowledgedChunks = 0;
    }
  }

  /** Removes everything. */
  clear(): void {
    this.#chunks = [];
    this.#acknowledgedChunks = 0;
    this.#start = this.#end;
  }

  /** Returns bytes from a position on. It copies only if they lie in several chunks. */
  slice(position: number, length: number): Bytes {
    let place = this.#find(position);
    const { start, data } = this.#chunks[place];
    const offset = position - start;
    if (offset === 0 && length === data.length) return data;
    if (offset + length <= data.length) return data.subarray(offset, offset + length);
    const all = new Uint8Array(length);
    for (let filled = 0; filled < length; place++) {
      const chunk = this.#chunks[place];
      const from = position + filled - chunk.start;
      const piece = chunk.data.subarray(from, from + length - filled);
      all.set(piece, filled);
      filled += piece.length;
    }
    return all;
  }

  /** Returns the index of the chunk that has a position. */
  #find(position: number): number {
    let low = this.#acknowledgedChunks;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#chunks[middle].start <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
