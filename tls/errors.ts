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

/** Details of an {@linkcode SSLError}. */
export interface SSLErrorContext extends ErrorContext {
  /** The part of the TLS library that failed, such as "SSL". */
  library?: string;
  /** The name of the reason, such as "CERTIFICATE_VERIFY_FAILED". */
  reason?: string;
}

/**
 * An error of TLS, as Python's `ssl.SSLError`. The message is Python's without the source line of C:
 * `[SSL: NO_SHARED_CIPHER] no shared cipher`.
 */
export class SSLError extends OSError {
  /** The class's name. */
  override name = "SSLError";
  /** The part of the TLS library that failed: "SSL", "X509", "PEM" …; null if it is not known. */
  readonly library: string | null;
  /** The name of the reason, such as "CERTIFICATE_VERIFY_FAILED"; null if it is not known. */
  readonly reason: string | null;

  /** Takes Python's arguments: the number (SSL_ERROR_SSL …) and the text. */
  constructor(errno: number, text: string, context: SSLErrorContext = {}) {
    super(errno, text, { ...context, code: context.reason ?? "SSL_ERROR" });
    // Python shows an SSLError without its number.
    this.message = context.hint === undefined ? text : `${text}: ${context.hint}`;
    this.library = context.library ?? null;
    this.reason = context.reason ?? null;
  }
}

/** A write or a handshake after the peer has ended the stream with close_notify. */
export class SSLZeroReturnError extends SSLError {
  /** The class's name. */
  override name = "SSLZeroReturnError";
}

/** A non-blocking call that would have to wait for data from the peer. */
export class SSLWantReadError extends SSLError {
  /** The class's name. */
  override name = "SSLWantReadError";
}

/** A non-blocking call that would have to wait until it can send. */
export class SSLWantWriteError extends SSLError {
  /** The class's name. */
  override name = "SSLWantWriteError";
}

/** A system call failed within the TLS library. */
export class SSLSyscallError extends SSLError {
  /** The class's name. */
  override name = "SSLSyscallError";
}

/** The connection ended without close_notify, so the data may be incomplete. */
export class SSLEOFError extends SSLError {
  /** The class's name. */
  override name = "SSLEOFError";
}

/** The peer's certificate is not valid, as Python's `ssl.SSLCertVerificationError`. */
export class SSLCertVerificationError extends SSLError {
  /** The class's name. */
  override name = "SSLCertVerificationError";
  /** OpenSSL's number of the reason (X509_V_ERR_…); null on the default backend. */
  readonly verify_code: number | null;
  /** The reason in words: "self-signed certificate". */
  readonly verify_message: string;

  /** Takes SSLError's arguments, and the number and the text of the reason. */
  constructor(errno: number, text: string, code: number | null, message: string, context: SSLErrorContext = {}) {
    super(errno, text, context);
    this.verify_code = code;
    this.verify_message = message;
  }
}

/** Makes the error of a certificate that is not valid. */
export function verificationError(code: number | null, message: string, cause?: unknown): SSLCertVerificationError {
  const text = `[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: ${message}`;
  const context = { library: "SSL", reason: "CERTIFICATE_VERIFY_FAILED", cause };
  return new SSLCertVerificationError(SSL_ERROR_SSL, text, code, message, context);
}

/** Makes the error of a truncated stream. */
export function eofError(cause?: unknown): SSLEOFError {
  const reason = "UNEXPECTED_EOF_WHILE_READING";
  const text = `[SSL: ${reason}] EOF occurred in violation of protocol`;
  return new SSLEOFError(SSL_ERROR_EOF, text, { library: "SSL", reason, cause });
}

/** Makes the error of a non-blocking call that would wait for data. */
export function wantReadError(): SSLWantReadError {
  return new SSLWantReadError(SSL_ERROR_WANT_READ, "The operation did not complete (read)");
}

/** Makes the error of a non-blocking call that would wait until it can send. */
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
