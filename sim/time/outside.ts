// Waits for something outside of the simulation, such as a file, an import or fetch. Virtual time stands still during
// such a wait.

/** The waits of one run for promises outside of the simulation. */
export class OutsideWaits {
  #count = 0;
  #notify: () => void = () => {};

  /** Whether such a wait is pending. */
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

  /** Settles when one of the waits ends. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#notify = resolve);
  }
}
