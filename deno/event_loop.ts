// The event loop: letting it learn what the kernel knows already, and what keeps the process alive.

/**
 * How many turns of the event loop may pass before Deno's I/O driver looks at the kernel while other
 * work is pending: its scheduler does so after 61 task polls (measured: 58 to 60 turns, 0.93 µs each).
 * Twice that leaves room for the answer to travel; a timer would take a whole millisecond.
 */
const TURNS = 128;

/** Somebody who waits for something to hold. */
interface Caller {
  holds(): boolean;
  resolve(): void;
  /** How many turns are left for it. */
  left: number;
}

/** All who wait: they share the turns, so that many cost little more than one. */
let callers: Caller[] = [];

function turn(): void {
  callers = callers.filter((caller) => {
    if (!caller.holds() && --caller.left > 0) return true;
    caller.resolve();
    return false;
  });
  if (callers.length > 0) setImmediate(turn);
}

/** Waits until something holds, or until the event loop has surely asked the kernel and it still does not. */
export function turns(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    callers.push({ holds, resolve, left: TURNS });
    if (callers.length === 1) setImmediate(turn);
  });
}

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
