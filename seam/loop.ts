// The seam's loop: the part of a backend that learns about readiness, where it does not run by itself.

/** An event loop that a backend runs only while something waits for it. */
export interface Loop {
  /** Wakes the waiters of all events that the kernel has by now. Returns a promise where that takes a turn. */
  catchUp(): Promise<void> | undefined;
  /** Counts one more wait of select, poll or epoll: until it ends, the loop also runs for background waiters. */
  beginWait(): void;
  /** Ends what `beginWait` began. Returns a promise where the loop's own waiting takes a moment to end with it. */
  endWait(): void | Promise<void>;
}
