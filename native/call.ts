// Around a call of libc: its error, memory that it reads and writes, and poll(2). Here a -1 becomes an error, and this is
// the only place that reads errno.

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
import { libc } from "./libc.ts";

const cell = new Int32Array(1);
let location: Deno.PointerValue = null;

/**
 * The errno of the call just made. Where it is is asked once: an isolate runs on one thread (each Worker has a module
 * of its own), so its errno never moves. JavaScript between the call and this is harmless: it enters the kernel for more
 * memory at most, which leaves errno alone unless it fails, and native_errno_test.ts shows that it survives forced
 * collections. The errno of a `nonblocking` call is another thread's and is lost.
 */
export function errno(): number {
  location ??= libc().__errno_location();
  libc().memcpy(cell, location, 4);
  return cell[0];
}

/** The error of the call just made. */
export function failure(syscall: string, address?: unknown): OSError {
  return errorForErrno(errno(), { syscall, address });
}

/** Passes a result of libc through, or throws what its -1 stands for. */
export function call(result: number, syscall: string, address?: unknown): number {
  if (result === -1) throw failure(syscall, address);
  return result;
}

// What libc's answers lead to, read by address.
//
// By memcpy, and not by Deno.UnsafePointerView: that asks for all of --allow-ffi (Deno 2.9), so a program that was
// allowed libc alone, `--allow-ffi=/lib/x86_64-linux-gnu/libc.so.6`, could not use it.

/** The address of C's NULL. */
export const NULL = 0n;

/** A copy of the first bytes at an address. */
export function bytesAt(address: bigint, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  libc().memcpy_from(bytes, address, length);
  return bytes;
}

/** A copy of the struct at an address, to be read. */
export function structAt(address: bigint, length: number): DataView<ArrayBuffer> {
  return new DataView(bytesAt(address, length).buffer);
}

/** The text at an address. */
export function textAt(address: bigint): string {
  return new TextDecoder().decode(bytesAt(address, libc().strlen(address)));
}

/** The addresses in the list at an address. The last one is NULL. */
export function* listAt(address: bigint): Generator<bigint> {
  for (;; address += 8n) {
    const element = structAt(address, 8).getBigUint64(0, true);
    if (element === NULL) return;
    yield element;
  }
}

/** Text as C has it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** The text in a buffer, which ends at the first zero. */
export function textIn(buffer: Uint8Array): string {
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}

// Memory that another thread makes use of.

const lent = new Set<unknown>();

/** Keeps what a call on another thread reads and writes, until it has ended. */
export async function lend<T>(memory: unknown, call: Promise<T>): Promise<T> {
  lent.add(memory);
  try {
    return await call;
  } finally {
    lent.delete(memory);
  }
}

// poll(2) without waiting: what a descriptor's level is, from the kernel itself.

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
