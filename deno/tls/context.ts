// A context of Deno's TLS. Settings are stored, and passed to Deno when a connection is made. A setting that Deno does not
// support throws then, before anything is sent.

import process from "node:process";
import { AF_UNIX, SO_KEEPALIVE, SOL_SOCKET } from "../../base/constants.ts";
import { IPPROTO_TCP, TCP_NODELAY } from "../../base/constants/ip.ts";
import { errorFor } from "../../base/errors.ts";
import type { Transport } from "../../seam/transport.ts";
import { readCertificate } from "../../tls/certificate.ts";
import {
  CERT_NONE,
  CERT_REQUIRED,
  OP_ALL,
  OP_CIPHER_SERVER_PREFERENCE,
  OP_ENABLE_MIDDLEBOX_COMPAT,
  OP_IGNORE_UNEXPECTED_EOF,
  OP_NO_COMPRESSION,
  OP_NO_RENEGOTIATION,
  OP_NO_SSLv3,
  OP_NO_TICKET,
  OP_NO_TLSv1_2,
  OP_NO_TLSv1_3,
  PROTOCOL_TLS,
  PROTOCOL_TLS_CLIENT,
  PROTOCOL_TLS_SERVER,
  PROTOCOL_TLSv1_2,
  SSL_ERROR_SSL,
  TLSVersion,
  VERIFY_X509_PARTIAL_CHAIN,
  VERIFY_X509_STRICT,
  VERIFY_X509_TRUSTED_FIRST,
} from "../../tls/constants.ts";
import type {
  CipherDescription,
  ContextEngine,
  SessionStats,
  SocketRequest,
  SocketState,
  StoreStats,
} from "../../tls/context_engine.ts";
import type { Engine } from "../../tls/engine.ts";
import { SSLError } from "../../tls/errors.ts";
import { certificatesIn, DER_cert_to_PEM_cert } from "../../tls/pem.ts";
import { Reader } from "../../tls/der.ts";
import type { SecureTransport } from "../../tls/transport.ts";
import { StreamTransport } from "../streams.ts";
import { acceptsName, refusalOf } from "./acceptance.ts";
import { TlsConn } from "./conn.ts";
import { fromDenoTls } from "./errors.ts";
import { NATIVE_TLS_HINT } from "./connection_info.ts";
import { HandshakingListener } from "./listener.ts";
import { SecureListener } from "./secure_listener.ts";
import { DenoTlsTransport } from "./transport.ts";

const DEFAULT_OPTIONS = (OP_ALL | OP_NO_SSLv3 | OP_NO_COMPRESSION | OP_CIPHER_SERVER_PREFERENCE |
  OP_ENABLE_MIDDLEBOX_COMPAT | OP_NO_RENEGOTIATION) >>> 0;

/** Options that Deno does not support. The others have no effect on Deno's TLS. */
const REFUSED_OPTIONS: [number, string][] = [
  [OP_NO_TLSv1_2, "OP_NO_TLSv1_2 (a version limit)"],
  [OP_NO_TLSv1_3, "OP_NO_TLSv1_3 (a version limit)"],
  [OP_NO_TICKET, "OP_NO_TICKET"],
  [OP_IGNORE_UNEXPECTED_EOF, "OP_IGNORE_UNEXPECTED_EOF"],
];

/** Flags for what Deno's verification always does. */
const CHECKED_FLAGS = VERIFY_X509_TRUSTED_FIRST | VERIFY_X509_STRICT | VERIFY_X509_PARTIAL_CHAIN;

const PROTOCOLS: number[] = [PROTOCOL_TLS, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER, PROTOCOL_TLSv1_2];

/** Returns the error for what Deno's TLS does not support. */
function refusal(what: string): Error {
  return errorFor("EOPNOTSUPP", { syscall: "wrap_socket", hint: `${what}: ${NATIVE_TLS_HINT}` });
}

/** A context of Deno's TLS. */
export class DenoContext implements ContextEngine {
  options: number = DEFAULT_OPTIONS;
  verifyMode: number;
  verifyFlags: number = VERIFY_X509_TRUSTED_FIRST;
  minimumVersion: number = TLSVersion.TLSv1_2;
  maximumVersion: number = TLSVersion.MAXIMUM_SUPPORTED;
  alpnProtocols: readonly string[] = [];
  /** The trusted certificates in PEM. */
  readonly #trusted: string[] = [];
  #trustsSystem = false;
  /** The certificate and its key, and why Deno refuses them. */
  #identity: { cert: string; key: string; refused: string | null } | null = null;
  /** The names of the called methods that only native TLS supports. */
  readonly #unsupported = new Set<string>();

  constructor(protocol: number) {
    if (!PROTOCOLS.includes(protocol)) throw new RangeError("invalid or unsupported protocol version");
    this.verifyMode = protocol === PROTOCOL_TLS_CLIENT ? CERT_REQUIRED : CERT_NONE;
    if (protocol === PROTOCOL_TLSv1_2) this.maximumVersion = TLSVersion.TLSv1_2;
  }

  // Certificates

  loadCertChain(certificates: string, key: string): void {
    checkCertificates(certificates);
    if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(key)) {
      throw errorFor("EOPNOTSUPP", { syscall: "load_cert_chain", hint: `a key with a password: ${NATIVE_TLS_HINT}` });
    }
    if (!/-----BEGIN (?:EC |RSA )?PRIVATE KEY-----/.test(key)) throw noStartLine("there is no private key");
    checkPair(certificates, key);
    const identity = { cert: certificates, key };
    this.#identity = { ...identity, refused: refusalOf(identity) };
  }

  trustFile(pem: string): void {
    if (certificatesIn(pem).length === 0) {
      throw new SSLError(SSL_ERROR_SSL, "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found", {
        library: "X509",
        reason: "NO_CERTIFICATE_OR_CRL_FOUND",
      });
    }
    this.#trust(pem);
  }

  trustText(pem: string): void {
    if (certificatesIn(pem).length === 0) {
      throw new SSLError(SSL_ERROR_SSL, "no start line: cadata does not contain a certificate", {
        library: "PEM",
        reason: "NO_START_LINE",
      });
    }
    this.#trust(pem);
  }

  trustDer(der: Uint8Array): void {
    const found: string[] = [];
    try {
      for (const reader = new Reader(der); !reader.done;) {
        const { encoding } = reader.next();
        readCertificate(encoding);
        found.push(DER_cert_to_PEM_cert(encoding));
      }
    } catch (cause) {
      throw new SSLError(SSL_ERROR_SSL, "not enough data: cadata does not contain a certificate", { cause });
    }
    this.#trust(found.join(""));
  }

  #trust(pem: string): void {
    checkCertificates(pem);
    const refused = refusalOf({ caCerts: [pem] });
    if (refused !== null) {
      throw new SSLError(SSL_ERROR_SSL, `[X509] Deno's TLS refuses a certificate: ${refused}`, { library: "X509" });
    }
    this.#trusted.push(pem);
  }

  trustDirectory(): void {
    this.#unsupported.add("load_verify_locations with capath");
  }

  trustSystem(): void {
    this.#trustsSystem = true;
  }

  // Supported by native TLS only. Setters are recorded, and throw when a connection is made. Getters throw at once.

  get numTickets(): number {
    throw this.#unknown("num_tickets");
  }
  set numTickets(_count: number) {
    this.#unsupported.add("num_tickets");
  }
  get securityLevel(): number {
    throw this.#unknown("security_level");
  }
  setCiphers(): void {
    this.#unsupported.add("set_ciphers");
  }
  setEcdhCurve(): void {
    this.#unsupported.add("set_ecdh_curve");
  }
  setPskClient(): void {
    this.#unsupported.add("set_psk_client_callback");
  }
  setPskServer(): void {
    this.#unsupported.add("set_psk_server_callback");
  }
  loadDhParams(): void {
    this.#unsupported.add("load_dh_params");
  }
  getCiphers(): CipherDescription[] {
    throw this.#unknown("get_ciphers");
  }
  authorities(): Uint8Array<ArrayBuffer>[] {
    throw this.#unknown("get_ca_certs");
  }
  storeStats(): StoreStats {
    throw this.#unknown("cert_store_stats");
  }
  sessionStats(): SessionStats {
    throw this.#unknown("session_stats");
  }
  connection(): Engine {
    throw this.#unknown("wrap_bio");
  }

  #unknown(what: string): Error {
    return errorFor("EOPNOTSUPP", { syscall: what, hint: `${what}: ${NATIVE_TLS_HINT}` });
  }

  // Connections

  checkSocket(inner: Transport, state: SocketState, request: SocketRequest): void {
    if (inner.family === AF_UNIX) throw refusal("TLS on a Unix socket");
    if (!(inner instanceof StreamTransport)) throw refusal("TLS on a socket of another backend");
    for (const what of this.#unsupported) throw refusal(what);
    this.#checkSettings();
    if (inner.hasDuplicate) throw refusal("TLS on a socket that has a duplicate");
    if (request.engine.session !== null) throw refusal("session");
    if (request.engine.serverSide) this.#checkServer(inner, state, request);
    else this.#checkClient(inner, request);
  }

  #checkSettings(): void {
    for (const [option, words] of REFUSED_OPTIONS) if ((this.options & option) !== 0) throw refusal(words);
    if (this.minimumVersion !== TLSVersion.TLSv1_2) throw refusal("minimum_version (a version limit)");
    if (this.maximumVersion === TLSVersion.TLSv1_2) throw refusal("maximum_version (a version limit)");
    const flags = this.verifyFlags & ~CHECKED_FLAGS;
    if (flags !== 0) throw refusal(`verify_flags ${flags} (revocation lists, proxy certificates)`);
  }

  #checkClient(inner: StreamTransport, { engine }: SocketRequest): void {
    if (this.verifyMode === CERT_NONE) throw refusal("CERT_NONE");
    if (!engine.checkHostname) throw refusal("check_hostname = False");
    const { serverHostname } = engine;
    if (serverHostname === null) throw refusal("a client without server_hostname");
    if (!acceptsName(serverHostname)) throw refusal(`the server_hostname ${JSON.stringify(serverHostname)}`);
    if (this.#identity !== null) throw refusal("a client's certificate");
    if (!this.#trustsSystem) {
      throw refusal(
        "a client that trusts only its own authorities (Deno also trusts the system's; call load_default_certs() to accept that)",
      );
    }
    const { inflow, outflow } = inner.connection ?? {};
    if (inflow !== undefined && inflow.buffered > 0) {
      throw refusal("TLS on a connection with bytes that were not received");
    }
    if (outflow?.ready === false) throw refusal("TLS on a connection with a send under way");
    if (inflow?.reading) {
      throw refusal("TLS on a connection with a read under way (after a select, a timeout or an abort)");
    }
  }

  #checkServer(inner: StreamTransport, state: SocketState, { engine }: SocketRequest): void {
    if (state === "connected") throw refusal("the server's side on an accepted connection (wrap the listening socket)");
    if (state === "unconnected") throw refusal("the server's side on a socket that does not listen");
    if (this.verifyMode !== CERT_NONE) throw refusal("asking clients for certificates");
    if (engine.onServerName !== null) throw refusal("sni_callback");
    if (this.#identity === null) throw refusal("a server without a certificate (load_cert_chain)");
    if (this.#identity.refused !== null) throw refusal(`this certificate or key (${this.#identity.refused})`);
    if (inner.acceptsAhead) {
      throw refusal("TLS on a listener with an accept under way or a connection that was not accepted");
    }
    for (const [level, option, name] of CONNECTION_OPTIONS) {
      if (inner.getsockopt(level, option) !== 0) throw refusal(`${name} on a listener with TLS`);
    }
  }

  secure(inner: Transport, request: SocketRequest): SecureTransport {
    return new DenoTlsTransport(inner as StreamTransport, async (conn) => {
      const options = {
        hostname: request.engine.serverHostname!,
        caCerts: [...this.#trusted],
        ...(this.alpnProtocols.length > 0 ? { alpnProtocols: [...this.alpnProtocols] } : {}),
      };
      try {
        return new TlsConn(await Deno.startTls(conn, options), request.suppressRaggedEofs);
      } catch (error) {
        throw fromDenoTls(error, "wrap_socket");
      }
    });
  }

  secureListener(
    inner: Transport,
    secure: (connection: Transport) => SecureTransport,
    request: SocketRequest,
  ): Transport {
    const stream = inner as StreamTransport;
    const { cert, key } = this.#identity!;
    const alpn = this.alpnProtocols.length > 0 ? { alpnProtocols: [...this.alpnProtocols] } : {};
    stream.replaceListener((options) => {
      const listener = Deno.listenTls({ ...options, cert, key, ...alpn });
      const { suppressRaggedEofs, handshakeOnConnect } = request;
      return new HandshakingListener(listener, suppressRaggedEofs, handshakeOnConnect) as unknown as Deno.Listener;
    });
    return new SecureListener(stream, secure);
  }
}

const CONNECTION_OPTIONS: [level: number, option: number, name: string][] = [
  [IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY"],
  [SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"],
];

/** Throws if the key does not belong to the certificate. Deno finds that out only when it listens. */
function checkPair(certificates: string, key: string): void {
  // Imported on first use: the import takes 10 ms.
  const { createPrivateKey, X509Certificate } = process.getBuiltinModule("node:crypto");
  let isPair;
  try {
    isPair = new X509Certificate(certificates).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw new SSLError(SSL_ERROR_SSL, "[PEM] the certificate or the key cannot be read", { library: "PEM", cause });
  }
  if (isPair) return;
  throw new SSLError(SSL_ERROR_SSL, "[X509: KEY_VALUES_MISMATCH] key values mismatch", {
    library: "X509",
    reason: "KEY_VALUES_MISMATCH",
  });
}

function noStartLine(hint: string): SSLError {
  return new SSLError(SSL_ERROR_SSL, "[PEM: NO_START_LINE] no start line", {
    library: "PEM",
    reason: "NO_START_LINE",
    hint,
  });
}

/** Throws for PEM text without certificates, or with a broken one. Deno would ignore them. */
function checkCertificates(pem: string): void {
  try {
    const all = certificatesIn(pem);
    if (all.length === 0) throw noStartLine("there is no certificate");
    for (const der of all) readCertificate(der);
  } catch (cause) {
    if (cause instanceof SSLError) throw cause;
    throw new SSLError(SSL_ERROR_SSL, "[PEM] a certificate cannot be read", { library: "PEM", cause });
  }
}
