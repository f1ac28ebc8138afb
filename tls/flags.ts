// The flags of receives and sends with TLS.

import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../base/constants.ts";

/** Throws for flags, as Python does, except those that do not change the data. */
export function checkFlags(call: string, flags: number): void {
  if ((flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) === 0) return;
  throw new RangeError(`non-zero flags not allowed in calls to ${call}() on SSLSocket`);
}
