// Conversion of Deno's errors to the kernel's.

import { errorFor, errorForErrno, OSError } from "../base/errors.ts";
import type { ErrorContext } from "../base/errors.ts";
import { isErrnoName } from "../base/errno.ts";
import type { ErrnoName } from "../base/errno.ts";
import { gaiErrorFor, gaiNameIn } from "../base/gai.ts";

// Deno's class names, for errors that have neither a code nor a number.
const BY_CLASS: Record<string, ErrnoName> = {
  AddrInUse: "EADDRINUSE",
  AddrNotAvailable: "EADDRNOTAVAIL",
  AlreadyExists: "EEXIST",
  BadResource: "EBADF",
  BrokenPipe: "EPIPE",
  Busy: "EBUSY",
  ConnectionAborted: "ECONNABORTED",
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  Interrupted: "EINTR",
  NetworkUnreachable: "ENETUNREACH",
  NotConnected: "ENOTCONN",
  NotFound: "ENOENT",
  PermissionDenied: "EACCES",
  TimedOut: "ETIMEDOUT",
  UnexpectedEof: "ECONNRESET",
  WouldBlock: "EAGAIN",
};

/** Returns the OSError for an error of Deno's net API. A refused permission and a RangeError are returned unchanged. */
export function fromDeno(error: unknown, context: ErrorContext): Error {
  if (error instanceof Deno.errors.NotCapable || error instanceof OSError || error instanceof RangeError) return error;
  if (!(error instanceof Error)) return new OSError(String(error), undefined, { ...context, cause: error });
  const from = { ...context, cause: error };
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string" && isErrnoName(code)) return errorFor(code, from);
  const number = /\(os error (\d+)\)/.exec(error.message);
  if (number !== null) return errorForErrno(Number(number[1]), from);
  if (/failed to lookup address|No such host|invalid host/.test(error.message)) {
    return gaiErrorFor(gaiNameIn(error.message) ?? "EAI_NONAME", from);
  }
  const known = BY_CLASS[error.name];
  return known === undefined ? new OSError(error.message, undefined, from) : errorFor(known, from);
}

/** Returns the value of SO_ERROR for a pending error, 0 for none. */
export function errnoOf(error: Error | null): number {
  if (error === null) return 0;
  const errno = error instanceof OSError ? error.errno : undefined;
  if (errno !== undefined && errno > 0) return errno;
  // A refused permission or an unknown host has no number. Returning 0 would report success.
  throw error;
}
