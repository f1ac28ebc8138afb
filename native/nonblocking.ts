// Nothing may wait on JavaScript's thread, and O_NONBLOCK belongs to the open file, which other processes may share.
//
// What sends and receives has MSG_DONTWAIT and needs no flag of the file. accept(2) and connect(2) have no such flag.
// Sockets that this module opens are non-blocking from the start. A descriptor that it adopts is left as it was found
// until accept or connect needs it otherwise, and is put back when it is given back: a parent's blocking accept, or
// another use of standard output, depends on it.

import { SOL_SOCKET } from "../base/constants.ts";
import { call } from "./call.ts";
import { libc } from "./libc.ts";
import { F_GETFD, F_GETFL, F_SETFD, F_SETFL, FD_CLOEXEC, O_NONBLOCK, SO_COOKIE } from "./linux.ts";
import { readOption } from "./options.ts";

/** What no two sockets share; undefined where there is no socket. */
export function cookieOf(fd: number): bigint | undefined {
  const cookie = new BigUint64Array(1);
  return readOption(fd, SOL_SOCKET, SO_COOKIE, cookie) === 0 ? cookie[0] : undefined;
}

/** The adopted files that are non-blocking because of this module, and a descriptor of each. Duplicates are one file. */
const raised = new Map<bigint, number>();

/** The key of a descriptor's file; where the kernel has no cookies, of the descriptor alone. */
function keyOf(fd: number): bigint {
  return cookieOf(fd) ?? -1n - BigInt(fd);
}

function fileFlags(fd: number): number {
  return call(libc().fcntl(fd, F_GETFL, 0), "fcntl");
}

/**
 * Makes a descriptor non-blocking unless it is. Another process that was given the descriptor may have made it a blocking
 * one, so accept and connect ask here first.
 */
export function keepNonBlocking(fd: number): void {
  const flags = fileFlags(fd);
  if ((flags & O_NONBLOCK) === 0) call(libc().fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

/** Whether a descriptor that is being adopted is a blocking one, but for what this module did to its file. */
export function isFoundBlocking(fd: number): boolean {
  return (fileFlags(fd) & O_NONBLOCK) === 0 || raised.has(keyOf(fd));
}

/** Makes an adopted file non-blocking, to be undone by {@linkcode restoreBlocking}. */
export function borrowNonBlocking(fd: number): void {
  const flags = fileFlags(fd);
  if ((flags & O_NONBLOCK) !== 0) return;
  call(libc().fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
  raised.set(keyOf(fd), fd);
}

/** Makes an adopted file a blocking one again, if it is this module that made it non-blocking. */
export function restoreBlocking(fd: number): void {
  if (raised.size === 0 || !raised.delete(keyOf(fd))) return;
  // No error counts here: what was closed elsewhere has no flags to restore.
  const flags = libc().fcntl(fd, F_GETFL, 0);
  if (flags !== -1) libc().fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/** The same for all of them. */
export function restoreAll(): void {
  for (const [key, fd] of raised) if (keyOf(fd) === key) restoreBlocking(fd);
}

// FD_CLOEXEC: whether a program that this process executes inherits a descriptor.

/** Whether a descriptor is inherited; EBADF where nothing is open under the number. */
export function getInheritable(fd: number): boolean {
  return (descriptorFlags(fd) & FD_CLOEXEC) === 0;
}

/** Lets a descriptor be inherited, or not. */
export function setInheritable(fd: number, inheritable: boolean): void {
  const flags = descriptorFlags(fd);
  const wanted = inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC;
  if (wanted !== flags) call(libc().fcntl(fd, F_SETFD, wanted), "fcntl");
}

function descriptorFlags(fd: number): number {
  return call(libc().fcntl(fd, F_GETFD, 0), "fcntl");
}
