// Whether a resource's pending operations keep the process alive.

/** A Deno resource with ref and unref. */
export interface Referable {
  ref(): void;
  unref(): void;
}

/**
 * Controls whether a resource keeps the process alive. Its operations cannot be cancelled. A parked operation must not
 * keep the process alive, and neither must any operation of a socket after unref().
 */
export class Reference {
  #resource: Referable;
  #referenced: boolean;
  #parked = false;

  constructor(resource: Referable, referenced: boolean) {
    this.#resource = resource;
    this.#referenced = referenced;
    if (!referenced) resource.unref();
  }

  /** Set by ref() and unref(). */
  set referenced(referenced: boolean) {
    this.#referenced = referenced;
    this.#apply();
  }

  /** Whether the operation under way is parked: nothing waits for it. */
  set parked(parked: boolean) {
    if (this.#parked === parked) return;
    this.#parked = parked;
    this.#apply();
  }

  /** Called at close: the operations end soon, and keep the process alive until then, also after unref(). */
  hold(): void {
    this.#resource.ref();
  }

  #apply(): void {
    if (this.#referenced && !this.#parked) this.#resource.ref();
    else this.#resource.unref();
  }
}
