// FD_CLOEXEC: whether a program that this process executes inherits a descriptor.

import { call } from "./call.ts";
import { libc } from "./libc.ts";
import { F_GETFD, F_SETFD, FD_CLOEXEC } from "./linux.ts";

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
