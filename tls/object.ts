// SSLObject: TLS without a network. Its bytes come and go by queues in memory.

import { bytesOf, viewOf } from "../base/data.ts";
import type { Bytes, Data, MutableData } from "../base/data.ts";
import type { CertificateInfo } from "./certificate.ts";
import { CHANNEL_BINDING_TYPES } from "./constants.ts";
import type { BaseContext } from "./context.ts";
import type { CipherInfo, Engine, Facts } from "./engine.ts";
import { NEEDS_DATA } from "./engine.ts";
import { wantReadError } from "./errors.ts";

/** Makes an SSLObject: the contexts' way in, which is no part of the public class. */
export let objectOf: (context: BaseContext, serverSide: boolean, hostname: string | null) => SSLObject;
/** Gives an SSLObject its engine. */
export let attachEngine: (object: SSLObject, engine: Engine) => void;

/**
 * One side of a TLS connection without a network, as Python's `ssl.SSLObject`. `SSLContext.wrap_bio` makes it; ciphertext comes
 * from one MemoryBIO and goes to another one. Calls that need more of the peer's bytes throw SSLWantReadError.
 */
export class SSLObject {
  readonly #serverSide: boolean;
  readonly #hostname: string | null;
  #context: BaseContext;
  #engine!: Engine;

  static {
    objectOf = (context, serverSide, hostname) => new SSLObject(context, serverSide, hostname);
    attachEngine = (object, engine) => {
      object.#engine = engine;
    };
  }

  private constructor(context: BaseContext, serverSide: boolean, hostname: string | null) {
    if (context === undefined) {
      throw new TypeError("SSLObject has no public constructor: SSLContext.wrap_bio() makes it");
    }
    this.#context = context;
    this.#serverSide = serverSide;
    this.#hostname = hostname;
  }

  /** The context. A callback for server names may set another one, whose certificate is then used. */
  get context(): BaseContext {
    return this.#context;
  }
  set context(context: BaseContext) {
    this.#context = context;
  }

  /** Whether it is the server's side. */
  get server_side(): boolean {
    return this.#serverSide;
  }
  /** The server's name that was asked for, in ASCII. */
  get server_hostname(): string | null {
    return this.#hostname;
  }

  /** The session, for another connection to resume; null before there is one. */
  get session(): unknown {
    return this.#engine.session;
  }
  set session(session: unknown) {
    this.#engine.session = session;
  }
  /** Whether a session was resumed. */
  get session_reused(): boolean {
    return this.#engine.sessionReused;
  }

  /**
   * Goes on with the handshake.
   *
   * @throws {SSLWantReadError} where more of the peer's bytes are needed.
   * @throws {SSLCertVerificationError} for a certificate that does not pass.
   */
  do_handshake(): void {
    if (!this.#engine.handshake()) throw wantReadError();
  }

  /**
   * Reads up to `len` bytes; an empty array is the end of the stream. With a buffer, reads into it and answers the count.
   *
   * @throws {SSLWantReadError} where more of the peer's bytes are needed.
   */
  read(len?: number): Bytes;
  /** Reads into a buffer. */
  read(len: number, buffer: MutableData): number;
  read(len = 1024, buffer?: MutableData): Bytes | number {
    if (buffer !== undefined) {
      const view = viewOf(buffer);
      return this.#read(len > 0 ? view.subarray(0, len) : view);
    }
    if (len < 0) throw new RangeError("size should not be negative");
    const bytes = new Uint8Array(len);
    return bytes.subarray(0, this.#read(bytes));
  }

  #read(view: Uint8Array): number {
    if (view.length === 0) return 0;
    this.#needHandshake();
    const count = this.#engine.read(view);
    if (count === NEEDS_DATA) throw wantReadError();
    return count;
  }

  /** As OpenSSL, which begins with the handshake where there was none. */
  #needHandshake(): void {
    if (!this.#engine.established) this.do_handshake();
  }

  /**
   * Writes data, and answers how many bytes of it.
   *
   * @throws {SSLWantReadError} where more of the peer's bytes are needed.
   */
  write(data: Data): number {
    const bytes = bytesOf(data);
    if (bytes.length === 0) return 0;
    this.#needHandshake();
    const count = this.#engine.write(bytes);
    if (count === NEEDS_DATA) throw wantReadError();
    return count;
  }

  /**
   * Ends TLS: tells the peer, and waits for the same from it.
   *
   * @throws {SSLWantReadError} where the peer has not told it yet.
   */
  unwrap(): void {
    if (!this.#engine.shutdown()) throw wantReadError();
  }

  /** Decrypted bytes that can be read at once. */
  pending(): number {
    return this.#engine.pending();
  }
  /** The protocol version, "TLSv1.3"; null before the handshake. */
  version(): string | null {
    return this.#engine.version();
  }
  /** The cipher suite: `[name, protocol, bits]`; null before the handshake. */
  cipher(): CipherInfo | null {
    return this.#engine.cipher();
  }
  /** On a server, the cipher suites that both sides have; null on a client. */
  shared_ciphers(): CipherInfo[] | null {
    return this.#engine.sharedCiphers();
  }
  /** The compression in use: there is none. */
  compression(): string | null {
    return this.#engine.compression();
  }
  /** The protocol that was agreed on (ALPN); null for none. */
  selected_alpn_protocol(): string | null {
    return this.#engine.alpnProtocol();
  }
  /** What the peer's certificate says; null without one, `{}` where it was not checked. */
  getpeercert(binary_form?: false): CertificateInfo | Record<string, never> | null;
  /** The peer's certificate in DER. */
  getpeercert(binary_form: true): Bytes | null;
  getpeercert(binary_form = false): CertificateInfo | Record<string, never> | Bytes | null {
    return peerCertificate(this.#engine, binary_form);
  }
  /** The chain as it was verified, in DER, the peer's certificate first. */
  get_verified_chain(): Bytes[] {
    return this.#engine.verifiedChain();
  }
  /** The chain as the peer sent it. */
  get_unverified_chain(): Bytes[] {
    return this.#engine.unverifiedChain();
  }
  /** The connection's own bytes, for channel binding; null before the handshake. */
  get_channel_binding(cb_type = "tls-unique"): Bytes | null {
    checkChannelBinding(cb_type);
    return this.#engine.channelBinding();
  }
}

/** What getpeercert answers. */
export function peerCertificate(
  facts: Facts,
  binary: boolean,
): CertificateInfo | Record<string, never> | Bytes | null {
  if (binary) return facts.peerCertificate();
  const info = facts.peerCertificateInfo();
  return info === undefined ? {} : info;
}

/** Throws for a kind of channel binding that there is not. */
export function checkChannelBinding(kind: string): void {
  if (!CHANNEL_BINDING_TYPES.includes(kind)) throw new RangeError(`${kind} channel binding type not implemented`);
}
