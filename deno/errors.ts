// Conversion of Deno's errors to the kernel's, and the pending error of a connection.

import { isErrnoName } from "../base/errno.ts";
import type { ErrnoName } from "../base/errno.ts";
import { errorFor, errorForErrno, gaiErrorFor, gaiNameIn, OSError } from "../base/errors.ts";
import type { ErrorContext } from "../base/errors.ts";

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

/** A connection that converts its own errors (TLS). Null means that the stream counts as ended. */
interface OwnErrors {
  failure(error: unknown, syscall: string): Error | null;
}

/** Returns the error of a read or write on a connection, or null if the stream counts as ended. */
export function connectionError(conn: object, error: unknown, syscall: string): Error | null {
  return "failure" in conn ? (conn as OwnErrors).failure(error, syscall) : fromDeno(error, { syscall });
}

/**
 * The pending error of a connection, as the kernel keeps it for SO_ERROR or the next call. The receiving and the sending
 * side share it, and one call reports it.
 */
export class PendingError {
  /** The error, until a call has reported it. */
  error: Error | null = null;
  /** Whether the connection was reset. It stays true when the error has been reported. */
  reset = false;
  /** Whether a write has failed. Its call has reported the error of the connection then. */
  writeFailed = false;
  /** Finds out whether a stream that has ended was reset since. No read reports that. */
  findReset: (() => Promise<void>) | null = null;

  /** Records that the connection was reset. */
  recordReset(error: Error): void {
    this.error = error;
    this.reset = true;
  }

  /** Returns the error and clears it, as reading SO_ERROR does. */
  take(): Error | null {
    const { error } = this;
    this.error = null;
    return error;
  }
}
