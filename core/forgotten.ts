// Closing what was collected while it was open.

import type { Descriptor } from "./descriptors.ts";

/**
 * Closes a descriptor in a finalizer. No call is there to reject: an error thrown here would end the process, because of
 * an object that the program has no use for.
 */
export function closeForgotten(descriptor: Descriptor | undefined): void {
  try {
    descriptor?.close();
  } catch {
    // The number is free in any case, and the entry has left the table before anything can fail.
  }
}
