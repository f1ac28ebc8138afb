// The exceptions of Python's socket module, and the functions that make them.

import * as constants from "./constants.ts";
import { errnoName, errnoOf, isErrnoName, strerror } from "./errno.ts";
import type { ErrnoName } from "./errno.ts";

/** Further data of an {@linkcode OSError}. */
export interface ErrorContext {
  /** The name of the system call that failed, such as "connect". */
  syscall?: string;
  /** The address that the call was about. */
  address?: unknown;
  /** The error that caused this one. */
  cause?: unknown;
  /** A text that says what to do. It is added to the message. */
  hint?: string;
}

/**
 * The error of a failed system call, as Python's OSError.
 *
 * The message is Python's: `[Errno 111] Connection refused`.
 *
 * @example
 * ```ts
 * import { OSError, socket } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * using sk = socket();
 * const error = await sk.connect(["127.0.0.1", 1]).catch((error: unknown) => error);
 * assert.ok(error instanceof OSError);
 * assert.equal(error.code, "ECONNREFUSED");
 * assert.equal(error.syscall, "connect");
 * ```
 */
export class OSError extends Error {
  /** The class's name, as Python prints it. */
  override name = "OSError";
  /** The error number of the platform; undefined where Python has None, as for "timed out". */
  readonly errno: number | undefined;
  /** The name of the error, such as "ECONNREFUSED". */
  readonly code: string | undefined;
  /** The text of the error, such as "Connection refused". */
  readonly strerror: string | undefined;
  /** The name of the system call that failed, such as "connect". */
  readonly syscall: string | undefined;
  /** The address that the call was about. */
  readonly address: unknown;

  /** Makes an error from Python's arguments (errno and strerror), or from a message. */
  constructor(errno: number | string, text?: string, context: ErrorContext & { code?: string } = {}) {
    const name = typeof errno === "number" ? context.code ?? errnoName(errno) : context.code;
    const words = text ?? (name !== undefined && isErrnoName(name) ? strerror(name) : `Unknown error ${errno}`);
    const message = typeof errno === "string" ? errno : `[Errno ${errno}] ${words}`;
    super(
      context.hint === undefined ? message : `${message}: ${context.hint}`,
      context.cause === undefined ? undefined : { cause: context.cause },
    );
    this.errno = typeof errno === "number" ? errno : undefined;
    this.code = name;
    this.strerror = typeof errno === "number" ? words : undefined;
    this.syscall = context.syscall;
    this.address = context.address;
  }
}

/**
 * The error of a non-blocking call that would have to wait (EAGAIN, EALREADY, EINPROGRESS).
 *
 * @example
 * ```ts
 * import { BlockingIOError, socketpair } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = await socketpair();
 * a.setblocking(false);
 * const error = await a.recv(1024).catch((error: unknown) => error);
 * assert.ok(error instanceof BlockingIOError);
 * a.close();
 * b.close();
 * ```
 */
export class BlockingIOError extends OSError {
  /** The class's name. */
  override name = "BlockingIOError";
}
/**
 * The error of a call that a signal of the system interrupted (EINTR).
 */
export class InterruptedError extends OSError {
  /** The class's name. */
  override name = "InterruptedError";
}
/**
 * The base class of the errors of connections.
 *
 * @example
 * ```ts
 * import { ConnectionError, socket } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * using sk = socket();
 * const error = await sk.connect(["127.0.0.1", 1]).catch((error: unknown) => error);
 * assert.ok(error instanceof ConnectionError);
 * ```
 */
export class ConnectionError extends OSError {
  /** The class's name. */
  override name = "ConnectionError";
}
/**
 * The error of a send on a connection that was shut down for sending, or that the peer has closed (EPIPE, ESHUTDOWN).
 *
 * @example
 * ```ts
 * import { BrokenPipeError, SHUT_WR, socketpair } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = await socketpair();
 * await a.shutdown(SHUT_WR);
 * const error = await a.send("x").catch((error: unknown) => error);
 * assert.ok(error instanceof BrokenPipeError);
 * a.close();
 * b.close();
 * ```
 */
export class BrokenPipeError extends ConnectionError {
  /** The class's name. */
  override name = "BrokenPipeError";
}
/**
 * The error of a connection that was aborted before it was accepted (ECONNABORTED).
 */
export class ConnectionAbortedError extends ConnectionError {
  /** The class's name. */
  override name = "ConnectionAbortedError";
}
/**
 * The error of a connect to an address without a listener (ECONNREFUSED).
 *
 * @example
 * ```ts
 * import { ConnectionRefusedError, socket } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * using sk = socket();
 * const error = await sk.connect(["127.0.0.1", 1]).catch((error: unknown) => error);
 * assert.ok(error instanceof ConnectionRefusedError);
 * ```
 */
export class ConnectionRefusedError extends ConnectionError {
  /** The class's name. */
  override name = "ConnectionRefusedError";
}
/**
 * The error of a connection that the peer has reset (ECONNRESET).
 */
export class ConnectionResetError extends ConnectionError {
  /** The class's name. */
  override name = "ConnectionResetError";
}
/**
 * The error of a timeout: of the socket ("timed out", without errno) or of the network (ETIMEDOUT).
 *
 * @example
 * ```ts
 * import { socketpair, TimeoutError } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = await socketpair();
 * a.settimeout(0.01);
 * const error = await a.recv(1024).catch((error: unknown) => error);
 * assert.ok(error instanceof TimeoutError);
 * a.close();
 * b.close();
 * ```
 */
export class TimeoutError extends OSError {
  /** The class's name. */
  override name = "TimeoutError";
}
/**
 * The error of an operation that the system refuses (EACCES, EPERM). A refusal by Deno is Deno.errors.NotCapable.
 */
export class PermissionError extends OSError {
  /** The class's name. */
  override name = "PermissionError";
}
/**
 * The error of a path that does not exist (ENOENT).
 *
 * @example
 * ```ts
 * import { AF_UNIX, FileNotFoundError, socket } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * using sk = socket(AF_UNIX);
 * const error = await sk.connect("/nonexistent").catch((error: unknown) => error);
 * assert.ok(error instanceof FileNotFoundError);
 * ```
 */
export class FileNotFoundError extends OSError {
  /** The class's name. */
  override name = "FileNotFoundError";
}
/**
 * The error of a path that exists already (EEXIST).
 */
export class FileExistsError extends OSError {
  /** The class's name. */
  override name = "FileExistsError";
}
/**
 * The error of a failed address look-up. `errno` is one of the EAI_ numbers.
 *
 * @example
 * ```ts
 * import { AI_NUMERICHOST, gaierror, getaddrinfo } from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const error = await getaddrinfo("no number", 80, 0, 0, 0, AI_NUMERICHOST).catch((error: unknown) => error);
 * assert.ok(error instanceof gaierror);
 * ```
 */
export class gaierror extends OSError {
  /** The class's name. */
  override name = "gaierror";
}
/**
 * The error of a failed look-up by gethostbyname or gethostbyaddr.
 */
export class herror extends OSError {
  /** The class's name. */
  override name = "herror";
}

// As in Python: https://docs.python.org/3/library/exceptions.html#os-exceptions
const CLASSES: Partial<Record<ErrnoName, typeof OSError>> = {
  EAGAIN: BlockingIOError,
  EALREADY: BlockingIOError,
  EINPROGRESS: BlockingIOError,
  EINTR: InterruptedError,
  EPIPE: BrokenPipeError,
  ESHUTDOWN: BrokenPipeError,
  ECONNABORTED: ConnectionAbortedError,
  ECONNREFUSED: ConnectionRefusedError,
  ECONNRESET: ConnectionResetError,
  ETIMEDOUT: TimeoutError,
  EACCES: PermissionError,
  EPERM: PermissionError,
  ENOENT: FileNotFoundError,
  EEXIST: FileExistsError,
};

/**
 * Makes the stack of an error begin at the line that called `callee`, and returns the error. The lines of this package above
 * it would not help the author of a program. `callee` must be on the stack now, or the new stack would be empty.
 */
export function atCaller(error: unknown, callee: (...args: any[]) => unknown): unknown {
  // Not every browser has captureStackTrace.
  if (error instanceof OSError) Error.captureStackTrace?.(error, callee);
  return error;
}

/** Makes the error of an error name, with Python's class for it. */
export function errorFor(code: ErrnoName, context: ErrorContext = {}): OSError {
  return new (CLASSES[code] ?? OSError)(errnoOf(code), strerror(code), { ...context, code });
}

/** Makes the error of an error number, with Python's class for it. */
export function errorForErrno(errno: number, context: ErrorContext = {}): OSError {
  const code = errnoName(errno);
  return code === undefined ? new OSError(errno, undefined, context) : errorFor(code, context);
}

/** Makes the error of a socket's timeout: "timed out", as in Python without an errno. */
export function timedOut(context: ErrorContext = {}): TimeoutError {
  return new TimeoutError("timed out", undefined, context);
}

// The errors of look-ups. Numbers and texts are glibc's on every platform, because this package makes them.

/** gai_strerror(3) */
const GAI_TEXTS = {
  EAI_BADFLAGS: "Bad value for ai_flags",
  EAI_NONAME: "Name or service not known",
  EAI_AGAIN: "Temporary failure in name resolution",
  EAI_FAIL: "Non-recoverable failure in name resolution",
  EAI_NODATA: "No address associated with hostname",
  EAI_FAMILY: "ai_family not supported",
  EAI_SOCKTYPE: "ai_socktype not supported",
  EAI_SERVICE: "Servname not supported for ai_socktype",
  EAI_ADDRFAMILY: "Address family for hostname not supported",
  EAI_MEMORY: "Memory allocation failure",
  EAI_SYSTEM: "System error",
  EAI_OVERFLOW: "Result too large for supplied buffer",
} as const;

/** The names of getaddrinfo's errors. */
export type GaiName = keyof typeof GAI_TEXTS;

/** Finds the error whose text is in a message. Deno's errors have only glibc's text for a failure of getaddrinfo. */
export function gaiNameIn(message: string): GaiName | undefined {
  return (Object.keys(GAI_TEXTS) as GaiName[]).find((name) => message.includes(GAI_TEXTS[name]));
}

/** Makes the error of getaddrinfo and getnameinfo. */
export function gaiErrorFor(code: GaiName, context: ErrorContext = {}): gaierror {
  return new gaierror(constants[code], GAI_TEXTS[code], { ...context, code });
}

/** hstrerror(3), by number from 1 */
const H_ERRORS = {
  HOST_NOT_FOUND: [1, "Unknown host"],
  TRY_AGAIN: [2, "Host name lookup failure"],
  NO_RECOVERY: [3, "Unknown server error"],
  NO_DATA: [4, "No address associated with name"],
} as const;

/** The names of gethostbyaddr's errors. */
export type HName = keyof typeof H_ERRORS;

/** Makes the error of gethostbyname_ex and gethostbyaddr. */
export function hErrorFor(code: HName, context: ErrorContext = {}): herror {
  const [errno, text] = H_ERRORS[code];
  return new herror(errno, text, { ...context, code });
}
