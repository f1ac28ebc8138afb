// Reproducible random numbers, and random inputs.

/** Numbers from a seed: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer in [0, end). */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(list: ArrayLike<T>): T {
    return list[this.below(list.length)];
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(length).map(() => this.below(256));
  }

  /** A text with a number of characters of an alphabet. */
  text(alphabet: string, length: number): string {
    const characters = [...alphabet];
    return Array.from({ length }, () => this.pick(characters)).join("");
  }

  /** A text after up to three changes: characters removed, doubled, exchanged or inserted. */
  mutate(text: string, alphabet: string): string {
    const characters = [...text];
    for (let times = this.below(4); times > 0; times--) {
      const at = this.below(characters.length + 1);
      const lost = this.below(2);
      const put = this.pick([[], this.text(alphabet, 1), characters.slice(at, at + 2 * lost)]);
      characters.splice(at, lost, ...put);
    }
    return characters.join("");
  }

  /** A number near the limits of C's integers, or a small one. */
  integer(): number {
    const bound = this.pick([0, 0, 0, 16, 127, 255, 65535, 2 ** 20 - 1, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 48]);
    return this.pick([1, 1, 1, -1]) * bound + this.below(7) - 3;
  }
}
