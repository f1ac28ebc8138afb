// Where a -1 of libc becomes an error, and the only place that reads errno.

import { errorForErrno } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import { libc } from "./libc.ts";

let cell: Int32Array | undefined;

/**
 * The errno of the call just made. `__errno_location` is asked once: an isolate runs on one thread (each Worker
 * has a module of its own), so its errno never moves. Nothing may stand between the call and this that could
 * enter the kernel; JavaScript alone does not, and a collection of garbage that maps memory leaves errno alone
 * unless it fails. The test native_errno_test.ts shows it under forced collections. The errno of a
 * `nonblocking` call is another thread's and is lost.
 */
export function errno(): number {
  return (cell ??= locate())[0];
}

function locate(): Int32Array {
  const pointer = libc().__errno_location();
  return new Int32Array(Deno.UnsafePointerView.getArrayBuffer(pointer!, 4));
}

/** Locates errno, so that the first failing call finds it without a call of its own between. */
export function prepareErrno(): void {
  cell ??= locate();
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
