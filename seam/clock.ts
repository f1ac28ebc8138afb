// The seam's clock: the time by which everything in core/ waits. The default and the native backend share the system's
// clock. Each simulated network has a clock of its own.

/** A pending timer. Only the clock that made it knows what it is. */
export type Timer = unknown;

/** Tells the time, sets timers, and lets the event loop turn. */
export interface Clock {
  /** Returns the milliseconds since some fixed moment. They never go back. */
  now(): number;
  /**
   * Calls a function once after a delay in milliseconds. The timer keeps the process alive. The delay is 0 to 2^31 - 1, or
   * Infinity. A timer of Infinity never has to fire. It only keeps the process alive. A clock that has no endless timer
   * fires it after 2^31 - 1 ms, and the caller sets it again.
   */
  setTimeout(callback: () => void, delay: number): Timer;
  /** Cancels a timer. Does nothing for undefined or for a timer that has fired. */
  clearTimeout(timer: Timer | undefined): void;
  /** Sets whether a pending timer keeps the process alive. */
  hold(timer: Timer, held: boolean): void;
  /** Settles after one turn of the event loop: after everything that is ready to run now. */
  turn(): Promise<void>;
}
