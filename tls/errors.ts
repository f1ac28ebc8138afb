// The exceptions of Python's ssl module.

import { OSError } from "../base/errors.ts";
import type { ErrorContext } from "../base/errors.ts";
import {
  SSL_ERROR_EOF,
  SSL_ERROR_SSL,
  SSL_ERROR_WANT_READ,
  SSL_ERROR_WANT_WRITE,
  SSL_ERROR_ZERO_RETURN,
} from "./constants.ts";

/** Where in TLS an error happened, carried by {@linkcode SSLError}. */
export interface SSLErrorContext extends ErrorContext {
  /** The part of OpenSSL, "SSL". */
  library?: string;
  /** The reason's name, "CERTIFICATE_VERIFY_FAILED". */
  reason?: string;
}

/**
 * A failure of TLS, as Python's `ssl.SSLError`. The message is Python's without the line of C: `[SSL: NO_SHARED_CIPHER] no
 * shared cipher`.
 */
export class SSLError extends OSError {
  /** The class's name. */
  override name = "SSLError";
  /** The part of the TLS library that failed: "SSL", "X509", "PEM" …; null where that is unknown. */
  readonly library: string | null;
  /** The reason's name, "CERTIFICATE_VERIFY_FAILED"; null where it is unknown. */
  readonly reason: string | null;

  /** Takes Python's arguments: a number (SSL_ERROR_SSL …) and a text. */
  constructor(errno: number, text: string, context: SSLErrorContext = {}) {
    super(errno, text, { ...context, code: context.reason ?? "SSL_ERROR" });
    // Python shows an SSLError without its number.
    this.message = context.hint === undefined ? text : `${text}: ${context.hint}`;
    this.library = context.library ?? null;
    this.reason = context.reason ?? null;
  }
}

/** The peer has ended the stream with close_notify, and it was written to or handshaken with after that. */
export class SSLZeroReturnError extends SSLError {
  /** The class's name. */
  override name = "SSLZeroReturnError";
}

/** A non-blocking call that has to wait for data from the peer. */
export class SSLWantReadError extends SSLError {
  /** The class's name. */
  override name = "SSLWantReadError";
}

/** A non-blocking call that has to wait for room to send. */
export class SSLWantWriteError extends SSLError {
  /** The class's name. */
  override name = "SSLWantWriteError";
}

/** A system call failed within the TLS library. */
export class SSLSyscallError extends SSLError {
  /** The class's name. */
  override name = "SSLSyscallError";
}

/** The connection ended without close_notify: what came may be incomplete. */
export class SSLEOFError extends SSLError {
  /** The class's name. */
  override name = "SSLEOFError";
}

/** The peer's certificate did not pass, as Python's `ssl.SSLCertVerificationError`. */
export class SSLCertVerificationError extends SSLError {
  /** The class's name. */
  override name = "SSLCertVerificationError";
  /** OpenSSL's number of the reason (X509_V_ERR_…); null on the default backend, which has no numbers. */
  readonly verify_code: number | null;
  /** The reason in words: "self-signed certificate". */
  readonly verify_message: string;

  /** Takes SSLError's arguments, and what did not pass. */
  constructor(errno: number, text: string, code: number | null, message: string, context: SSLErrorContext = {}) {
    super(errno, text, context);
    this.verify_code = code;
    this.verify_message = message;
  }
}

/** Makes the error of a certificate that did not pass. */
export function verificationError(code: number | null, message: string, cause?: unknown): SSLCertVerificationError {
  const text = `[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: ${message}`;
  const context = { library: "SSL", reason: "CERTIFICATE_VERIFY_FAILED", cause };
  return new SSLCertVerificationError(SSL_ERROR_SSL, text, code, message, context);
}

/** Makes the error of a stream that was cut off. */
export function eofError(cause?: unknown): SSLEOFError {
  const reason = "UNEXPECTED_EOF_WHILE_READING";
  const text = `[SSL: ${reason}] EOF occurred in violation of protocol`;
  return new SSLEOFError(SSL_ERROR_EOF, text, { library: "SSL", reason, cause });
}

/** Makes the error of a non-blocking call that has to wait for data. */
export function wantReadError(): SSLWantReadError {
  return new SSLWantReadError(SSL_ERROR_WANT_READ, "The operation did not complete (read)");
}

/** Makes the error of a non-blocking call that has to wait for room. */
export function wantWriteError(): SSLWantWriteError {
  return new SSLWantWriteError(SSL_ERROR_WANT_WRITE, "The operation did not complete (write)");
}

/** Makes the error of a stream that the peer has ended. */
export function zeroReturnError(): SSLZeroReturnError {
  return new SSLZeroReturnError(SSL_ERROR_ZERO_RETURN, "TLS/SSL connection has been closed (EOF)");
}

/** Makes an error of the protocol by its name. */
export function protocolError(reason: string, cause?: unknown): SSLError {
  const text = `[SSL: ${reason}] ${reason.toLowerCase().replaceAll("_", " ")}`;
  return new SSLError(SSL_ERROR_SSL, text, { library: "SSL", reason, cause });
}
