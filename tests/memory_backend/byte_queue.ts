// The bytes under way to one end of a stream.

/** How many bytes may wait for a receiver before the sender has to wait. */
const CAPACITY = 2 ** 18;

/** A queue of bytes with a bound. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  /** How many bytes of the first chunk were removed. */
  #taken = 0;
  #length = 0;
  #capacity = CAPACITY;

  get length(): number {
    return this.#length;
  }
  get room(): number {
    return Math.max(this.#capacity - this.#length, 0);
  }

  /** Makes room for at least that many bytes. 0 restores the usual room. */
  reserve(size: number): void {
    this.#capacity = Math.max(CAPACITY, size);
  }

  /** Copies as many bytes as there is room for, and returns their number. */
  put(data: Uint8Array): number {
    const count = Math.min(data.length, this.room);
    if (count > 0) this.#chunks.push(data.slice(0, count));
    this.#length += count;
    return count;
  }

  /** Fills a view from the front. It must not be longer than the queue. */
  copyTo(view: Uint8Array): void {
    let filled = 0;
    for (let at = 0; filled < view.length; at++) {
      const chunk = this.#chunks[at].subarray(at === 0 ? this.#taken : 0);
      view.set(chunk.subarray(0, view.length - filled), filled);
      filled += Math.min(chunk.length, view.length - filled);
    }
  }

  /** Removes bytes from the front. */
  drop(count: number): void {
    this.#length -= count;
    this.#taken += count;
    while (this.#chunks.length > 0 && this.#taken >= this.#chunks[0].length) {
      this.#taken -= this.#chunks.shift()!.length;
    }
  }
}
