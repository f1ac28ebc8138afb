// What a TLS library supplies for a context: the settings of many connections.

import type { Clock } from "../seam/clock.ts";
import type { Transport } from "../seam/transport.ts";
import type { ByteQueue, Engine } from "./engine.ts";
import type { SecureTransport } from "./transport.ts";

/** A cipher suite that a context offers, as Python's `get_ciphers()` tells it. */
export interface CipherDescription {
  /** The suite's number. */
  id: number;
  /** OpenSSL's name. */
  name: string;
  /** The protocol version that defined it. */
  protocol: string;
  /** OpenSSL's line about it. */
  description: string;
  /** The bits of its secret. */
  strength_bits: number;
  /** The bits of its algorithm. */
  alg_bits: number;
  /** Whether it encrypts and authenticates in one. */
  aead: boolean;
  /** The cipher. */
  symmetric: string | null;
  /** The digest; null with `aead`. */
  digest: string | null;
  /** The key exchange. */
  kea: string | null;
  /** The authentication. */
  auth: string | null;
}

/** The certificates that a context trusts, counted. */
export interface StoreStats {
  /** All certificates. */
  x509: number;
  /** Revocation lists. */
  crl: number;
  /** Certificates of authorities. */
  x509_ca: number;
}

/** The sessions of a context, counted. */
export interface SessionStats {
  /** In the cache. */
  number: number;
  /** Handshakes of clients … */
  connect: number;
  /** … that succeeded … */
  connect_good: number;
  /** … or were repeated. */
  connect_renegotiate: number;
  /** Handshakes of servers … */
  accept: number;
  /** … that succeeded … */
  accept_good: number;
  /** … or were repeated. */
  accept_renegotiate: number;
  /** Sessions that were resumed … */
  hits: number;
  /** … were not found … */
  misses: number;
  /** … or were too old. */
  timeouts: number;
  /** Sessions that were dropped because the cache was full. */
  cache_full: number;
}

/** One side of a connection, as it was asked for. */
export interface EngineRequest {
  /** Whether it is the server's side. */
  serverSide: boolean;
  /** The server's name in ASCII, for clients. */
  serverHostname: string | null;
  /** Whether the certificate's name is checked. */
  checkHostname: boolean;
  /** A session to resume. */
  session: unknown;
  /**
   * Hears the name that a client asks for (SNI), null where it asks for none. Answers the alert that ends the handshake, or null.
   */
  onServerName: ((name: string | null, control: ServerNameControl) => number | null) | null;
}

/** What a callback for server names may do. */
export interface ServerNameControl {
  /** Goes on with the certificates and protocols of another context. */
  use(context: ContextEngine): void;
}

/** What of a socket's state matters to TLS. */
export type SocketState = "connected" | "listening" | "unconnected";

/** TLS for a socket, as it was asked for. */
export interface SocketRequest {
  engine: EngineRequest;
  /** Whether a stream that is cut off is taken for one that ended. */
  suppressRaggedEofs: boolean;
  /** Whether the handshake is made by wrap_socket, connect and accept. */
  handshakeOnConnect: boolean;
  clock: Clock;
}

/** The settings of many connections. Texts are PEM's, the numbers those of constants.ts. */
export interface ContextEngine {
  options: number;
  verifyMode: number;
  verifyFlags: number;
  minimumVersion: number;
  maximumVersion: number;
  /** The protocols to agree on (ALPN), by preference; empty for none. */
  alpnProtocols: readonly string[];
  /** How many session tickets a server sends in TLS 1.3. */
  numTickets: number;
  readonly securityLevel: number;

  /** Sets the own certificate, with those between it and the authority, and its key. */
  loadCertChain(certificates: string, key: string, password: () => string | Uint8Array | null): void;
  /** Trusts the certificates in a PEM file's text, and takes revocation lists from it. */
  trustFile(pem: string): void;
  /** Trusts the certificates in PEM text. */
  trustText(pem: string): void;
  /** Trusts certificates in DER, one after the other. */
  trustDer(der: Uint8Array): void;
  /** Trusts what lies in a directory, by hashed names. */
  trustDirectory(path: string): void;
  /** Trusts the system's authorities. */
  trustSystem(): void;

  setCiphers(list: string): void;
  getCiphers(): CipherDescription[];
  setEcdhCurve(name: string): void;
  loadDhParams(pem: string): void;
  /** What is trusted, one by one: DER. */
  authorities(): Uint8Array<ArrayBuffer>[];
  storeStats(): StoreStats;
  sessionStats(): SessionStats;

  /** Makes one side of a connection, whose ciphertext comes and goes by queues. */
  connection(request: EngineRequest, incoming: ByteQueue, outgoing: ByteQueue): Engine;
  /** Throws what cannot be done for a socket. Nothing is changed, and nothing is sent. */
  checkSocket(inner: Transport, state: SocketState, request: SocketRequest): void;
  /** Makes a transport with TLS before another one. Nothing is sent before its start. */
  secure(inner: Transport, request: SocketRequest): SecureTransport;
  /** Makes a listener with TLS before another one. `secure` makes the transports of what it accepts. */
  secureListener(
    inner: Transport,
    secure: (connection: Transport) => SecureTransport,
    request: SocketRequest,
  ): Transport;
}
