// Reading and setting a socket's options.

import * as effects from "./effects.ts";
import { AF_VSOCK, SO_RCVLOWAT, SO_RCVTIMEO, SO_SNDTIMEO, SOL_SOCKET } from "../base/constants.ts";
import { POLLERR, POLLHUP, POLLIN, POLLRDHUP } from "../base/poll.ts";
import type { BlockingLimits } from "../seam/transport.ts";
import { call, level } from "./call.ts";
import { libc, libcTransfer } from "./libc.ts";
import { FIONREAD, SO_RCVTIMEO_NEW, SO_SNDTIMEO_NEW } from "./linux.ts";

/** getsockopt(2) for an option of known size. Returns libc's result. */
export function readOption(
  fd: number,
  level: number,
  name: number,
  value: Int32Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>,
): number {
  return libc().getsockopt(fd, level, name, value, new Uint32Array([value.byteLength]));
}

/**
 * Returns an option as a number. Options of AF_VSOCK have 64 bits, so CPython asks for 8 bytes on such a socket. For an
 * option of another level the kernel fills the first 4 bytes only.
 */
export function numberOption(fd: number, family: number, level: number, name: number): number {
  const value = new DataView(new ArrayBuffer(8));
  const length = new Uint32Array([family === AF_VSOCK ? 8 : 4]);
  call(libc().getsockopt(fd, level, name, new Uint8Array(value.buffer), length), "getsockopt");
  return family === AF_VSOCK ? Number(value.getBigUint64(0, true)) : value.getInt32(0, true);
}

/** Returns up to `size` bytes of an option. */
export function bytesOption(fd: number, level: number, name: number, size: number): Uint8Array<ArrayBuffer> {
  const value = new Uint8Array(size);
  const length = new Uint32Array([size]);
  call(libc().getsockopt(fd, level, name, value, length), "getsockopt");
  return value.slice(0, length[0]);
}

/** Sets an option to bytes or to a number. A number has 64 bits on a socket of AF_VSOCK, and is a C int on others. */
export function setOption(fd: number, family: number, level: number, name: number, value: number | Uint8Array): void {
  const bytes = typeof value !== "number"
    ? value as Uint8Array<ArrayBuffer>
    : family === AF_VSOCK
    ? new BigInt64Array([BigInt(value)])
    : new Int32Array([value]);
  call(effects.setOption(fd, level, name, bytes, bytes.byteLength), "setsockopt");
}

// The socket options that limit blocking calls: SO_RCVTIMEO, SO_SNDTIMEO and SO_RCVLOWAT.

const NONE: BlockingLimits = { receive: null, send: null, lowWater: 1 };

/**
 * Returns the limits that SO_RCVTIMEO, SO_SNDTIMEO and SO_RCVLOWAT set, or undefined if a socket has none of them.
 *
 * The kernel applies these options to blocking descriptors only, and descriptors here are non-blocking. So this module
 * reads the options when they are set, adopted or inherited, and calls apply them.
 */
export function readLimits(fd: number): BlockingLimits | undefined {
  return orNone({
    receive: secondsOf(fd, SO_RCVTIMEO),
    send: secondsOf(fd, SO_SNDTIMEO),
    lowWater: lowWaterOf(fd),
  });
}

/** Returns the limits after an option was set. */
export function limitsAfter(
  fd: number,
  limits: BlockingLimits | undefined,
  level: number,
  name: number,
  value: number | Uint8Array,
): BlockingLimits | undefined {
  if (level !== SOL_SOCKET) return limits;
  const { receive, send, lowWater } = limits ?? NONE;
  switch (name) {
    case SO_RCVLOWAT:
      return orNone({ receive, send, lowWater: lowWaterOf(fd) });
    case SO_RCVTIMEO:
    case SO_RCVTIMEO_NEW:
      return orNone({ receive: isNegative(value) ? 0 : secondsOf(fd, SO_RCVTIMEO), send, lowWater });
    case SO_SNDTIMEO:
    case SO_SNDTIMEO_NEW:
      return orNone({ receive, send: isNegative(value) ? 0 : secondsOf(fd, SO_SNDTIMEO), lowWater });
  }
  return limits;
}

/** For the kernel a negative struct timeval means not to wait. It reads back as zero, which means no limit. */
function isNegative(value: number | Uint8Array): boolean {
  return typeof value !== "number" && value.length >= 8 && (value[7] & 0x80) !== 0;
}

function orNone(limits: BlockingLimits): BlockingLimits | undefined {
  return limits.receive === null && limits.send === null && limits.lowWater <= 1 ? undefined : limits;
}

/** Reads a struct timeval in seconds; null for zero. */
function secondsOf(fd: number, name: number): number | null {
  const time = new BigUint64Array(2);
  if (readOption(fd, SOL_SOCKET, name, time) !== 0) return null;
  const seconds = Number(time[0]) + Number(time[1]) / 1e6;
  return seconds === 0 ? null : seconds;
}

function lowWaterOf(fd: number): number {
  const value = new Int32Array(1);
  return readOption(fd, SOL_SOCKET, SO_RCVLOWAT, value) === 0 ? value[0] : 1;
}

// SO_RCVLOWAT: how many bytes a receive on a stream waits for.

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
  return libcTransfer().ioctl(fd, FIONREAD, count) === 0 ? count[0] : 0;
}
