// SSLObject: TLS without a network. Its ciphertext comes from one byte queue and goes to another.

import { bytesOf, viewOf } from "../base/data.ts";
import type { Bytes, Data, MutableData } from "../base/data.ts";
import type { CertificateInfo } from "./certificate.ts";
import { CHANNEL_BINDING_TYPES } from "./constants.ts";
import type { BaseContext } from "./context.ts";
import type { CipherInfo, ConnectionInfo, Engine } from "./engine.ts";
import { NEEDS_DATA } from "./engine.ts";
import { wantReadError } from "./errors.ts";

/** Makes an SSLObject, for contexts. It is no part of the public class. */
export let objectOf: (context: BaseContext, serverSide: boolean, hostname: string | null) => SSLObject;
/** Sets the engine of an SSLObject. */
export let attachEngine: (object: SSLObject, engine: Engine) => void;

/**
 * One side of a TLS connection without a network, as Python's `ssl.SSLObject`. `SSLContext.wrap_bio` makes it. It reads
 * ciphertext from one MemoryBIO and writes it to another. A call that needs more data throws SSLWantReadError.
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

  /** The context. A callback for server names may set another one, to use its certificate. */
  get context(): BaseContext {
    return this.#context;
  }
  set context(context: BaseContext) {
    this.#context = context;
  }

  /** Whether this is the server's side of the connection. */
  get server_side(): boolean {
    return this.#serverSide;
  }
  /** The `server_hostname` argument, in ASCII. */
  get server_hostname(): string | null {
    return this.#hostname;
  }

  /** The session, which another connection can resume; null if there is none yet. */
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
   * Continues the handshake.
   *
   * @throws {SSLWantReadError} if it needs more data from the peer.
   * @throws {SSLCertVerificationError} if the certificate is not accepted.
   */
  do_handshake(): void {
    if (!this.#engine.handshake()) throw wantReadError();
  }

  /**
   * Reads up to `len` bytes. Returns an empty array at the end of the stream. With a buffer, it reads into that and returns
   * the number of bytes.
   *
   * @throws {SSLWantReadError} if it needs more data from the peer.
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

  /** Makes the handshake first if it was not made, as OpenSSL does. */
  #needHandshake(): void {
    if (!this.#engine.established) this.do_handshake();
  }

  /**
   * Writes data, and returns how many bytes were written.
   *
   * @throws {SSLWantReadError} if it needs more data from the peer.
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
   * Ends TLS: sends close_notify and reads the peer's.
   *
   * @throws {SSLWantReadError} if the peer's close_notify has not arrived yet.
   */
  unwrap(): void {
    if (!this.#engine.shutdown()) throw wantReadError();
  }

  /** Returns the number of decrypted bytes that can be read at once. */
  pending(): number {
    return this.#engine.pending();
  }
  /** Returns the protocol version, such as "TLSv1.3"; null before the handshake. */
  version(): string | null {
    return this.#engine.version();
  }
  /** Returns the cipher suite as `[name, protocol, bits]`; null before the handshake. */
  cipher(): CipherInfo | null {
    return this.#engine.cipher();
  }
  /** Returns the cipher suites that both sides support, on a server; null on a client and before the handshake. */
  shared_ciphers(): CipherInfo[] | null {
    return this.#engine.sharedCiphers();
  }
  /** Always null: TLS compression is not supported. */
  compression(): string | null {
    return this.#engine.compression();
  }
  /** Returns the negotiated protocol (ALPN); null for none. */
  selected_alpn_protocol(): string | null {
    return this.#engine.alpnProtocol();
  }
  /** Returns the contents of the peer's certificate; null if it sent none, `{}` if it was not verified. */
  getpeercert(binary_form?: false): CertificateInfo | Record<string, never> | null;
  /** Returns the peer's certificate in DER; null if it sent none. */
  getpeercert(binary_form: true): Bytes | null;
  getpeercert(binary_form = false): CertificateInfo | Record<string, never> | Bytes | null {
    return peerCertificate(this.#engine, binary_form);
  }
  /** Returns the verified chain in DER, the peer's certificate first. */
  get_verified_chain(): Bytes[] {
    return this.#engine.verifiedChain();
  }
  /** Returns the chain that the peer sent, in DER. */
  get_unverified_chain(): Bytes[] {
    return this.#engine.unverifiedChain();
  }
  /** Returns the bytes for channel binding, which identify the connection; null before the handshake. */
  get_channel_binding(cb_type = "tls-unique"): Bytes | null {
    checkChannelBinding(cb_type);
    return this.#engine.channelBinding();
  }
}

/** Returns the result of getpeercert(). */
export function peerCertificate(
  connection: ConnectionInfo,
  binary: boolean,
): CertificateInfo | Record<string, never> | Bytes | null {
  if (binary) return connection.peerCertificate();
  const info = connection.peerCertificateInfo();
  return info === undefined ? {} : info;
}

/** Throws for an unknown kind of channel binding. */
export function checkChannelBinding(kind: string): void {
  if (!CHANNEL_BINDING_TYPES.includes(kind)) throw new RangeError(`${kind} channel binding type not implemented`);
}
