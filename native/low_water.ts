// SO_RCVLOWAT: how many bytes a receive on a stream waits for.

import { POLLERR, POLLHUP, POLLIN, POLLRDHUP } from "../base/poll.ts";
import { libc } from "./libc.ts";
import { FIONREAD } from "./linux.ts";
import { level } from "./poll.ts";

/** The low-water mark of a stream, in bytes. */
export class LowWater {
  readonly bytes: number;
  /**
   * Whether poll(2) respects it, as it does for TCP. For a Unix socket it does not: a blocking receive there takes bytes as
   * they arrive until there are enough, because the socket's queue may be smaller than the mark.
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

  /** Whether there are too few bytes for a receive of up to `size`, on a socket whose poll(2) respects the mark. */
  isShort(fd: number, size: number): boolean {
    if ((level(fd) & (POLLIN | POLLERR | POLLHUP | POLLRDHUP)) !== 0) return false;
    // poll(2) compares with the mark. A receive of fewer bytes than the mark waits for those only.
    return size >= this.bytes || available(fd) < size;
  }
}

const count = new Int32Array(1);

/** Returns the number of bytes in a stream's receive queue. */
function available(fd: number): number {
  return libc().ioctl(fd, FIONREAD, count) === 0 ? count[0] : 0;
}
