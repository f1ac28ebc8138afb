// A context of OpenSSL (SSL_CTX): the settings of many connections, and the trusted certificates.

import {
  CERT_NONE,
  CERT_OPTIONAL,
  CERT_REQUIRED,
  OP_ALL,
  OP_CIPHER_SERVER_PREFERENCE,
  OP_ENABLE_MIDDLEBOX_COMPAT,
  OP_NO_COMPRESSION,
  OP_NO_RENEGOTIATION,
  OP_NO_SSLv3,
  PROTOCOL_TLS,
  PROTOCOL_TLS_CLIENT,
  PROTOCOL_TLS_SERVER,
  PROTOCOL_TLSv1_2,
  SSL_ERROR_SSL,
  TLSVersion,
  VERIFY_X509_TRUSTED_FIRST,
} from "../../tls/constants.ts";
import type {
  CipherDescription,
  ContextEngine,
  EngineRequest,
  SessionStats,
  SocketRequest,
  StoreStats,
} from "../../tls/context_engine.ts";
import type { Transport } from "../../seam/transport.ts";
import { TlsListener } from "../../tls/listener.ts";
import { TlsTransport } from "../../tls/transport.ts";
import type { SecureTransport } from "../../tls/transport.ts";
import type { ByteQueue, Engine } from "../../tls/engine.ts";
import { SSLError } from "../../tls/errors.ts";
import type { PskClientCallback, PskServerCallback } from "../../tls/psk.ts";
import { cString } from "../call.ts";
import { requireFile } from "../permissions.ts";
import {
  certificatesInDer,
  certificatesInPem,
  derOf,
  dhParams,
  noStartLine,
  privateKey,
  revocationListsInPem,
} from "./certificates.ts";
import type { Objects } from "./certificates.ts";
import { cipherDescription } from "./ciphers.ts";
import { NativeEngine } from "./engine.ts";
import { failed } from "./errors.ts";
import { libcrypto, libssl, made } from "./library.ts";
import type { Handle } from "./library.ts";
import { stack } from "./memory.ts";
import { MemoryBIO } from "./memory_bio.ts";
import { protocolList } from "./handshake.ts";
import { systemAuthorities } from "./system.ts";

// Commands of SSL_CTX_ctrl, from ssl.h. C's headers have macros for them instead of functions.
const SSL_CTRL_CHAIN_CERT = 89;
const SSL_CTRL_CHAIN = 88;
const SSL_CTRL_MODE = 33;
const SSL_CTRL_SET_GROUPS = 91;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;
const SSL_CTRL_GET_MIN_PROTO_VERSION = 130;
const SSL_CTRL_GET_MAX_PROTO_VERSION = 131;
const SSL_CTRL_SESS_NUMBER = 20;
const SESSION_COUNTS = [
  "number",
  "connect",
  "connect_good",
  "connect_renegotiate",
  "accept",
  "accept_good",
  "accept_renegotiate",
  "hits",
  "cb_hits",
  "misses",
  "timeouts",
  "cache_full",
];

/** An idle connection frees its buffers, which are 34 KiB. */
const SSL_MODE_RELEASE_BUFFERS = 0x10;

/**
 * A certificate's names are those in subjectAltName, and never the common name. A wildcard stands for a whole label
 * (RFC 9525).
 */
const HOST_FLAGS = 0x04 | 0x20; // X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT

/** CPython's default since version 3.10. */
const DEFAULT_CIPHERS = "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM";

const DEFAULT_OPTIONS = OP_ALL | OP_NO_SSLv3 | OP_NO_COMPRESSION | OP_CIPHER_SERVER_PREFERENCE |
  OP_ENABLE_MIDDLEBOX_COMPAT | OP_NO_RENEGOTIATION;

const MODES = [CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED];
/** SSL_VERIFY_NONE, SSL_VERIFY_PEER, and the latter with SSL_VERIFY_FAIL_IF_NO_PEER_CERT. */
const VERIFY_MODES = [0, 1, 3];

const collected = new FinalizationRegistry<Handle>((context) => libssl().SSL_CTX_free(context));

/** The context engine over OpenSSL. */
export class NativeContext implements ContextEngine {
  readonly handle: Handle;
  pskClient: PskClientCallback | null = null;
  pskServer: PskServerCallback | null = null;
  #alpn: readonly string[] = [];

  constructor(protocol: number) {
    const ssl = libssl();
    const method = METHODS[protocol];
    if (method === undefined) throw new RangeError("invalid or unsupported protocol version");
    const handle = ssl.SSL_CTX_new(method());
    if (handle === null) throw failed();
    this.handle = handle;
    collected.register(this, handle);
    this.options = DEFAULT_OPTIONS >>> 0;
    this.setCiphers(DEFAULT_CIPHERS);
    this.verifyMode = protocol === PROTOCOL_TLS_CLIENT ? CERT_REQUIRED : CERT_NONE;
    this.#ctrl(SSL_CTRL_SET_MIN_PROTO_VERSION, TLSVersion.TLSv1_2);
    if (protocol === PROTOCOL_TLSv1_2) this.#ctrl(SSL_CTRL_SET_MAX_PROTO_VERSION, TLSVersion.TLSv1_2);
    this.#ctrl(SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS);
    libcrypto().X509_VERIFY_PARAM_set_flags(this.#param, BigInt(VERIFY_X509_TRUSTED_FIRST));
    libcrypto().X509_VERIFY_PARAM_set_hostflags(this.#param, HOST_FLAGS);
  }

  get #param(): Handle {
    return made(libssl().SSL_CTX_get0_param(this.handle));
  }

  get #store(): Handle {
    return made(libssl().SSL_CTX_get_cert_store(this.handle));
  }

  #ctrl(command: number, value: number): number {
    return Number(libssl().SSL_CTX_ctrl(this.handle, command, BigInt(value), null));
  }

  // Settings

  get options(): number {
    return Number(libssl().SSL_CTX_get_options(this.handle));
  }
  set options(options: number) {
    const ssl = libssl();
    const wanted = BigInt(options);
    const now = ssl.SSL_CTX_get_options(this.handle);
    if ((now & ~wanted) !== 0n) ssl.SSL_CTX_clear_options(this.handle, now & ~wanted);
    if ((wanted & ~now) !== 0n) ssl.SSL_CTX_set_options(this.handle, wanted & ~now);
  }

  get verifyMode(): number {
    return MODES[VERIFY_MODES.indexOf(libssl().SSL_CTX_get_verify_mode(this.handle))];
  }
  set verifyMode(mode: number) {
    libssl().SSL_CTX_set_verify(this.handle, VERIFY_MODES[mode], null);
  }

  get verifyFlags(): number {
    return Number(libcrypto().X509_VERIFY_PARAM_get_flags(this.#param));
  }
  set verifyFlags(flags: number) {
    const now = this.verifyFlags;
    if ((now & ~flags) !== 0) libcrypto().X509_VERIFY_PARAM_clear_flags(this.#param, BigInt(now & ~flags));
    if ((flags & ~now) !== 0) libcrypto().X509_VERIFY_PARAM_set_flags(this.#param, BigInt(flags & ~now));
  }

  get minimumVersion(): number {
    return this.#ctrl(SSL_CTRL_GET_MIN_PROTO_VERSION, 0);
  }
  set minimumVersion(version: number) {
    this.#setVersion(SSL_CTRL_SET_MIN_PROTO_VERSION, version);
  }
  get maximumVersion(): number {
    return this.#ctrl(SSL_CTRL_GET_MAX_PROTO_VERSION, 0) || TLSVersion.MAXIMUM_SUPPORTED;
  }
  set maximumVersion(version: number) {
    this.#setVersion(SSL_CTRL_SET_MAX_PROTO_VERSION, version);
  }

  #setVersion(command: number, version: number): void {
    const number = version === TLSVersion.MAXIMUM_SUPPORTED ? 0 : version;
    if (this.#ctrl(command, number) !== 1) throw failed();
  }

  get securityLevel(): number {
    return libssl().SSL_CTX_get_security_level(this.handle);
  }

  get numTickets(): number {
    return Number(libssl().SSL_CTX_get_num_tickets(this.handle));
  }
  set numTickets(count: number) {
    if (libssl().SSL_CTX_set_num_tickets(this.handle, BigInt(count)) !== 1) {
      throw new RangeError("failed to set num tickets.");
    }
  }

  setCiphers(list: string): void {
    if (libssl().SSL_CTX_set_cipher_list(this.handle, cString(list)) === 1) return;
    libcrypto().ERR_clear_error();
    throw new SSLError(SSL_ERROR_SSL, "No cipher can be selected.");
  }

  getCiphers(): CipherDescription[] {
    const ssl = made(libssl().SSL_new(this.handle));
    try {
      return Array.from(stack(libssl().SSL_get_ciphers(ssl)), cipherDescription);
    } finally {
      libssl().SSL_free(ssl);
    }
  }

  setEcdhCurve(name: string): void {
    const nid = libcrypto().OBJ_sn2nid(cString(name));
    if (nid === 0) throw new RangeError("unknown elliptic curve name");
    const groups = new Uint8Array(new Int32Array([nid]).buffer);
    if (libssl().SSL_CTX_ctrl(this.handle, SSL_CTRL_SET_GROUPS, 1n, groups) !== 1n) throw failed();
  }

  loadDhParams(pem: string): void {
    const parameters = dhParams(pem);
    if (libssl().SSL_CTX_set0_tmp_dh_pkey(this.handle, parameters) === 1) return;
    libcrypto().EVP_PKEY_free(parameters);
    throw failed();
  }

  setPskClient(callback: PskClientCallback | null): void {
    this.pskClient = callback;
  }

  setPskServer(callback: PskServerCallback | null, identityHint: string | null): void {
    if (libssl().SSL_CTX_use_psk_identity_hint(this.handle, cString(identityHint ?? "")) !== 1) {
      libcrypto().ERR_clear_error();
      throw new SSLError(SSL_ERROR_SSL, "failed to set identity hint");
    }
    this.pskServer = callback;
  }

  // Certificates

  loadCertChain(certificates: string, key: string, password: () => string | Uint8Array | null): void {
    using chain = certificatesInPem(certificates);
    const [own, ...between] = chain.all;
    if (own === undefined) throw noStartLine("there is no certificate");
    const privateHandle = privateKey(key, password);
    try {
      // Checked before anything is changed.
      if (libcrypto().X509_check_private_key(own, privateHandle) !== 1) throw failed();
      this.#use(own, between, privateHandle);
    } finally {
      libcrypto().EVP_PKEY_free(privateHandle);
    }
  }

  #use(own: Handle, between: Handle[], key: Handle): void {
    const ssl = libssl();
    if (ssl.SSL_CTX_use_certificate(this.handle, own) !== 1) throw failed();
    ssl.SSL_CTX_ctrl_object(this.handle, SSL_CTRL_CHAIN, 0n, null);
    for (const certificate of between) {
      // With 1, OpenSSL adds a reference of its own.
      if (ssl.SSL_CTX_ctrl_object(this.handle, SSL_CTRL_CHAIN_CERT, 1n, certificate) !== 1n) throw failed();
    }
    if (ssl.SSL_CTX_use_PrivateKey(this.handle, key) !== 1) throw failed();
  }

  trustFile(pem: string): void {
    using certificates = certificatesInPem(pem);
    using lists = revocationListsInPem(pem);
    if (certificates.all.length + lists.all.length === 0) {
      throw new SSLError(SSL_ERROR_SSL, "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found", {
        library: "X509",
        reason: "NO_CERTIFICATE_OR_CRL_FOUND",
      });
    }
    this.#trust(certificates);
    for (const list of lists.all) {
      if (libcrypto().X509_STORE_add_crl(this.#store, list) !== 1) throw failed();
    }
  }

  trustText(pem: string): void {
    using certificates = certificatesInPem(pem);
    if (certificates.all.length === 0) {
      throw new SSLError(SSL_ERROR_SSL, "no start line: cadata does not contain a certificate", {
        library: "PEM",
        reason: "NO_START_LINE",
      });
    }
    this.#trust(certificates);
  }

  trustDer(der: Uint8Array): void {
    using certificates = certificatesInDer(der);
    this.#trust(certificates);
  }

  #trust(certificates: Objects): void {
    for (const certificate of certificates.all) {
      if (libcrypto().X509_STORE_add_cert(this.#store, certificate) !== 1) throw failed();
    }
  }

  trustDirectory(path: string): void {
    // OpenSSL reads the directory later, without a permission check.
    requireFile(path);
    if (libcrypto().X509_STORE_load_path(this.#store, cString(path)) !== 1) throw failed();
  }

  trustSystem(): void {
    systemAuthorities(this, this.#store);
  }

  *#trusted(): Generator<[type: number, object: Handle]> {
    for (const object of stack(libcrypto().X509_STORE_get0_objects(this.#store))) {
      yield [libcrypto().X509_OBJECT_get_type(object), object];
    }
  }

  authorities(): Uint8Array<ArrayBuffer>[] {
    const found: Uint8Array<ArrayBuffer>[] = [];
    for (const [, object] of this.#trusted()) {
      const certificate = libcrypto().X509_OBJECT_get0_X509(object);
      if (certificate !== null && libcrypto().X509_check_ca(certificate) !== 0) found.push(derOf(certificate));
    }
    return found;
  }

  storeStats(): StoreStats {
    const stats: StoreStats = { x509: 0, crl: 0, x509_ca: 0 };
    for (const [type, object] of this.#trusted()) {
      if (type === X509_LU_CRL) stats.crl++;
      if (type !== X509_LU_X509) continue;
      stats.x509++;
      if (libcrypto().X509_check_ca(libcrypto().X509_OBJECT_get0_X509(object)) !== 0) stats.x509_ca++;
    }
    return stats;
  }

  sessionStats(): SessionStats {
    const counts = SESSION_COUNTS.map((name, index) => [name, this.#ctrl(SSL_CTRL_SESS_NUMBER + index, 0)]);
    const { cb_hits: _, ...stats } = Object.fromEntries(counts);
    return stats as SessionStats;
  }

  // Connections

  get alpnProtocols(): readonly string[] {
    return this.#alpn;
  }
  set alpnProtocols(protocols: readonly string[]) {
    const list = protocolList(protocols);
    // For clients. A server's list is used in a callback during the handshake: see handshake.ts.
    if (libssl().SSL_CTX_set_alpn_protos(this.handle, list, list.length) !== 0) throw failed();
    this.#alpn = protocols;
  }

  checkSocket(): void {
    // OpenSSL supports every request.
  }

  secure(inner: Transport, request: SocketRequest): SecureTransport {
    const side = () => {
      const incoming = new MemoryBIO();
      const outgoing = new MemoryBIO();
      return { incoming, outgoing, engine: this.connection(request.engine, incoming, outgoing) };
    };
    return new TlsTransport(inner, { side, suppressRaggedEofs: request.suppressRaggedEofs, clock: request.clock });
  }

  secureListener(
    inner: Transport,
    secure: (connection: Transport) => SecureTransport,
    request: SocketRequest,
  ): Transport {
    const started = (connection: Transport) => {
      const transport = secure(connection);
      transport.start();
      return transport;
    };
    return new TlsListener(inner, started, request.handshakeOnConnect);
  }

  connection(request: EngineRequest, incoming: ByteQueue, outgoing: ByteQueue): Engine {
    return new NativeEngine(this, request, incoming as MemoryBIO, outgoing as MemoryBIO);
  }
}

const X509_LU_X509 = 1;
const X509_LU_CRL = 2;

const METHODS: Record<number, (() => Deno.PointerValue) | undefined> = {
  [PROTOCOL_TLS]: () => libssl().TLS_method(),
  [PROTOCOL_TLSv1_2]: () => libssl().TLS_method(),
  [PROTOCOL_TLS_CLIENT]: () => libssl().TLS_client_method(),
  [PROTOCOL_TLS_SERVER]: () => libssl().TLS_server_method(),
};
