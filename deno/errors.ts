// From Deno's errors to the kernel's.

import { isErrnoName } from "../base/errno.ts";
import type { ErrnoName } from "../base/errno.ts";
import { errorFor, errorForErrno, gaiErrorFor, gaiNameIn, OSError } from "../base/errors.ts";
import type { ErrorContext } from "../base/errors.ts";

// Deno's class names, for the errors that carry neither a code nor a number.
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

/** The OSError for an error of Deno's net API. A refused permission and what is a wrong argument come through as they are. */
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

/** What SO_ERROR tells of a pending error, 0 of none. */
export function errnoOf(error: Error | null): number {
  if (error === null) return 0;
  const errno = error instanceof OSError ? error.errno : undefined;
  if (errno !== undefined && errno > 0) return errno;
  // A refused permission or an unknown host has no number, and 0 would say that all is well.
  throw error;
}

/** A connection that has errors of its own (TLS). Null: the stream counts as ended. */
interface OwnErrors {
  failure(error: unknown, syscall: string): Error | null;
}

/** The error of a read or write on a connection; null where the stream counts as ended. */
export function connectionError(conn: object, error: unknown, syscall: string): Error | null {
  return "failure" in conn ? (conn as OwnErrors).failure(error, syscall) : fromDeno(error, { syscall });
}

// What went wrong with a connection, known to both its sides and told once.

/** The pending error of a connection, as the kernel keeps it for SO_ERROR or the next call. */
export class Trouble {
  /** The error that nobody was told yet. */
  error: Error | null = null;
  /** Whether the connection is broken off, told or not. */
  reset = false;

  /** Whether a write has failed: what the kernel had to tell, it told to that one. */
  failed = false;
  /** Finds out whether a stream that has ended was reset since: no read tells. */
  ask: (() => Promise<void>) | null = null;

  /** The connection broke off. */
  strike(error: Error): void {
    this.error = error;
    this.reset = true;
  }

  /** Takes the error: whoever is told it first has it. */
  take(): Error | null {
    const { error } = this;
    this.error = null;
    return error;
  }
}
