// The constants of Python's ssl module. The numbers are those of OpenSSL and TLS, and the same on all platforms.

/** The peer's certificate is not required and not verified. */
export const CERT_NONE = 0;
/** A server requests a certificate and verifies it if the client sends one. On a client it is CERT_REQUIRED. */
export const CERT_OPTIONAL = 1;
/** The peer must send a certificate that passes all checks. */
export const CERT_REQUIRED = 2;

/** The old name of PROTOCOL_TLS. */
export const PROTOCOL_SSLv23 = 2;
/** For clients and servers. Deprecated in Python: use PROTOCOL_TLS_CLIENT or PROTOCOL_TLS_SERVER. */
export const PROTOCOL_TLS = 2;
/** TLS 1.0 only. Not supported: contexts refuse it. */
export const PROTOCOL_TLSv1 = 3;
/** TLS 1.1 only. Not supported: contexts refuse it. */
export const PROTOCOL_TLSv1_1 = 4;
/** TLS 1.2 only. */
export const PROTOCOL_TLSv1_2 = 5;
/** For clients. Certificates and host names are checked. */
export const PROTOCOL_TLS_CLIENT = 16;
/** For servers. */
export const PROTOCOL_TLS_SERVER = 17;

/** No effect: SSL 2.0 is not supported. */
export const OP_NO_SSLv2 = 0;
/** A new Diffie-Hellman key for each handshake. No effect: OpenSSL always makes one. */
export const OP_SINGLE_DH_USE = 0;
/** A new elliptic-curve key for each handshake. No effect: OpenSSL always makes one. */
export const OP_SINGLE_ECDH_USE = 0;
/** Allows connections to servers without secure renegotiation. */
export const OP_LEGACY_SERVER_CONNECT = 4;
/** Lets the kernel encrypt. No effect here: OpenSSL gets no descriptor. */
export const OP_ENABLE_KTLS = 8;
/** A truncated stream counts as one that has ended. This is dangerous: a truncated message is not detected. */
export const OP_IGNORE_UNEXPECTED_EOF = 128;
/** No session tickets. */
export const OP_NO_TICKET = 16384;
/** No compression (on by default). */
export const OP_NO_COMPRESSION = 131072;
/** Makes TLS 1.3 look like TLS 1.2 to middleboxes. */
export const OP_ENABLE_MIDDLEBOX_COMPAT = 1048576;
/** The server's order of cipher suites is used, not the client's. */
export const OP_CIPHER_SERVER_PREFERENCE = 4194304;
/** No SSL 3.0. */
export const OP_NO_SSLv3 = 33554432;
/** No TLS 1.0. */
export const OP_NO_TLSv1 = 67108864;
/** No TLS 1.2. */
export const OP_NO_TLSv1_2 = 134217728;
/** No TLS 1.1. */
export const OP_NO_TLSv1_1 = 268435456;
/** No TLS 1.3. */
export const OP_NO_TLSv1_3 = 536870912;
/** No renegotiation in TLS 1.2 (on by default here, off in Python). */
export const OP_NO_RENEGOTIATION = 1073741824;
/** OpenSSL's workarounds for faults of other implementations. */
export const OP_ALL = 2147483728;

/** No checks against certificate revocation lists. */
export const VERIFY_DEFAULT = 0;
/** Checks the peer's certificate against a revocation list, which must be loaded by `load_verify_locations`. */
export const VERIFY_CRL_CHECK_LEAF = 4;
/** Checks every certificate of the chain against a revocation list. */
export const VERIFY_CRL_CHECK_CHAIN = 12;
/** No workarounds for certificates that violate the standard. */
export const VERIFY_X509_STRICT = 32;
/** Accepts proxy certificates. */
export const VERIFY_ALLOW_PROXY_CERTS = 64;
/** Prefers trusted certificates when the chain is built. */
export const VERIFY_X509_TRUSTED_FIRST = 32768;
/** A trusted certificate ends the chain, even if it is not self-signed. */
export const VERIFY_X509_PARTIAL_CHAIN = 524288;

/** An SSLError's number: a failure of the protocol. */
export const SSL_ERROR_SSL = 1;
/** An SSLError's number: more data from the peer is needed. */
export const SSL_ERROR_WANT_READ = 2;
/** An SSLError's number: the socket must become writable. */
export const SSL_ERROR_WANT_WRITE = 3;
/** An SSLError's number: a certificate look-up waits. */
export const SSL_ERROR_WANT_X509_LOOKUP = 4;
/** An SSLError's number: a system call failed. */
export const SSL_ERROR_SYSCALL = 5;
/** An SSLError's number: the peer has ended the stream. */
export const SSL_ERROR_ZERO_RETURN = 6;
/** An SSLError's number: the connection is not established yet. */
export const SSL_ERROR_WANT_CONNECT = 7;
/** An SSLError's number: the stream was truncated. */
export const SSL_ERROR_EOF = 8;
/** An SSLError's number: an unknown error. */
export const SSL_ERROR_INVALID_ERROR_CODE = 10;

/** Alert 0 of TLS: close notify. */
export const ALERT_DESCRIPTION_CLOSE_NOTIFY = 0;
/** Alert 10 of TLS: unexpected message. */
export const ALERT_DESCRIPTION_UNEXPECTED_MESSAGE = 10;
/** Alert 20 of TLS: bad record mac. */
export const ALERT_DESCRIPTION_BAD_RECORD_MAC = 20;
/** Alert 22 of TLS: record overflow. */
export const ALERT_DESCRIPTION_RECORD_OVERFLOW = 22;
/** Alert 30 of TLS: decompression failure. */
export const ALERT_DESCRIPTION_DECOMPRESSION_FAILURE = 30;
/** Alert 40 of TLS: handshake failure. */
export const ALERT_DESCRIPTION_HANDSHAKE_FAILURE = 40;
/** Alert 42 of TLS: bad certificate. */
export const ALERT_DESCRIPTION_BAD_CERTIFICATE = 42;
/** Alert 43 of TLS: unsupported certificate. */
export const ALERT_DESCRIPTION_UNSUPPORTED_CERTIFICATE = 43;
/** Alert 44 of TLS: certificate revoked. */
export const ALERT_DESCRIPTION_CERTIFICATE_REVOKED = 44;
/** Alert 45 of TLS: certificate expired. */
export const ALERT_DESCRIPTION_CERTIFICATE_EXPIRED = 45;
/** Alert 46 of TLS: certificate unknown. */
export const ALERT_DESCRIPTION_CERTIFICATE_UNKNOWN = 46;
/** Alert 47 of TLS: illegal parameter. */
export const ALERT_DESCRIPTION_ILLEGAL_PARAMETER = 47;
/** Alert 48 of TLS: unknown ca. */
export const ALERT_DESCRIPTION_UNKNOWN_CA = 48;
/** Alert 49 of TLS: access denied. */
export const ALERT_DESCRIPTION_ACCESS_DENIED = 49;
/** Alert 50 of TLS: decode error. */
export const ALERT_DESCRIPTION_DECODE_ERROR = 50;
/** Alert 51 of TLS: decrypt error. */
export const ALERT_DESCRIPTION_DECRYPT_ERROR = 51;
/** Alert 70 of TLS: protocol version. */
export const ALERT_DESCRIPTION_PROTOCOL_VERSION = 70;
/** Alert 71 of TLS: insufficient security. */
export const ALERT_DESCRIPTION_INSUFFICIENT_SECURITY = 71;
/** Alert 80 of TLS: internal error. */
export const ALERT_DESCRIPTION_INTERNAL_ERROR = 80;
/** Alert 90 of TLS: user cancelled. */
export const ALERT_DESCRIPTION_USER_CANCELLED = 90;
/** Alert 100 of TLS: no renegotiation. */
export const ALERT_DESCRIPTION_NO_RENEGOTIATION = 100;
/** Alert 110 of TLS: unsupported extension. */
export const ALERT_DESCRIPTION_UNSUPPORTED_EXTENSION = 110;
/** Alert 111 of TLS: certificate unobtainable. */
export const ALERT_DESCRIPTION_CERTIFICATE_UNOBTAINABLE = 111;
/** Alert 112 of TLS: unrecognized name. */
export const ALERT_DESCRIPTION_UNRECOGNIZED_NAME = 112;
/** Alert 113 of TLS: bad certificate status response. */
export const ALERT_DESCRIPTION_BAD_CERTIFICATE_STATUS_RESPONSE = 113;
/** Alert 114 of TLS: bad certificate hash value. */
export const ALERT_DESCRIPTION_BAD_CERTIFICATE_HASH_VALUE = 114;
/** Alert 115 of TLS: unknown psk identity. */
export const ALERT_DESCRIPTION_UNKNOWN_PSK_IDENTITY = 115;

/** The values of `verify_mode`. */
export const VerifyMode = {
  CERT_NONE,
  CERT_OPTIONAL,
  CERT_REQUIRED,
} as const;

/** The flags of `options`. */
export const Options = {
  OP_NO_SSLv2,
  OP_SINGLE_DH_USE,
  OP_SINGLE_ECDH_USE,
  OP_LEGACY_SERVER_CONNECT,
  OP_ENABLE_KTLS,
  OP_IGNORE_UNEXPECTED_EOF,
  OP_NO_TICKET,
  OP_NO_COMPRESSION,
  OP_ENABLE_MIDDLEBOX_COMPAT,
  OP_CIPHER_SERVER_PREFERENCE,
  OP_NO_SSLv3,
  OP_NO_TLSv1,
  OP_NO_TLSv1_2,
  OP_NO_TLSv1_1,
  OP_NO_TLSv1_3,
  OP_NO_RENEGOTIATION,
  OP_ALL,
} as const;

/** The flags of `verify_flags`. */
export const VerifyFlags = {
  VERIFY_DEFAULT,
  VERIFY_CRL_CHECK_LEAF,
  VERIFY_CRL_CHECK_CHAIN,
  VERIFY_X509_STRICT,
  VERIFY_ALLOW_PROXY_CERTS,
  VERIFY_X509_TRUSTED_FIRST,
  VERIFY_X509_PARTIAL_CHAIN,
} as const;

/** The numbers of SSLError. */
export const SSLErrorNumber = {
  SSL_ERROR_SSL,
  SSL_ERROR_WANT_READ,
  SSL_ERROR_WANT_WRITE,
  SSL_ERROR_WANT_X509_LOOKUP,
  SSL_ERROR_SYSCALL,
  SSL_ERROR_ZERO_RETURN,
  SSL_ERROR_WANT_CONNECT,
  SSL_ERROR_EOF,
  SSL_ERROR_INVALID_ERROR_CODE,
} as const;

/** The alerts of TLS. */
export const AlertDescription = {
  ALERT_DESCRIPTION_CLOSE_NOTIFY,
  ALERT_DESCRIPTION_UNEXPECTED_MESSAGE,
  ALERT_DESCRIPTION_BAD_RECORD_MAC,
  ALERT_DESCRIPTION_RECORD_OVERFLOW,
  ALERT_DESCRIPTION_DECOMPRESSION_FAILURE,
  ALERT_DESCRIPTION_HANDSHAKE_FAILURE,
  ALERT_DESCRIPTION_BAD_CERTIFICATE,
  ALERT_DESCRIPTION_UNSUPPORTED_CERTIFICATE,
  ALERT_DESCRIPTION_CERTIFICATE_REVOKED,
  ALERT_DESCRIPTION_CERTIFICATE_EXPIRED,
  ALERT_DESCRIPTION_CERTIFICATE_UNKNOWN,
  ALERT_DESCRIPTION_ILLEGAL_PARAMETER,
  ALERT_DESCRIPTION_UNKNOWN_CA,
  ALERT_DESCRIPTION_ACCESS_DENIED,
  ALERT_DESCRIPTION_DECODE_ERROR,
  ALERT_DESCRIPTION_DECRYPT_ERROR,
  ALERT_DESCRIPTION_PROTOCOL_VERSION,
  ALERT_DESCRIPTION_INSUFFICIENT_SECURITY,
  ALERT_DESCRIPTION_INTERNAL_ERROR,
  ALERT_DESCRIPTION_USER_CANCELLED,
  ALERT_DESCRIPTION_NO_RENEGOTIATION,
  ALERT_DESCRIPTION_UNSUPPORTED_EXTENSION,
  ALERT_DESCRIPTION_CERTIFICATE_UNOBTAINABLE,
  ALERT_DESCRIPTION_UNRECOGNIZED_NAME,
  ALERT_DESCRIPTION_BAD_CERTIFICATE_STATUS_RESPONSE,
  ALERT_DESCRIPTION_BAD_CERTIFICATE_HASH_VALUE,
  ALERT_DESCRIPTION_UNKNOWN_PSK_IDENTITY,
} as const;

/** Protocol versions, for `minimum_version` and `maximum_version`. */
export const TLSVersion = {
  MINIMUM_SUPPORTED: -2,
  SSLv3: 768,
  TLSv1: 769,
  TLSv1_1: 770,
  TLSv1_2: 771,
  TLSv1_3: 772,
  MAXIMUM_SUPPORTED: -1,
} as const;

/** A purpose of certificates, as an extended key usage. */
export interface PurposeObject {
  /** OpenSSL's number. */
  readonly nid: number;
  /** The short name. */
  readonly shortname: string;
  /** The long name. */
  readonly longname: string;
  /** The object identifier. */
  readonly oid: string;
}

/** The purposes of a context: to authenticate servers (for clients), or clients (for servers). */
export const Purpose: { readonly SERVER_AUTH: PurposeObject; readonly CLIENT_AUTH: PurposeObject } = {
  SERVER_AUTH: {
    nid: 129,
    shortname: "serverAuth",
    longname: "TLS Web Server Authentication",
    oid: "1.3.6.1.5.5.7.3.1",
  },
  CLIENT_AUTH: {
    nid: 130,
    shortname: "clientAuth",
    longname: "TLS Web Client Authentication",
    oid: "1.3.6.1.5.5.7.3.2",
  },
};

/** The first line of a certificate in PEM. */
export const PEM_HEADER = "-----BEGIN CERTIFICATE-----";
/** The last line of a certificate in PEM. */
export const PEM_FOOTER = "-----END CERTIFICATE-----";

/** The kinds of channel binding that `get_channel_binding` supports. */
export const CHANNEL_BINDING_TYPES: readonly string[] = ["tls-unique"];

/** Whether server names (SNI) are supported. */
export const HAS_SNI = true;
/** Whether key exchange by elliptic curves is supported. */
export const HAS_ECDH = true;
/** Whether ALPN is supported. */
export const HAS_ALPN = true;
/** Whether NPN, the predecessor of ALPN, is supported. */
export const HAS_NPN = false;
/** Whether pre-shared keys are supported. Native TLS supports them. */
export const HAS_PSK = false;
/** Whether SSL 2.0 is supported. */
export const HAS_SSLv2 = false;
/** Whether SSL 3.0 is supported. */
export const HAS_SSLv3 = false;
/** Whether TLS 1.0 is supported. */
export const HAS_TLSv1 = false;
/** Whether TLS 1.1 is supported. */
export const HAS_TLSv1_1 = false;
/** Whether TLS 1.2 is supported. */
export const HAS_TLSv1_2 = true;
/** Whether TLS 1.3 is supported. */
export const HAS_TLSv1_3 = true;
/** Whether the common name of a certificate can be excluded from the checks. It is always excluded. */
export const HAS_NEVER_CHECK_COMMON_NAME = true;

const PROTOCOL_NAMES: Record<number, string> = {
  [PROTOCOL_TLS]: "PROTOCOL_TLS",
  [PROTOCOL_TLSv1]: "PROTOCOL_TLSv1",
  [PROTOCOL_TLSv1_1]: "PROTOCOL_TLSv1_1",
  [PROTOCOL_TLSv1_2]: "PROTOCOL_TLSv1_2",
  [PROTOCOL_TLS_CLIENT]: "PROTOCOL_TLS_CLIENT",
  [PROTOCOL_TLS_SERVER]: "PROTOCOL_TLS_SERVER",
};

/** Returns the name of a protocol constant. */
export function get_protocol_name(protocol_code: number): string {
  return PROTOCOL_NAMES[protocol_code] ?? "<unknown>";
}
