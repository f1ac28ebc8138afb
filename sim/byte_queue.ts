// A queue of received bytes.

import type { Bytes } from "../base/data.ts";

/** When this many chunks at the front were read, they are removed from the list. */
const MOST_READ_CHUNKS = 64;

/** The bytes that a socket has received and a program has not read yet. */
export class ByteQueue {
  #chunks: Bytes[] = [];
  /** How many chunks at the front were read and are still in the list. */
  #readChunks = 0;
  #length = 0;

  /** How many bytes it holds. */
  get length(): number {
    return this.#length;
  }

  /** Adds bytes, which must not change afterwards. */
  append(data: Bytes): void {
    if (data.length === 0) return;
    this.#chunks.push(data);
    this.#length += data.length;
  }

  /** Copies bytes into views and fills each view before the next. It removes the bytes, unless `peek` is set. */
  read(views: Uint8Array[], peek: boolean): number {
    let place = this.#readChunks;
    let offset = 0;
    let total = 0;
    for (const view of views) {
      for (let filled = 0; filled < view.length && total < this.#length;) {
        const chunk = this.#chunks[place];
        const left = Math.min(chunk.length - offset, view.length - filled);
        view.set(left === chunk.length ? chunk : chunk.subarray(offset, offset + left), filled);
        filled += left;
        total += left;
        offset += left;
        if (offset === chunk.length) {
          place++;
          offset = 0;
        }
      }
    }
    if (!peek) this.#drop(place, offset, total);
    return total;
  }

  #drop(place: number, offset: number, total: number): void {
    this.#length -= total;
    this.#readChunks = place;
    if (offset > 0) this.#chunks[place] = this.#chunks[place].subarray(offset);
    if (this.#readChunks === this.#chunks.length) this.#chunks.length = this.#readChunks = 0;
    else if (this.#readChunks >= MOST_READ_CHUNKS) {
      this.#chunks.splice(0, this.#readChunks);
      this.#readChunks = 0;
    }
  }

  /** Removes all bytes. */
  clear(): void {
    this.#chunks = [];
    this.#readChunks = this.#length = 0;
  }
}
