// SSLSocket: a Socket over TLS.

import type { Address, AddressLike } from "../base/addresses.ts";
import type { Bytes, Data, MutableData } from "../base/data.ts";
import { ConnectionError, errorFor } from "../base/errors.ts";
import type { WaitOptions } from "../core/promises.ts";
import type { Descriptor } from "../core/descriptors.ts";
import type { Runtime } from "../core/runtime.ts";
import { partsOf, Socket } from "../core/socket.ts";
import type { Transport } from "../seam/transport.ts";
import type { CertificateInfo } from "./certificate.ts";
import type { BaseContext } from "./context.ts";
import type { CipherInfo, ConnectionInfo } from "./engine.ts";
import { SSLError } from "./errors.ts";
import { checkChannelBinding, peerCertificate } from "./object.ts";
import type { SecureTransport } from "./transport.ts";

const INSPECT = Symbol.for("Deno.customInspect");

/** The connection that a callback for server names (`sni_callback`) gets. */
export interface ConnectionOwner {
  /** The context. Setting another one chooses its certificate. */
  context: BaseContext;
}

/** The settings of an SSLSocket. */
export interface SocketSettings {
  owner: ConnectionOwner;
  serverSide: boolean;
  serverHostname: string | null;
  suppressRaggedEofs: boolean;
  handshakeOnConnect: boolean;
}

/** The transport that an SSLSocket is based on: a connection or a listener. */
export type Base =
  | { kind: "connection"; transport: SecureTransport }
  | { kind: "listener"; ownerOf: (transport: Transport) => ConnectionOwner };

/** Makes an SSLSocket, for wrap_socket. It is no part of the public class. */
export let sslSocketOf: (
  runtime: Runtime,
  descriptor: Descriptor<Transport>,
  settings: SocketSettings,
  base: Base,
) => SSLSocket;

/**
 * A socket with TLS, as Python's `ssl.SSLSocket`. `SSLContext.wrap_socket` makes it.
 *
 * It is a {@linkcode Socket}: recv, sendall, makefile, iteration, streams, timeouts, signals and select work as without
 * TLS, on the decrypted data. `close()` sends close_notify, which ends the stream. Receiving from a truncated stream
 * throws SSLEOFError. Flags, recvfrom, recvmsg, sendto and sendmsg are not supported.
 */
export class SSLSocket extends Socket {
  readonly #settings: SocketSettings;
  readonly #base: Base;
  #handshakeError: unknown;

  static {
    sslSocketOf = (...parts) => new SSLSocket(...parts);
  }

  private constructor(
    runtime: Runtime,
    descriptor: Descriptor<Transport>,
    settings: SocketSettings,
    base: Base,
  ) {
    if (settings === undefined) throw new TypeError("SSLSocket has no public constructor: wrap_socket() makes it");
    super(runtime, descriptor);
    this.#settings = settings;
    this.#base = base;
  }

  /** The information about the connection; null without TLS. */
  get #info(): ConnectionInfo | null {
    return this.#base.kind === "connection" ? this.#base.transport.connectionInfo : null;
  }

  // Properties

  /** The context. */
  get context(): BaseContext {
    return this.#settings.owner.context;
  }
  set context(context: BaseContext) {
    this.#settings.owner.context = context;
  }
  /** Whether this is the server's side of the connection. */
  get server_side(): boolean {
    return this.#settings.serverSide;
  }
  /** The `server_hostname` argument, in ASCII. */
  get server_hostname(): string | null {
    return this.#settings.serverHostname;
  }
  /** Whether a truncated stream counts as one that has ended. */
  get suppress_ragged_eofs(): boolean {
    return this.#settings.suppressRaggedEofs;
  }
  /** Whether connect and accept make the handshake. */
  get do_handshake_on_connect(): boolean {
    return this.#settings.handshakeOnConnect;
  }

  /** The session, which another connection can resume; null if there is none yet. Only on the native backend. */
  get session(): unknown {
    return this.#info?.session ?? null;
  }
  set session(session: unknown) {
    const info = this.#info;
    if (info === null) throw errorFor("ENOTCONN", { syscall: "session" });
    info.session = session;
  }
  /** Whether a session was resumed; null without TLS. Only on the native backend. */
  get session_reused(): boolean | null {
    return this.#info?.sessionReused ?? null;
  }

  /** Returns the protocol version, such as "TLSv1.3"; null without TLS. Only on the native backend. */
  version(): string | null {
    return this.#info?.version() ?? null;
  }
  /** Returns the cipher suite as `[name, protocol, bits]`; null without TLS. Only on the native backend. */
  cipher(): CipherInfo | null {
    return this.#info?.cipher() ?? null;
  }
  /** Returns the cipher suites that both sides support, on a server; null on a client. Only on the native backend. */
  shared_ciphers(): CipherInfo[] | null {
    return this.#info?.sharedCiphers() ?? null;
  }
  /** Always null: TLS compression is not supported. */
  compression(): string | null {
    return this.#info?.compression() ?? null;
  }
  /** Returns the negotiated protocol (ALPN); null for none. */
  selected_alpn_protocol(): string | null {
    return this.#info?.alpnProtocol() ?? null;
  }
  /** Returns the bytes for channel binding, which identify the connection; null without TLS. Only on the native backend. */
  get_channel_binding(cb_type = "tls-unique"): Bytes | null {
    checkChannelBinding(cb_type);
    return this.#info?.channelBinding() ?? null;
  }
  /** Returns the number of decrypted bytes that can be received at once. */
  pending(): number {
    return this.#info?.pending() ?? 0;
  }

  /**
   * Returns the contents of the peer's certificate; null if it sent none, `{}` if it was not verified. Only on the native
   * backend.
   *
   * @throws {OSError} ENOTCONN without TLS.
   */
  getpeercert(binary_form?: false): CertificateInfo | Record<string, never> | null;
  /** Returns the peer's certificate in DER; null if it sent none. */
  getpeercert(binary_form: true): Bytes | null;
  getpeercert(binary_form = false): CertificateInfo | Record<string, never> | Bytes | null {
    return peerCertificate(this.#connected("getpeercert"), binary_form);
  }
  /** Returns the verified chain in DER, the peer's certificate first. Only on the native backend. */
  get_verified_chain(): Bytes[] {
    return this.#connected("get_verified_chain").verifiedChain();
  }
  /** Returns the chain that the peer sent, in DER. Only on the native backend. */
  get_unverified_chain(): Bytes[] {
    return this.#connected("get_unverified_chain").unverifiedChain();
  }

  #connected(syscall: string): ConnectionInfo {
    // Throws EBADF if it is closed, and ENOTCONN if it was never connected.
    this.getpeername();
    const info = this.#info;
    if (info === null) throw errorFor("ENOTCONN", { syscall });
    return info;
  }

  // Connections

  /**
   * Makes the handshake, if wrap_socket did not make it. The first receive or send does the same.
   *
   * @throws {SSLCertVerificationError} if the certificate is not accepted.
   * @throws {SSLWantReadError} on a non-blocking socket, if it would wait. Call it again when the socket is readable; after
   * SSLWantWriteError, when it is writable.
   */
  async do_handshake(options?: WaitOptions): Promise<void> {
    const transport = this.#secure("do_handshake");
    // A non-blocking connect has ended since.
    if (transport.connectionInfo === null) await transport.start();
    await partsOf(this).run(() => transport.handshake(), options, { syscall: "do_handshake" });
  }

  /**
   * Ends TLS on both sides. Returns the socket, which has no TLS from then on. Only on the native backend.
   *
   * @throws {SSLError} if the peer sends data instead of its close_notify.
   */
  async unwrap(options?: WaitOptions): Promise<Socket> {
    const transport = this.#secure("unwrap");
    await partsOf(this).run(() => transport.unwrap(), options, { syscall: "unwrap" });
    return this;
  }

  #secure(syscall: string): SecureTransport {
    this.getpeername();
    if (this.#base.kind !== "connection") throw errorFor("ENOTCONN", { syscall });
    return this.#base.transport;
  }

  /** Connects, and makes the handshake. See {@linkcode Socket.connect}. */
  override async connect(address: AddressLike | number, options?: WaitOptions): Promise<void> {
    const base = this.#base;
    if (this.#settings.serverSide) throw new RangeError("can't connect in server-side mode");
    if (base.kind !== "connection" || base.transport.connectionInfo !== null) {
      throw new RangeError("attempt to connect already-connected SSLSocket!");
    }
    await super.connect(address as AddressLike, options);
    try {
      await base.transport.start();
      if (!this.#settings.handshakeOnConnect) return;
      await partsOf(this).run(() => base.transport.handshake(), options, { syscall: "do_handshake" });
    } catch (error) {
      this.#handshakeError = error;
      throw error;
    }
  }

  /** As `connect`, but returns the number of a connect's error. Errors of TLS are thrown. */
  override async connect_ex(address: AddressLike | number, options?: WaitOptions): Promise<number> {
    const code = await super.connect_ex(address as AddressLike, options);
    if (code !== 0 && this.#handshakeError !== undefined) throw this.#handshakeError;
    return code;
  }

  /**
   * Returns the oldest connection whose handshake is done. Handshakes run side by side. The error of one that failed is
   * thrown once.
   */
  override async accept(options?: WaitOptions): Promise<[SSLSocket, Address]> {
    return await super.accept(options) as [SSLSocket, Address];
  }

  /**
   * Iterates as a Socket does. On a listener it ignores failed handshakes, for which `accept` throws: a port scanner must not
   * end a server's loop.
   */
  override async *[Symbol.asyncIterator](): AsyncGenerator<any, void, void> {
    for (;;) {
      try {
        return yield* super[Symbol.asyncIterator]();
      } catch (error) {
        const failed = error instanceof SSLError || error instanceof ConnectionError;
        if (this.#base.kind !== "listener" || !failed) throw error;
      }
    }
  }

  /**
   * Makes the socket of an accepted connection.
   *
   * @internal
   */
  protected override accepted(transport: Transport): Socket {
    if (this.#base.kind !== "listener") return super.accepted(transport);
    const { runtime } = partsOf(this);
    const settings = { ...this.#settings, owner: this.#base.ownerOf(transport) };
    const base: Base = { kind: "connection", transport: transport as SecureTransport };
    return sslSocketOf(runtime, runtime.descriptors.enter(transport), settings, base);
  }

  /** Throws EOPNOTSUPP: two sockets cannot share the state of TLS. */
  override dup(): Socket {
    throw errorFor("EOPNOTSUPP", { syscall: "dup", hint: "Can't dup() SSLSocket instances" });
  }

  /** Returns the text for Deno.inspect and console.log, which is like Python's repr. */
  [INSPECT](): string {
    const plain: string = (Socket.prototype as unknown as Record<symbol, () => string>)[INSPECT].call(this);
    return plain.replace("socket.socket", "ssl.SSLSocket");
  }

  // Python's other names

  /** As `recv`; with a buffer as `recv_into`. */
  read(len?: number): Promise<Bytes>;
  /**
   * As `recv_into`, but a length that is not positive, or larger than the buffer, means as many bytes as the buffer holds.
   */
  read(len: number, buffer: MutableData): Promise<number>;
  read(len = 1024, buffer?: MutableData): Promise<Bytes | number> {
    if (buffer === undefined) return this.recv(len);
    return this.recv_into(buffer, len <= 0 || len > buffer?.byteLength ? 0 : len);
  }
  /** As `send`. */
  write(data: Data): Promise<number> {
    return this.send(data);
  }
}
