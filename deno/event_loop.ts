// Deno's event loop: gives it the time to ask the kernel, and controls what keeps the process alive.

/**
 * The number of turns of the event loop after which Deno has surely asked the kernel. While other work is pending, its
 * scheduler runs the I/O driver after 61 task polls (measured: 58 to 60 turns, 0.93 µs each). Twice that leaves time for
 * the outcome to reach JavaScript. A timer would take a whole millisecond.
 */
const TURNS = 128;

/** The number of operations that were begun, which is the number of the latest one. */
let begun = 0;
/** The lowest number among the operations that ended since the last turn. */
let oldestEnded = Infinity;

/** Counts an operation that was passed to Deno, and returns its number. */
export function beginOperation(): number {
  return ++begun;
}

/** Notes that JavaScript has the outcome of an operation. */
export function endOperation(number: number): void {
  if (number < oldestEnded) oldestEnded = number;
}

/** Counts an operation, and notes when it ends. It takes some microtasks, so reads and writes do it themselves. */
export function noted<T>(operation: Promise<T>): Promise<T> {
  const number = beginOperation();
  return operation.finally(() => endOperation(number));
}

/** A condition that a promise waits for. */
interface Check {
  holds(): boolean;
  resolve(): void;
  /** The number of the latest operation when the check began. */
  latest: number;
  /**
   * How many turns of the event loop it waits at most. Deno reports only some of the outcomes in each turn. So this number is
   * {@linkcode TURNS} again when an operation ends that began before the check: others may follow.
   */
  left: number;
}

/** All conditions that are waited for. They share the turns, so that many cost little more than one. */
let checks: Check[] = [];

function turn(): void {
  const oldest = oldestEnded;
  oldestEnded = Infinity;
  checks = checks.filter((check) => {
    check.left = oldest <= check.latest ? TURNS : check.left - 1;
    if (!check.holds() && check.left > 0) return true;
    check.resolve();
    return false;
  });
  if (checks.length > 0) setImmediate(turn);
}

/** Waits until a condition holds, or until the event loop has asked the kernel and it still does not hold. */
export function eventLoopTurns(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    checks.push({ holds, resolve, latest: begun, left: TURNS });
    if (checks.length === 1) setImmediate(turn);
  });
}

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
