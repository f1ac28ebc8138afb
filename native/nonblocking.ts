// Nothing may wait on JavaScript's thread: every descriptor here is a non-blocking one.

import { call } from "./call.ts";
import { libc } from "./libc.ts";
import { F_GETFL, F_SETFL, O_NONBLOCK } from "./linux.ts";

/**
 * Makes a descriptor non-blocking unless it is. The flag is the open file's: another process that was given the
 * descriptor may have taken it away. What sends and receives has MSG_DONTWAIT; accept and connect ask here first.
 */
export function keepNonBlocking(fd: number): void {
  const flags = call(libc().fcntl(fd, F_GETFL, 0), "fcntl");
  if ((flags & O_NONBLOCK) === 0) call(libc().fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}
