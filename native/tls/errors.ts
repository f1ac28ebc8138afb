// OpenSSL's queue of errors, as Python's exceptions.

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

/** OpenSSL's parts, by number. */
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

/** An error as OpenSSL packs it into a number. */
export interface Failure {
  code: bigint;
  library: string | undefined;
  /** The reason's name. */
  reason: string | undefined;
  /** The reason in words. */
  text: string;
}

/** The latest error, taken from the queue; null where there is none. */
export function takeFailure(): Failure | null {
  const code = libcrypto().ERR_peek_last_error();
  if (code === 0n) return null;
  const text = textBehind(libcrypto().ERR_reason_error_string(code));
  libcrypto().ERR_clear_error();
  // Python's names are those of OpenSSL's headers, which nearly all follow from the texts.
  const reason = text?.replace(/ \(.*/, "").toUpperCase().replace(/[^A-Z0-9]+/g, "_");
  return { code, library: LIBRARIES[Number((code >> 23n) & 0xffn)], reason, text: text ?? "unknown error" };
}

/** The flag of an error that is errno's. */
const SYSTEM = 0x80000000n;

/** The exception for the latest error. `text` stands in place of OpenSSL's words. */
export function failed(text?: string): Error {
  const failure = takeFailure();
  if (failure === null) return new SSLError(SSL_ERROR_SSL, text ?? "unknown error");
  if ((failure.code & SYSTEM) !== 0n) return errorForErrno(Number(failure.code & 0x7fffffffn));
  return errorOf(failure, text ?? failure.text);
}

/** The exception for an error that was taken from the queue, in words of one's own. */
export function errorOf({ library, reason }: Failure, text: string): SSLError {
  const from = library === undefined ? "" : reason === undefined ? `[${library}] ` : `[${library}: ${reason}] `;
  return new SSLError(SSL_ERROR_SSL, from + text, { library, reason });
}

/** What an engine tells about a certificate that did not pass. */
export interface Verdict {
  /** OpenSSL's number of the reason. */
  verifyResult(): number;
  /** The name that the certificate should have had. */
  readonly serverHostname: string | null;
}

const HOSTNAME_MISMATCH = 62;
const IP_ADDRESS_MISMATCH = 64;

/** The exception for what SSL_get_error answered. */
export function engineError(kind: number, verdict: Verdict): Error {
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
  if (failure.library === "SSL" && failure.reason === "CERTIFICATE_VERIFY_FAILED") return rejected(verdict);
  if (failure.library === "SSL" && failure.reason === "UNEXPECTED_EOF_WHILE_READING") return eofError();
  return errorOf(failure, failure.text);
}

function rejected(verdict: Verdict): Error {
  const code = verdict.verifyResult();
  const name = verdict.serverHostname;
  if (code === HOSTNAME_MISMATCH) {
    return verificationError(code, `Hostname mismatch, certificate is not valid for '${name}'.`);
  }
  if (code === IP_ADDRESS_MISMATCH) {
    return verificationError(code, `IP address mismatch, certificate is not valid for '${name}'.`);
  }
  const words = textBehind(libcrypto().X509_verify_cert_error_string(BigInt(code)));
  return verificationError(code, words ?? `error ${code}`);
}
