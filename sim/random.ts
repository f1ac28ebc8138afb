// Seeded random numbers. They use 32-bit integers only, so they are the same on every JavaScript runtime.

/**
 * Mixes the bits of a number, so that the sequences of two successive seeds are unrelated (a step of MurmurHash3's
 * finalizer).
 */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Returns the hash of a text. The hash of a host's name selects its random sequences. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** A random sequence (the generator sfc32 of PractRand: 128 bits of state, no known bad seeds). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Two sequences with the same seed and the same purpose are equal. All others are unrelated. */
  constructor(seed: number, purpose: number = 0) {
    // Uses all digits of the seed, including those above 32 bits and those after the decimal point.
    const high = Math.floor(seed / 2 ** 32);
    this.#a = mix(seed | 0);
    this.#b = mix(high ^ Math.floor((seed - Math.floor(seed)) * 2 ** 32) ^ 0x9e3779b9);
    this.#c = mix(purpose ^ 0x5bf03635);
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** Returns 32 random bits, as an unsigned number. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Returns a number that is at least 0 and less than 1. */
  next(): number {
    return this.bits() / 2 ** 32;
  }

  /** Returns an integer that is at least 0 and less than a bound. The bound is at most 2^32. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** Returns true with a given probability. A probability of 0 or 1 does not advance the sequence. */
  happens(probability: number): boolean {
    return probability > 0 && (probability >= 1 || this.next() < probability);
  }
}
