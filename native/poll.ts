// poll(2) without waiting: the events of a descriptor that hold now.

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

/** All events that can be asked for. Errors and hang-up are always reported. */
const ALL_EVENTS = POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND | POLLRDHUP;

/** struct pollfd in 32-bit words: int fd, then short events and short revents. */
const request = new Int32Array(2);

/** Returns all events of a descriptor that hold now. */
export function level(fd: number): number {
  request[0] = fd;
  request[1] = ALL_EVENTS;
  // poll(2) of one descriptor cannot fail for lack of memory. -1 is EINTR, which counts as no events.
  if (libc().poll(request, 1, 0) <= 0) return 0;
  return request[1] >>> 16;
}

/** Whether a descriptor is open. */
export function isOpen(fd: number): boolean {
  return fd >= 0 && (level(fd) & POLLNVAL) === 0;
}
