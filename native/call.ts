// Conversion of libc's -1 to an error. Only this module reads errno.

import { errorForErrno } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import { libc } from "./libc.ts";

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
