// Where a -1 of libc becomes an error, and the only place that reads errno.

import { errorForErrno } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
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
