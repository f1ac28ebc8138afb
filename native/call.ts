// Helpers for calls of libc: errors, memory that a call reads and writes, and poll(2). Only this module reads errno.

import { errorForErrno } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
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
import { libc, libcMemory } from "./libc.ts";

const cell = new Int32Array(1);
let location: Deno.PointerValue = null;

/**
 * Returns the errno of the call just made. Its location is read once: an isolate runs on one thread (each Worker has its
 * own copy of this module), so the location never changes. JavaScript that runs between the call and this may enter the
 * kernel to get memory. That changes errno only if it fails. native_errno_test.ts shows that errno survives forced garbage
 * collections. The errno of a `nonblocking` call is lost, because that call runs on another thread.
 */
export function errno(): number {
  location ??= libc().__errno_location();
  libc().memcpy(cell, location, 4);
  return cell[0];
}

/** Returns the error of the call just made. */
export function failure(syscall: string, address?: unknown): OSError {
  return errorForErrno(errno(), { syscall, address });
}

/** Returns a result of libc, or throws the error for -1. */
export function call(result: number, syscall: string, address?: unknown): number {
  if (result === -1) throw failure(syscall, address);
  return result;
}

// Memory that libc's results point to.

/** The address of NULL. */
export const NULL = 0n;

/**
 * Copies bytes from an address.
 *
 * It uses memcpy and not Deno.UnsafePointerView. The view needs --allow-ffi without a list of paths (Deno 2.9), so a program
 * that was only allowed libc (`--allow-ffi=/lib/x86_64-linux-gnu/libc.so.6`) could not use it.
 */
export function bytesAt(address: bigint, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  libcMemory().memcpy_from(bytes, address, length);
  return bytes;
}

/** Copies a struct from an address. */
export function structAt(address: bigint, length: number): DataView<ArrayBuffer> {
  return new DataView(bytesAt(address, length).buffer);
}

/** Reads the C string at an address. */
export function textAt(address: bigint): string {
  return new TextDecoder().decode(bytesAt(address, libcMemory().strlen(address)));
}

/** Reads the array of addresses at an address. It ends with NULL. */
export function* listAt(address: bigint): Generator<bigint> {
  for (;; address += 8n) {
    const element = structAt(address, 8).getBigUint64(0, true);
    if (element === NULL) return;
    yield element;
  }
}

/** Converts a text to a C string. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** Reads the C string in a buffer. */
export function textIn(buffer: Uint8Array): string {
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}

// Memory that a call on another thread uses.

const lent = new Set<unknown>();

/** Keeps the memory of a call on another thread reachable until the call has ended. */
export async function lend<T>(memory: unknown, call: Promise<T>): Promise<T> {
  lent.add(memory);
  try {
    return await call;
  } finally {
    lent.delete(memory);
  }
}

// poll(2) without waiting: the events of a descriptor that hold now.

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
