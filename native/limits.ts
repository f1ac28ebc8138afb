// The socket options that limit blocking calls: SO_RCVTIMEO, SO_SNDTIMEO and SO_RCVLOWAT.
//
// The kernel applies them to blocking descriptors only, and descriptors here are non-blocking. So this module reads them
// when they are set, adopted or inherited, and calls apply them. A socket without any of them has no limits to check.

import { SO_RCVLOWAT, SO_RCVTIMEO, SO_SNDTIMEO, SOL_SOCKET } from "../base/constants/sockets.ts";
import type { BlockingLimits } from "../seam/transport.ts";
import { SO_RCVTIMEO_NEW, SO_SNDTIMEO_NEW } from "./linux.ts";
import { readOption } from "./options.ts";

const NONE: BlockingLimits = { receive: null, send: null, lowWater: 1 };

/** Returns the limits of a socket, or undefined if it has none. */
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
