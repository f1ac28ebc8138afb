// The waiters of a socket whose duplicates share a transport.

import type { Waiter } from "../seam/transport.ts";
import { Waiters } from "../seam/waiters.ts";

/** The waiters of a socket and its duplicates. Those of a duplicate after unref() do not keep the process alive. */
export class SharedWaiters extends Waiters {
  protected override keepsAlive(waiter: Waiter): boolean {
    return !waiter.background && waiter.referenced !== false;
  }
}
