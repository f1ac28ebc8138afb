// poll(2) without waiting: what a descriptor's level is, from the kernel itself.

import {
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from "../base/poll.ts";
import { libc } from "./libc.ts";

/** Every event that can be asked for; errors and hang-up come unasked. */
const ALL_EVENTS = POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND | POLLRDHUP;

/** struct pollfd in 32-bit words: int fd, then short events and short revents. */
const request = new Int32Array(2);

/** The level of every event of a descriptor now. */
export function level(fd: number): number {
  request[0] = fd;
  request[1] = ALL_EVENTS;
  // One descriptor needs no memory, and EINTR is said in place of 0: nothing holds.
  if (libc().poll(request, 1, 0) <= 0) return 0;
  return request[1] >>> 16;
}

/** Whether the number is open at all. */
export function isOpen(fd: number): boolean {
  return fd >= 0 && (level(fd) & POLLNVAL) === 0;
}
