// The seam's clock: the time that everything in core/ waits by. The clock belongs to a backend's module: the real
// backends share the system's, each simulated world has its own.

/** A pending timer. Its shape belongs to the clock that made it. */
export type Timer = unknown;

/** What time it is, how to be called later, and how to let everything else run first. */
export interface Clock {
  /** The milliseconds since some fixed moment. They never go back. */
  now(): number;
  /**
   * Calls a function once, after some milliseconds: 0 to 2^31 - 1, or Infinity. The timer keeps the process alive. One for
   * ever is set for that alone. A clock that has no such timer calls after 2^31 - 1, and is asked again.
   */
  setTimeout(callback: () => void, delay: number): Timer;
  /** Cancels a timer. One that has fired, or undefined, is ignored. */
  clearTimeout(timer: Timer | undefined): void;
  /** Sets whether a pending timer keeps the process alive. */
  hold(timer: Timer, held: boolean): void;
  /** Settles after one turn of the event loop: after everything that is ready to run now. */
  turn(): Promise<void>;
}
