// The seam's loop: the part of a backend that learns about readiness, where it does not run by itself.

/** Counts how often waiters were woken, by any backend of a runtime. */
export interface WakeUps {
  readonly count: number;
}

/** An event loop that a backend runs only while something waits for it. */
export interface Loop {
  /** Wakes the waiters of all events that the kernel has by now. Returns a promise where that takes a turn. */
  catchUp(): Promise<void> | undefined;
  /** Counts one more wait of select, poll or epoll: until it ends, the loop also runs for background waiters. */
  beginWait(): void;
  /** Ends what `beginWait` began. Returns a promise where the loop's own waiting takes a moment to end with it. */
  endWait(): void | Promise<void>;
  /** Tells a loop that shares its thread with other backends where it can see whether they are busy, too. */
  join?(wakeUps: WakeUps): void;
}
