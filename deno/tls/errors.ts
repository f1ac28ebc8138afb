// Conversion of the errors of Deno's TLS to Python's.

import { SSL_ERROR_SSL } from "../../tls/constants.ts";
import { eofError, protocolError, SSLError, verificationError } from "../../tls/errors.ts";
import { fromDeno } from "../errors.ts";

/** OpenSSL's names of the TLS alerts, by Deno's names. */
const ALERTS: Record<string, string> = {
  UnexpectedMessage: "SSLV3_ALERT_UNEXPECTED_MESSAGE",
  BadRecordMac: "SSLV3_ALERT_BAD_RECORD_MAC",
  HandshakeFailure: "SSLV3_ALERT_HANDSHAKE_FAILURE",
  BadCertificate: "SSLV3_ALERT_BAD_CERTIFICATE",
  UnsupportedCertificate: "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
  CertificateRevoked: "SSLV3_ALERT_CERTIFICATE_REVOKED",
  CertificateExpired: "SSLV3_ALERT_CERTIFICATE_EXPIRED",
  CertificateUnknown: "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
  IllegalParameter: "SSLV3_ALERT_ILLEGAL_PARAMETER",
  UnknownCA: "TLSV1_ALERT_UNKNOWN_CA",
  AccessDenied: "TLSV1_ALERT_ACCESS_DENIED",
  DecodeError: "TLSV1_ALERT_DECODE_ERROR",
  DecryptError: "TLSV1_ALERT_DECRYPT_ERROR",
  ProtocolVersion: "TLSV1_ALERT_PROTOCOL_VERSION",
  InsufficientSecurity: "TLSV1_ALERT_INSUFFICIENT_SECURITY",
  InternalError: "TLSV1_ALERT_INTERNAL_ERROR",
  UserCanceled: "TLSV1_ALERT_USER_CANCELLED",
  MissingExtension: "TLSV13_ALERT_MISSING_EXTENSION",
  UnrecognizedName: "TLSV1_UNRECOGNIZED_NAME",
  CertificateRequired: "TLSV13_ALERT_CERTIFICATE_REQUIRED",
  NoApplicationProtocol: "TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
};

/** OpenSSL's names of other errors, by the beginning of Deno's message. */
const REASONS: [beginning: string, reason: string][] = [
  // The peer does not speak TLS.
  ["received corrupt message of type InvalidContentType", "WRONG_VERSION_NUMBER"],
  ["received corrupt message of type MessageTooLarge", "PACKET_LENGTH_TOO_LONG"],
  ["received unexpected message", "UNEXPECTED_MESSAGE"],
  ["cannot decrypt peer's message", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"],
];

const REFUSED = "invalid peer certificate: ";
const ALERT = "received fatal alert: ";

/** Returns the error of a TLS connection. An error of the network, and not of TLS, is an OSError. */
export function fromDenoTls(error: unknown, syscall: string): Error {
  if (error instanceof Deno.errors.UnexpectedEof) return eofError(error);
  // All errors of Deno's TLS itself have this class.
  if (!(error instanceof Deno.errors.InvalidData)) return fromDeno(error, { syscall });
  const { message } = error;
  if (message.startsWith(REFUSED)) return verificationError(null, message.slice(REFUSED.length), error);
  const reason = message.startsWith(ALERT)
    ? ALERTS[message.slice(ALERT.length)]
    : REASONS.find(([beginning]) => message.startsWith(beginning))?.[1];
  if (reason !== undefined) return protocolError(reason, error);
  return new SSLError(SSL_ERROR_SSL, `[SSL] ${message}`, { library: "SSL", cause: error });
}
