// The interface to a TLS library for a context: the settings of many connections.

import type { Clock } from "../seam/clock.ts";
import type { Transport } from "../seam/transport.ts";
import type { ByteQueue, Engine } from "./engine.ts";
import type { PskClientCallback, PskServerCallback } from "./psk.ts";
import type { SecureTransport } from "./transport.ts";

/** A cipher suite as `get_ciphers()` returns it. */
export interface CipherDescription {
  /** The suite's number. */
  id: number;
  /** OpenSSL's name. */
  name: string;
  /** The protocol version that defined it. */
  protocol: string;
  /** OpenSSL's description in one line. */
  description: string;
  /** The number of secret bits. */
  strength_bits: number;
  /** The number of bits of the algorithm. */
  alg_bits: number;
  /** Whether the suite has an AEAD cipher, which encrypts and authenticates in one step. */
  aead: boolean;
  /** The cipher. */
  symmetric: string | null;
  /** The digest; null for an AEAD cipher. */
  digest: string | null;
  /** The key exchange. */
  kea: string | null;
  /** The authentication. */
  auth: string | null;
}

/** The numbers of a context's trusted certificates and revocation lists. */
export interface StoreStats {
  /** All certificates. */
  x509: number;
  /** Revocation lists. */
  crl: number;
  /** Certificates of authorities. */
  x509_ca: number;
}

/** The counts of a context's sessions and handshakes. */
export interface SessionStats {
  /** Sessions in the cache. */
  number: number;
  /** Handshakes that were started as a client. */
  connect: number;
  /** Handshakes that succeeded as a client. */
  connect_good: number;
  /** Renegotiations as a client. */
  connect_renegotiate: number;
  /** Handshakes that were started as a server. */
  accept: number;
  /** Handshakes that succeeded as a server. */
  accept_good: number;
  /** Renegotiations as a server. */
  accept_renegotiate: number;
  /** Sessions that were resumed. */
  hits: number;
  /** Sessions that clients asked for and the cache did not have. */
  misses: number;
  /** Sessions that clients asked for and that had expired. */
  timeouts: number;
  /** Sessions that were dropped because the cache was full. */
  cache_full: number;
}

/** The request for one side of a connection. */
export interface EngineRequest {
  /** Whether this is the server's side of the connection. */
  serverSide: boolean;
  /** The server's name in ASCII; null for a server. */
  serverHostname: string | null;
  /** Whether the certificate's name is checked. */
  checkHostname: boolean;
  /** A session to resume. */
  session: unknown;
  /**
   * Called with the name that a client asks for (SNI), or null if it asks for none. Returns the alert that ends the
   * handshake, or null.
   */
  onServerName: ((name: string | null, control: ServerNameControl) => unknown) | null;
}

/** The actions that a callback for server names may take. */
export interface ServerNameControl {
  /** Uses the certificates and protocols of another context. */
  use(context: ContextEngine): void;
}

/** The state of a socket, as far as it matters to TLS. */
export type SocketState = "connected" | "listening" | "unconnected";

/** The request for TLS on a socket. */
export interface SocketRequest {
  engine: EngineRequest;
  /** Whether a truncated stream counts as one that has ended. */
  suppressRaggedEofs: boolean;
  /** Whether wrap_socket, connect and accept make the handshake. */
  handshakeOnConnect: boolean;
  clock: Clock;
}

/** The settings of many connections. Certificates are given as PEM text, and numbers are those of constants.ts. */
export interface ContextEngine {
  options: number;
  verifyMode: number;
  verifyFlags: number;
  minimumVersion: number;
  maximumVersion: number;
  /** The protocols to negotiate (ALPN), in order of preference; empty for none. */
  alpnProtocols: readonly string[];
  /** How many session tickets a server sends in TLS 1.3. */
  numTickets: number;
  readonly securityLevel: number;

  /** Sets the context's certificate with its chain up to the authority, and its key. */
  loadCertChain(certificates: string, key: string, password: () => string | Uint8Array | null): void;
  /** Trusts the certificates in the text of a PEM file, and loads its revocation lists. */
  trustFile(pem: string): void;
  /** Trusts the certificates in PEM text. */
  trustText(pem: string): void;
  /** Trusts consecutive certificates in DER. */
  trustDer(der: Uint8Array): void;
  /** Trusts the certificates in a directory, which have hashed names. */
  trustDirectory(path: string): void;
  /** Trusts the system's authorities. */
  trustSystem(): void;

  setCiphers(list: string): void;
  getCiphers(): CipherDescription[];
  setEcdhCurve(name: string): void;
  loadDhParams(pem: string): void;
  setPskClient(callback: PskClientCallback | null): void;
  setPskServer(callback: PskServerCallback | null, identityHint: string | null): void;
  /** Returns the trusted certificates of authorities in DER. */
  authorities(): Uint8Array<ArrayBuffer>[];
  storeStats(): StoreStats;
  sessionStats(): SessionStats;

  /** Makes one side of a connection. Its ciphertext comes from one queue and goes to the other. */
  connection(request: EngineRequest, incoming: ByteQueue, outgoing: ByteQueue): Engine;
  /** Throws if the request is not possible for a socket. Nothing is changed and nothing is sent. */
  checkSocket(inner: Transport, state: SocketState, request: SocketRequest): void;
  /** Makes a TLS transport over another transport. It sends nothing before its start. */
  secure(inner: Transport, request: SocketRequest): SecureTransport;
  /** Makes a TLS listener over another listener. `secure` makes the transports of accepted connections. */
  secureListener(
    inner: Transport,
    secure: (connection: Transport) => SecureTransport,
    request: SocketRequest,
  ): Transport;
}
