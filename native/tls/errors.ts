// Conversion of OpenSSL's error queue to Python's exceptions.

import { errorForErrno } from "../../base/errors.ts";
import {
  SSL_ERROR_SSL,
  SSL_ERROR_SYSCALL,
  SSL_ERROR_WANT_READ,
  SSL_ERROR_WANT_WRITE,
  SSL_ERROR_ZERO_RETURN,
} from "../../tls/constants.ts";
import {
  eofError,
  SSLError,
  verificationError,
  wantReadError,
  wantWriteError,
  zeroReturnError,
} from "../../tls/errors.ts";
import { libcrypto } from "./library.ts";
import { textBehind } from "./memory.ts";

/** The names of OpenSSL's libraries by number. */
const LIBRARIES: Record<number, string> = {
  2: "SYS",
  3: "BN",
  4: "RSA",
  5: "DH",
  6: "EVP",
  7: "BUF",
  8: "OBJ",
  9: "PEM",
  10: "DSA",
  11: "X509",
  13: "ASN1",
  14: "CONF",
  15: "CRYPTO",
  16: "EC",
  20: "SSL",
  32: "BIO",
  33: "PKCS7",
  34: "X509V3",
  35: "PKCS12",
  36: "RAND",
  37: "DSO",
  38: "ENGINE",
  39: "OCSP",
  40: "UI",
  44: "OSSL_STORE",
  50: "CT",
  52: "KDF",
  55: "PROP",
  57: "PROV",
  59: "OSSL_ENCODER",
  60: "OSSL_DECODER",
};

/** An error of OpenSSL's queue. */
export interface Failure {
  code: bigint;
  library: string | undefined;
  /** The name of the reason. */
  reason: string | undefined;
  /** The reason in words. */
  text: string;
}

/** Takes the latest error from the queue, and clears the queue. Returns null if it is empty. */
export function takeFailure(): Failure | null {
  const code = libcrypto().ERR_peek_last_error();
  if (code === 0n) return null;
  const text = textBehind(libcrypto().ERR_reason_error_string(code));
  libcrypto().ERR_clear_error();
  // Python uses the names of OpenSSL's headers. Nearly all of them can be derived from the texts.
  const reason = text?.replace(/ \(.*/, "").toUpperCase().replace(/[^A-Z0-9]+/g, "_");
  return { code, library: LIBRARIES[Number((code >> 23n) & 0xffn)], reason, text: text ?? "unknown error" };
}

/** The flag of an error that holds an errno. */
const SYSTEM = 0x80000000n;

/** Returns the exception for the latest error. `text` replaces OpenSSL's text. */
export function failed(text?: string): Error {
  const failure = takeFailure();
  if (failure === null) return new SSLError(SSL_ERROR_SSL, text ?? "unknown error");
  if ((failure.code & SYSTEM) !== 0n) return errorForErrno(Number(failure.code & 0x7fffffffn));
  return errorOf(failure, text ?? failure.text);
}

/** Returns the exception for an error that was taken from the queue, with a given text. */
export function errorOf({ library, reason }: Failure, text: string): SSLError {
  const from = library === undefined ? "" : reason === undefined ? `[${library}] ` : `[${library}: ${reason}] `;
  return new SSLError(SSL_ERROR_SSL, from + text, { library, reason });
}

/** The outcome of the verification of a certificate. */
export interface VerificationResult {
  /** Returns the reason as OpenSSL's number (X509_V_ERR_…). */
  verifyResult(): number;
  /** The name that the certificate should have had. */
  readonly serverHostname: string | null;
}

const HOSTNAME_MISMATCH = 62;
const IP_ADDRESS_MISMATCH = 64;

/** Returns the exception for a result of SSL_get_error(3). */
export function engineError(kind: number, verification: VerificationResult): Error {
  switch (kind) {
    case SSL_ERROR_WANT_READ:
      return wantReadError();
    case SSL_ERROR_WANT_WRITE:
      return wantWriteError();
    case SSL_ERROR_ZERO_RETURN:
      return zeroReturnError();
  }
  const failure = takeFailure();
  if (failure === null) {
    return kind === SSL_ERROR_SYSCALL ? eofError() : new SSLError(kind, "A failure in the SSL library occurred");
  }
  if (failure.library === "SSL" && failure.reason === "CERTIFICATE_VERIFY_FAILED") {
    return certificateError(verification);
  }
  if (failure.library === "SSL" && failure.reason === "UNEXPECTED_EOF_WHILE_READING") return eofError();
  return errorOf(failure, failure.text);
}

function certificateError(verification: VerificationResult): Error {
  const code = verification.verifyResult();
  const name = verification.serverHostname;
  if (code === HOSTNAME_MISMATCH) {
    return verificationError(code, `Hostname mismatch, certificate is not valid for '${name}'.`);
  }
  if (code === IP_ADDRESS_MISMATCH) {
    return verificationError(code, `IP address mismatch, certificate is not valid for '${name}'.`);
  }
  const words = textBehind(libcrypto().X509_verify_cert_error_string(BigInt(code)));
  return verificationError(code, words ?? `error ${code}`);
}
