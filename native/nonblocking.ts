// Keeps system calls from waiting on the JavaScript thread. O_NONBLOCK belongs to the open file, which other processes may
// share.
//
// Sends and receives have MSG_DONTWAIT and do not need O_NONBLOCK. accept(2) and connect(2) have no such flag. Sockets
// that this module opens are non-blocking from the start. A blocking descriptor that it adopts stays blocking until accept
// or connect needs O_NONBLOCK, and the flag is cleared again when the descriptor is given back. For example, a
// blocking accept of the parent process depends on that, and so does another program that writes to the same output.

import { SOL_SOCKET } from "../base/constants.ts";
import { call } from "./call.ts";
import { libc } from "./libc.ts";
import { F_GETFD, F_GETFL, F_SETFD, F_SETFL, FD_CLOEXEC, O_NONBLOCK, SO_COOKIE } from "./linux.ts";
import { readOption } from "./options.ts";

/** Returns a number that identifies a socket, or undefined if the descriptor is no socket. */
export function cookieOf(fd: number): bigint | undefined {
  const cookie = new BigUint64Array(1);
  return readOption(fd, SOL_SOCKET, SO_COOKIE, cookie) === 0 ? cookie[0] : undefined;
}

/** The adopted files that this module made non-blocking, each with one descriptor. Duplicates are one file. */
const changed = new Map<bigint, number>();

/** Returns a key for a descriptor's file. Without a cookie, it is a key of the descriptor only. */
function keyOf(fd: number): bigint {
  return cookieOf(fd) ?? -1n - BigInt(fd);
}

function fileFlags(fd: number): number {
  return call(libc().fcntl(fd, F_GETFL, 0), "fcntl");
}

/**
 * Makes a descriptor non-blocking. Another process that was given the descriptor may have cleared the flag, so accept and
 * connect call this first.
 */
export function ensureNonBlocking(fd: number): void {
  const flags = fileFlags(fd);
  if ((flags & O_NONBLOCK) === 0) call(libc().fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

/** Whether a descriptor is blocking when it is adopted. A file that only this module made non-blocking counts as blocking. */
export function isFoundBlocking(fd: number): boolean {
  return (fileFlags(fd) & O_NONBLOCK) === 0 || changed.has(keyOf(fd));
}

/** Makes an adopted file non-blocking until {@linkcode restoreBlocking}. */
export function setNonBlockingForNow(fd: number): void {
  const flags = fileFlags(fd);
  if ((flags & O_NONBLOCK) !== 0) return;
  call(libc().fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
  changed.set(keyOf(fd), fd);
}

/** Makes an adopted file blocking again, if this module made it non-blocking. */
export function restoreBlocking(fd: number): void {
  if (changed.size === 0 || !changed.delete(keyOf(fd))) return;
  // Errors are ignored: a descriptor that was closed elsewhere has no flags to restore.
  const flags = libc().fcntl(fd, F_GETFL, 0);
  if (flags !== -1) libc().fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/** Makes all changed files blocking again. */
export function restoreAll(): void {
  for (const [key, fd] of changed) if (keyOf(fd) === key) restoreBlocking(fd);
}

// FD_CLOEXEC: whether a program that this process executes inherits a descriptor.

/** Whether a descriptor is inherited. Throws EBADF if the number is not open. */
export function getInheritable(fd: number): boolean {
  return (descriptorFlags(fd) & FD_CLOEXEC) === 0;
}

/** Sets whether a descriptor is inherited. */
export function setInheritable(fd: number, inheritable: boolean): void {
  const flags = descriptorFlags(fd);
  const wanted = inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC;
  if (wanted !== flags) call(libc().fcntl(fd, F_SETFD, wanted), "fcntl");
}

function descriptorFlags(fd: number): number {
  return call(libc().fcntl(fd, F_GETFD, 0), "fcntl");
}
