// The seam's loop: the part of a backend that learns about readiness and must be told when to run.

/** Counts how often the waiters of a runtime were woken, by all its backends together. */
export interface WakeUps {
  readonly count: number;
}

/** A loop that a backend runs only while something waits for it. */
export interface Loop {
  /** Wakes the waiters of all events that the kernel has now. Returns a promise if that takes a turn of the event loop. */
  catchUp(): Promise<void> | undefined;
  /** Begins a wait of select, poll or epoll. Until the wait ends, the loop also runs for background waiters. */
  beginWait(): void;
  /** Ends such a wait. Returns a promise if an operation of the loop is still under way and ends with the wait. */
  endWait(): void | Promise<void>;
  /** Gives a loop the count of wake-ups, by which it can tell whether other backends on the same thread are busy. */
  join?(wakeUps: WakeUps): void;
}
