// The interface to a TLS library for one side of one connection.

import type { CertificateInfo } from "./certificate.ts";

/** A cipher suite in use: its name, the protocol version that defined it, and the number of secret bits. */
export type CipherInfo = [name: string, protocol: string, bits: number];

/** Returned by an engine that needs more data from the peer. */
export const NEEDS_DATA = -1;

/** The information about a connection. The methods are those of Python's SSLObject. */
export interface ConnectionInfo {
  /** Returns the protocol version, "TLSv1.3"; null before the handshake. */
  version(): string | null;
  /** Returns the cipher suite in use; null before the handshake. */
  cipher(): CipherInfo | null;
  /** On a server, the cipher suites that both sides support; null on a client. */
  sharedCiphers(): CipherInfo[] | null;
  /** Returns the compression in use. Always null: TLS compression is not supported. */
  compression(): string | null;
  /** Returns the negotiated protocol (ALPN); null for none. */
  alpnProtocol(): string | null;
  /** Returns the peer's certificate in DER; null if it sent none. Throws before the handshake. */
  peerCertificate(): Uint8Array<ArrayBuffer> | null;
  /** Returns the contents of the peer's certificate; null if it sent none, undefined if it was not verified. */
  peerCertificateInfo(): CertificateInfo | null | undefined;
  /** Returns the verified chain in DER, the peer's certificate first. */
  verifiedChain(): Uint8Array<ArrayBuffer>[];
  /** Returns the chain that the peer sent, in DER. */
  unverifiedChain(): Uint8Array<ArrayBuffer>[];
  /** Returns the bytes for channel binding ("tls-unique"), which identify the connection; null before the handshake. */
  channelBinding(): Uint8Array<ArrayBuffer> | null;
  /** Returns the number of decrypted bytes that can be read at once. */
  pending(): number;
  /** The session, for another connection to resume. */
  session: unknown;
  /** Whether a session was resumed. */
  readonly sessionReused: boolean;
}

/**
 * One side of one connection. An engine is synchronous and does no input or output: ciphertext comes from one byte queue
 * and goes to another.
 */
export interface Engine extends ConnectionInfo {
  /** Whether the handshake is done. */
  readonly established: boolean;
  /** Continues the handshake. Returns true when it is done, and false if it needs data. */
  handshake(): boolean;
  /** Decrypts into a view. Returns the number of bytes, 0 after the peer's close_notify, or NEEDS_DATA. */
  read(view: Uint8Array): number;
  /**
   * Returns whether `read` would return data or the end of the stream. It takes no data. It throws the error that `read`
   * would throw. The caller keeps that error: a later `read` may return the end of the stream.
   */
  readable(): boolean;
  /** Encrypts data. Returns the number of bytes that were taken, or NEEDS_DATA. */
  write(data: Uint8Array): number;
  /** Sends close_notify: no more data will follow. Reading is still possible. */
  closeNotify(): void;
  /** Sends close_notify and reads the peer's. Returns whether it has arrived. */
  shutdown(): boolean;
  /** Frees the library's objects. No method may be called after it. */
  free(): void;
}

/** A byte queue between an engine and the network. */
export interface ByteQueue {
  /** The number of bytes in it. */
  readonly pending: number;
  /** Adds bytes, and returns their number. */
  write(bytes: Uint8Array): number;
  /** Adds the end of the stream. After the bytes in the queue, the engine sees a truncated stream. */
  write_eof(): void;
  /** Takes up to `n` bytes, or all of them for -1. */
  read(n?: number): Uint8Array<ArrayBuffer>;
  /** Takes bytes into a view, and returns their number. */
  readInto(view: Uint8Array): number;
}
