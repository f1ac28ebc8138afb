// Whether a resource's pending operations keep the process alive.

/** What Deno lets be referenced. */
export interface Referable {
  ref(): void;
  unref(): void;
}

/**
 * A resource whose operations cannot be cancelled. One that nobody waits for any more is parked: it must not
 * keep the process alive, and neither must any operation of a socket that its user has unref'ed.
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

  /** The user's choice: ref() or unref(). */
  set referenced(referenced: boolean) {
    this.#referenced = referenced;
    this.#apply();
  }

  /** Whether an operation is under way that nobody waits for. */
  set parked(parked: boolean) {
    if (this.#parked === parked) return;
    this.#parked = parked;
    this.#apply();
  }

  /** The operations are about to end: they keep the process alive until they have, whatever was chosen. */
  hold(): void {
    this.#resource.ref();
  }

  #apply(): void {
    if (this.#referenced && !this.#parked) this.#resource.ref();
    else this.#resource.unref();
  }
}
