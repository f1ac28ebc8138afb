// What a TLS library supplies for one side of one connection.

import type { CertificateInfo } from "./certificate.ts";

/** A cipher suite in use: its name, the protocol version that defined it, and the bits of its secret. */
export type CipherInfo = [name: string, protocol: string, bits: number];

/** The answer of an engine that has to see more of the peer's bytes first. */
export const NEEDS_DATA = -1;

/** What a connection's owner may ask of it; the names and answers are those of Python's SSLObject. */
export interface Facts {
  /** The protocol version, "TLSv1.3"; null before the handshake. */
  version(): string | null;
  /** The cipher suite in use; null before the handshake. */
  cipher(): CipherInfo | null;
  /** On a server, the suites that both sides have; null on a client. */
  sharedCiphers(): CipherInfo[] | null;
  /** The compression in use: there is none. */
  compression(): string | null;
  /** The protocol that was agreed on (ALPN). */
  alpnProtocol(): string | null;
  /** The peer's certificate in DER; null where there is none. Throws before the handshake. */
  peerCertificate(): Uint8Array<ArrayBuffer> | null;
  /** What the peer's certificate says: null without one, undefined where it was not checked. */
  peerCertificateInfo(): CertificateInfo | null | undefined;
  /** The chain as it was verified, in DER, the peer's certificate first. */
  verifiedChain(): Uint8Array<ArrayBuffer>[];
  /** The chain as the peer sent it. */
  unverifiedChain(): Uint8Array<ArrayBuffer>[];
  /** The connection's own bytes for channel binding ("tls-unique"); null before the handshake. */
  channelBinding(): Uint8Array<ArrayBuffer> | null;
  /** Decrypted bytes that can be read at once. */
  pending(): number;
  /** The session, for another connection to resume. */
  session: unknown;
  /** Whether a session was resumed. */
  readonly sessionReused: boolean;
}

/**
 * One side of a connection. Synchronous, and without input and output: ciphertext comes from a queue of bytes and goes to
 * another one.
 */
export interface Engine extends Facts {
  /** Whether the handshake is done. */
  readonly established: boolean;
  /** Goes on with the handshake. Answers whether it is done; if not, it needs data. */
  handshake(): boolean;
  /** Decrypts into a view. Answers the count, 0 at the peer's close_notify, or NEEDS_DATA. */
  read(view: Uint8Array): number;
  /** Whether `read` would bring something other than NEEDS_DATA: data, the end, or an error. It consumes nothing. */
  readable(): boolean;
  /** Encrypts data. Answers how much of it was taken, or NEEDS_DATA. */
  write(data: Uint8Array): number;
  /** Tells the peer that no more will be sent (close_notify). Reading goes on. */
  closeNotify(): void;
  /** The same, and listens for the peer's. Answers whether it has come. */
  shutdown(): boolean;
  /** Lets go of the library's objects. Nothing may be called after it. */
  free(): void;
}

/** A queue of bytes between an engine and the network. */
export interface ByteQueue {
  /** The number of bytes in it. */
  readonly pending: number;
  /** Adds bytes. */
  write(bytes: Uint8Array): number;
  /** Adds the end: after what is in the queue, the engine sees a stream that was cut off. */
  write_eof(): void;
  /** Takes up to `n` bytes, -1 for all. */
  read(n?: number): Uint8Array<ArrayBuffer>;
  /** Takes bytes into a view, and answers how many. */
  readInto(view: Uint8Array): number;
}
