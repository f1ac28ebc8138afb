// Waits for something outside of the simulation: a file, an import, fetch. Virtual time stands still for them.

/** The waits of one run that real time decides. */
export class OutsideWaits {
  #count = 0;
  #notify: () => void = () => {};

  /** Whether something outside is awaited. */
  get any(): boolean {
    return this.#count > 0;
  }

  /** Waits for a promise. Virtual time stands still until it settles. */
  async wait<T>(promise: PromiseLike<T>): Promise<T> {
    this.#count++;
    try {
      return await promise;
    } finally {
      this.#count--;
      this.#notify();
    }
  }

  /** Settles when one of the waits does. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#notify = resolve);
  }
}
