// Inheritance of descriptors, as Python's os.get_inheritable() and os.set_inheritable(), for backends that have descriptors
// of the process.

import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import type { Backend } from "../seam/backend.ts";
import type { Transport } from "../seam/transport.ts";
import { checkInteger } from "./arguments.ts";

const HINT =
  'Deno does not reveal the descriptors of its sockets, native sockets have them: import "@berkeley/socket/native"';

function refusal(syscall: string): OSError {
  return errorFor("EOPNOTSUPP", { syscall, hint: HINT });
}

/** Whether programs that this process starts inherit a socket. */
export function isInheritable(transport: Transport): boolean {
  if (transport.getInheritable === undefined) throw refusal("get_inheritable");
  return transport.getInheritable();
}

/** Sets whether programs that this process starts inherit a socket. */
export function makeInheritable(transport: Transport, inheritable: boolean): void {
  if (transport.setInheritable === undefined) throw refusal("set_inheritable");
  transport.setInheritable(Boolean(inheritable));
}

/** Whether programs that this process starts inherit a descriptor. */
export function isFdInheritable(backend: Backend, fd: number): boolean {
  checkInteger(fd, "fd");
  if (backend.getInheritable === undefined) throw refusal("get_inheritable");
  return backend.getInheritable(fd);
}

/** Sets whether programs that this process starts inherit a descriptor. */
export function makeFdInheritable(backend: Backend, fd: number, inheritable: boolean): void {
  checkInteger(fd, "fd");
  if (backend.setInheritable === undefined) throw refusal("set_inheritable");
  backend.setInheritable(fd, Boolean(inheritable));
}
