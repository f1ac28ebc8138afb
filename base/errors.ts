// The exceptions of Python's socket module, and the one way to make them.

import * as constants from "./constants.ts";
import { errnoName, errnoOf, isErrnoName, strerror } from "./errno.ts";
import type { ErrnoName } from "./errno.ts";

/** Where an error happened, carried by {@linkcode OSError}. */
export interface ErrorContext {
  /** The call that failed, as its man page names it: "connect". */
  syscall?: string;
  /** The address that the call was about. */
  address?: unknown;
  /** The error underneath, where there is one. */
  cause?: unknown;
  /** A sentence that tells the way out, appended to the message. */
  hint?: string;
}

/**
 * A failed system call, as Python's OSError.
 *
 * The message is Python's: `[Errno 111] Connection refused`.
 *
 * @example
 * ```ts
 * import { OSError, socket } from "@berkeley/socket";
 *
 * using sk = socket();
 * const error = await sk.connect(["127.0.0.1", 1]).catch((error: unknown) => error);
 * console.assert(error instanceof OSError && error.code === "ECONNREFUSED" && error.syscall === "connect");
 * ```
 */
export class OSError extends Error {
  /** The class's name, as Python prints it. */
  override name = "OSError";
  /** The platform's error number; undefined where Python has None, as for "timed out". */
  readonly errno: number | undefined;
  /** The error's name, "ECONNREFUSED". */
  readonly code: string | undefined;
  /** The error's text, "Connection refused". */
  readonly strerror: string | undefined;
  /** The call that failed, "connect". */
  readonly syscall: string | undefined;
  /** The address that the call was about. */
  readonly address: unknown;

  /** Takes Python's arguments (errno and strerror), or a message alone. */
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
 * A non-blocking call that would have to wait (EAGAIN, EALREADY, EINPROGRESS).
 *
 * @example
 * ```ts
 * import { BlockingIOError, socketpair } from "@berkeley/socket";
 *
 * const [a, b] = await socketpair();
 * a.setblocking(false);
 * const error = await a.recv(1024).catch((error: unknown) => error);
 * console.assert(error instanceof BlockingIOError);
 * a.close();
 * b.close();
 * ```
 */
export class BlockingIOError extends OSError {
  /** The class's name. */
  override name = "BlockingIOError";
}
/**
 * A call interrupted by a signal (EINTR).
 *
 * @example
 * ```ts
 * import { InterruptedError, OSError } from "@berkeley/socket";
 *
 * console.assert(new InterruptedError(4) instanceof OSError);
 * ```
 */
export class InterruptedError extends OSError {
  /** The class's name. */
  override name = "InterruptedError";
}
/**
 * The base class of a connection's errors.
 *
 * @example
 * ```ts
 * import { ConnectionError, socket } from "@berkeley/socket";
 *
 * using sk = socket();
 * const error = await sk.connect(["127.0.0.1", 1]).catch((error: unknown) => error);
 * console.assert(error instanceof ConnectionError);
 * ```
 */
export class ConnectionError extends OSError {
  /** The class's name. */
  override name = "ConnectionError";
}
/**
 * Sending where nobody reads any more (EPIPE, ESHUTDOWN).
 *
 * @example
 * ```ts
 * import { BrokenPipeError, SHUT_WR, socketpair } from "@berkeley/socket";
 *
 * const [a, b] = await socketpair();
 * await a.shutdown(SHUT_WR);
 * const error = await a.send("x").catch((error: unknown) => error);
 * console.assert(error instanceof BrokenPipeError);
 * a.close();
 * b.close();
 * ```
 */
export class BrokenPipeError extends ConnectionError {
  /** The class's name. */
  override name = "BrokenPipeError";
}
/**
 * A connection that was aborted before it was accepted (ECONNABORTED).
 *
 * @example
 * ```ts
 * import { ConnectionAbortedError, ConnectionError } from "@berkeley/socket";
 *
 * console.assert(new ConnectionAbortedError(103) instanceof ConnectionError);
 * ```
 */
export class ConnectionAbortedError extends ConnectionError {
  /** The class's name. */
  override name = "ConnectionAbortedError";
}
/**
 * Nobody listens at the address (ECONNREFUSED).
 *
 * @example
 * ```ts
 * import { ConnectionRefusedError, socket } from "@berkeley/socket";
 *
 * using sk = socket();
 * const error = await sk.connect(["127.0.0.1", 1]).catch((error: unknown) => error);
 * console.assert(error instanceof ConnectionRefusedError);
 * ```
 */
export class ConnectionRefusedError extends ConnectionError {
  /** The class's name. */
  override name = "ConnectionRefusedError";
}
/**
 * The peer reset the connection (ECONNRESET).
 *
 * @example
 * ```ts
 * import { ConnectionError, ConnectionResetError } from "@berkeley/socket";
 *
 * console.assert(new ConnectionResetError(104) instanceof ConnectionError);
 * ```
 */
export class ConnectionResetError extends ConnectionError {
  /** The class's name. */
  override name = "ConnectionResetError";
}
/**
 * A timeout of the socket ("timed out", without errno) or of the network (ETIMEDOUT).
 *
 * @example
 * ```ts
 * import { socketpair, TimeoutError } from "@berkeley/socket";
 *
 * const [a, b] = await socketpair();
 * a.settimeout(0.01);
 * const error = await a.recv(1024).catch((error: unknown) => error);
 * console.assert(error instanceof TimeoutError);
 * a.close();
 * b.close();
 * ```
 */
export class TimeoutError extends OSError {
  /** The class's name. */
  override name = "TimeoutError";
}
/**
 * The system refuses the operation (EACCES, EPERM); Deno's own refusals are Deno.errors.NotCapable.
 *
 * @example
 * ```ts
 * import { OSError, PermissionError } from "@berkeley/socket";
 *
 * console.assert(new PermissionError(13) instanceof OSError);
 * ```
 */
export class PermissionError extends OSError {
  /** The class's name. */
  override name = "PermissionError";
}
/**
 * A path that does not exist (ENOENT).
 *
 * @example
 * ```ts
 * import { AF_UNIX, FileNotFoundError, socket } from "@berkeley/socket";
 *
 * using sk = socket(AF_UNIX);
 * const error = await sk.connect("/nonexistent").catch((error: unknown) => error);
 * console.assert(error instanceof FileNotFoundError);
 * ```
 */
export class FileNotFoundError extends OSError {
  /** The class's name. */
  override name = "FileNotFoundError";
}
/**
 * A path that exists already (EEXIST).
 *
 * @example
 * ```ts
 * import { FileExistsError, OSError } from "@berkeley/socket";
 *
 * console.assert(new FileExistsError(17) instanceof OSError);
 * ```
 */
export class FileExistsError extends OSError {
  /** The class's name. */
  override name = "FileExistsError";
}
/**
 * A failed address look-up; `errno` is one of the EAI_ numbers.
 *
 * @example
 * ```ts
 * import { AI_NUMERICHOST, gaierror, getaddrinfo } from "@berkeley/socket";
 *
 * const error = await getaddrinfo("no number", 80, 0, 0, 0, AI_NUMERICHOST).catch((error: unknown) => error);
 * console.assert(error instanceof gaierror);
 * ```
 */
export class gaierror extends OSError {
  /** The class's name. */
  override name = "gaierror";
}
/**
 * A failed look-up by gethostbyname or gethostbyaddr.
 *
 * @example
 * ```ts
 * import { herror, OSError } from "@berkeley/socket";
 *
 * console.assert(new herror(1) instanceof OSError);
 * ```
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
 * Lets an error's stack begin at the line that called `callee`, and answers the error. What led to it inside of this module
 * says nothing to a program's author. For a function that is on the stack now: without it the stack would be empty.
 */
export function atCaller(error: unknown, callee: (...args: any[]) => unknown): unknown {
  // Not every engine of a browser has it.
  if (error instanceof OSError) Error.captureStackTrace?.(error, callee);
  return error;
}

/** Makes the error of a named errno, of the class that Python has for it. */
export function errorFor(code: ErrnoName, context: ErrorContext = {}): OSError {
  return new (CLASSES[code] ?? OSError)(errnoOf(code), strerror(code), { ...context, code });
}

/** Makes the error of an errno number, of the class that Python has for it. */
export function errorForErrno(errno: number, context: ErrorContext = {}): OSError {
  const code = errnoName(errno);
  return code === undefined ? new OSError(errno, undefined, context) : errorFor(code, context);
}

/** Makes the error of a socket timeout that ran out: "timed out", as in Python without an errno. */
export function timedOut(context: ErrorContext = {}): TimeoutError {
  return new TimeoutError("timed out", undefined, context);
}

// The errors of look-ups: numbers and texts are glibc's on every platform, as this module raises them itself.

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

/** The error whose text is in a message: Deno tells getaddrinfo's failures by glibc's text alone. */
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
