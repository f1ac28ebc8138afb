// The bytes that are on their way to one end of a stream.

/** How much waits for a receiver before the sender has to wait. */
const CAPACITY = 2 ** 18;

/** A queue of bytes with a bound. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  /** How much of the first chunk was taken. */
  #taken = 0;
  #length = 0;
  #capacity = CAPACITY;

  get length(): number {
    return this.#length;
  }
  get room(): number {
    return Math.max(this.#capacity - this.#length, 0);
  }

  /** Makes room for so much at least, or for no more than usual. */
  reserve(size: number): void {
    this.#capacity = Math.max(CAPACITY, size);
  }

  /** Takes a copy of what there is room for, and returns how much that is. */
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

  /** Drops bytes from the front. */
  drop(count: number): void {
    this.#length -= count;
    this.#taken += count;
    while (this.#chunks.length > 0 && this.#taken >= this.#chunks[0].length) {
      this.#taken -= this.#chunks.shift()!.length;
    }
  }
}
