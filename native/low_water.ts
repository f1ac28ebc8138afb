// SO_RCVLOWAT: how many bytes a receive on a stream waits for.

import { POLLERR, POLLHUP, POLLIN, POLLRDHUP } from "../base/poll.ts";
import { libc } from "./libc.ts";
import { FIONREAD } from "./linux.ts";
import { level } from "./poll.ts";

/** The low-water mark of a stream. */
export class LowWater {
  readonly bytes: number;
  /**
   * Whether poll(2) heeds it, as TCP's does. A Unix socket's does not: there a blocking receive takes bytes as they come
   * until there are enough, because its queue may be smaller than the mark.
   */
  readonly polled: boolean;

  constructor(bytes: number, polled: boolean) {
    this.bytes = bytes;
    this.polled = polled;
  }

  /** How many bytes a receive of up to `size` waits for. */
  target(size: number): number {
    return Math.min(this.bytes, size);
  }

  /** Whether there are too few for a receive of up to `size`, on a socket whose poll(2) heeds the mark. */
  isShort(fd: number, size: number): boolean {
    if ((level(fd) & (POLLIN | POLLERR | POLLHUP | POLLRDHUP)) !== 0) return false;
    // For the kernel's poll(2) it is the mark that counts, for a receive of fewer bytes those.
    return size >= this.bytes || available(fd) < size;
  }
}

const count = new Int32Array(1);

/** How many bytes are in a stream's queue. */
function available(fd: number): number {
  return libc().ioctl(fd, FIONREAD, count) === 0 ? count[0] : 0;
}
