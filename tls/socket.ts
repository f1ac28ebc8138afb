// class SSLSocket: a Socket whose bytes go through TLS.

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
import type { CipherInfo, Facts } from "./engine.ts";
import { SSLError } from "./errors.ts";
import { checkChannelBinding, peerCertificate } from "./object.ts";
import type { SecureTransport } from "./transport.ts";

const INSPECT = Symbol.for("Deno.customInspect");

/** What a connection is, as its callback for server names sees it: a context that may be changed. */
export interface ConnectionOwner {
  /** The context. Setting another one chooses its certificate. */
  context: BaseContext;
}

/** How an SSLSocket was asked for. */
export interface SocketSettings {
  owner: ConnectionOwner;
  serverSide: boolean;
  serverHostname: string | null;
  suppressRaggedEofs: boolean;
  handshakeOnConnect: boolean;
}

/** What an SSLSocket stands on: a connection, or a listener. */
export type Ground =
  | { kind: "connection"; transport: SecureTransport }
  | { kind: "listener"; ownerOf: (transport: Transport) => ConnectionOwner };

/** Makes an SSLSocket: wrap_socket's way in, which is no part of the public class. */
export let sslSocketOf: (
  runtime: Runtime,
  descriptor: Descriptor<Transport>,
  settings: SocketSettings,
  ground: Ground,
) => SSLSocket;

/**
 * A socket with TLS, as Python's `ssl.SSLSocket`. `SSLContext.wrap_socket` makes it.
 *
 * It is a {@linkcode Socket}: recv, sendall, makefile, iteration, streams, timeouts, signals and select work as they do without
 * TLS, on what is decrypted. `close()` tells the peer that the stream has ended (close_notify). A stream that was cut off is an
 * SSLEOFError. Flags are for plain sockets, and so are recvfrom, recvmsg, sendto and sendmsg.
 */
export class SSLSocket extends Socket {
  readonly #settings: SocketSettings;
  readonly #ground: Ground;
  #handshakeError: unknown;

  static {
    sslSocketOf = (...parts) => new SSLSocket(...parts);
  }

  private constructor(
    runtime: Runtime,
    descriptor: Descriptor<Transport>,
    settings: SocketSettings,
    ground: Ground,
  ) {
    if (settings === undefined) throw new TypeError("SSLSocket has no public constructor: wrap_socket() makes it");
    super(runtime, descriptor);
    this.#settings = settings;
    this.#ground = ground;
  }

  /** What is known of the connection; null while there is no TLS on it. */
  get #facts(): Facts | null {
    return this.#ground.kind === "connection" ? this.#ground.transport.facts : null;
  }

  // What it is

  /** The context. */
  get context(): BaseContext {
    return this.#settings.owner.context;
  }
  set context(context: BaseContext) {
    this.#settings.owner.context = context;
  }
  /** Whether it is the server's side. */
  get server_side(): boolean {
    return this.#settings.serverSide;
  }
  /** The server's name that was asked for, in ASCII. */
  get server_hostname(): string | null {
    return this.#settings.serverHostname;
  }
  /** Whether a stream that is cut off is taken for one that ended. */
  get suppress_ragged_eofs(): boolean {
    return this.#settings.suppressRaggedEofs;
  }
  /** Whether connect and accept make the handshake. */
  get do_handshake_on_connect(): boolean {
    return this.#settings.handshakeOnConnect;
  }

  /** The session, for another connection to resume (native); null before there is one. */
  get session(): unknown {
    return this.#facts?.session ?? null;
  }
  set session(session: unknown) {
    const facts = this.#facts;
    if (facts === null) throw errorFor("ENOTCONN", { syscall: "session" });
    facts.session = session;
  }
  /** Whether a session was resumed (native); null without TLS. */
  get session_reused(): boolean | null {
    return this.#facts?.sessionReused ?? null;
  }

  /** The protocol version, "TLSv1.3" (native); null without TLS. */
  version(): string | null {
    return this.#facts?.version() ?? null;
  }
  /** The cipher suite: `[name, protocol, bits]` (native); null without TLS. */
  cipher(): CipherInfo | null {
    return this.#facts?.cipher() ?? null;
  }
  /** On a server, the cipher suites that both sides have (native); null on a client. */
  shared_ciphers(): CipherInfo[] | null {
    return this.#facts?.sharedCiphers() ?? null;
  }
  /** The compression in use: there is none. */
  compression(): string | null {
    return this.#facts?.compression() ?? null;
  }
  /** The protocol that was agreed on (ALPN); null for none. */
  selected_alpn_protocol(): string | null {
    return this.#facts?.alpnProtocol() ?? null;
  }
  /** The connection's own bytes, for channel binding (native); null without TLS. */
  get_channel_binding(cb_type = "tls-unique"): Bytes | null {
    checkChannelBinding(cb_type);
    return this.#facts?.channelBinding() ?? null;
  }
  /** Decrypted bytes that can be received at once (native). */
  pending(): number {
    return this.#facts?.pending() ?? 0;
  }

  /**
   * What the peer's certificate says (native): null without one, `{}` where it was not checked.
   *
   * @throws {OSError} ENOTCONN without TLS.
   */
  getpeercert(binary_form?: false): CertificateInfo | Record<string, never> | null;
  /** The peer's certificate in DER. */
  getpeercert(binary_form: true): Bytes | null;
  getpeercert(binary_form = false): CertificateInfo | Record<string, never> | Bytes | null {
    return peerCertificate(this.#connected("getpeercert"), binary_form);
  }
  /** The chain as it was verified, in DER, the peer's certificate first (native). */
  get_verified_chain(): Bytes[] {
    return this.#connected("get_verified_chain").verifiedChain();
  }
  /** The chain as the peer sent it (native). */
  get_unverified_chain(): Bytes[] {
    return this.#connected("get_unverified_chain").unverifiedChain();
  }

  #connected(syscall: string): Facts {
    // EBADF where it is closed, ENOTCONN where it never was connected.
    this.getpeername();
    const facts = this.#facts;
    if (facts === null) throw errorFor("ENOTCONN", { syscall });
    return facts;
  }

  // Connections

  /**
   * Makes the handshake, where wrap_socket was told to leave it. Receiving and sending do so too.
   *
   * @throws {SSLCertVerificationError} for a certificate that does not pass.
   */
  async do_handshake(options?: WaitOptions): Promise<void> {
    const transport = this.#secure("do_handshake");
    // A connection that was made in the background.
    if (transport.facts === null) await transport.start();
    await partsOf(this).run(() => transport.handshake(), options, { syscall: "do_handshake" });
  }

  /**
   * Ends TLS on both sides (native), and answers the socket, which is a plain one from then on.
   *
   * @throws {SSLError} where the peer sends data instead of its end.
   */
  async unwrap(options?: WaitOptions): Promise<Socket> {
    const transport = this.#secure("unwrap");
    await partsOf(this).run(() => transport.unwrap(), options, { syscall: "unwrap" });
    return this;
  }

  #secure(syscall: string): SecureTransport {
    this.getpeername();
    if (this.#ground.kind !== "connection") throw errorFor("ENOTCONN", { syscall });
    return this.#ground.transport;
  }

  /** Connects, and makes the handshake. */
  override async connect(address: AddressLike | number, options?: WaitOptions): Promise<void> {
    const ground = this.#ground;
    if (this.#settings.serverSide) throw new RangeError("can't connect in server-side mode");
    if (ground.kind !== "connection" || ground.transport.facts !== null) {
      throw new RangeError("attempt to connect already-connected SSLSocket!");
    }
    await super.connect(address as AddressLike, options);
    try {
      await ground.transport.start();
      if (!this.#settings.handshakeOnConnect) return;
      await partsOf(this).run(() => ground.transport.handshake(), options, { syscall: "do_handshake" });
    } catch (error) {
      this.#handshakeError = error;
      throw error;
    }
  }

  /** As `connect`, but answers the number of a connect's error. Errors of TLS are thrown. */
  override async connect_ex(address: AddressLike | number, options?: WaitOptions): Promise<number> {
    const code = await super.connect_ex(address as AddressLike, options);
    if (code !== 0 && this.#handshakeError !== undefined) throw this.#handshakeError;
    return code;
  }

  /**
   * Takes the oldest connection whose handshake is done. Handshakes go on side by side; the error of one that failed is thrown
   * once.
   */
  override async accept(options?: WaitOptions): Promise<[SSLSocket, Address]> {
    return await super.accept(options) as [SSLSocket, Address];
  }

  /**
   * Iterates as a Socket does. A listener passes over clients that fail to shake hands (`accept` throws for each of them): a port
   * scanner must not end a server's loop.
   */
  override async *[Symbol.asyncIterator](): AsyncGenerator<any, void, void> {
    for (;;) {
      try {
        return yield* super[Symbol.asyncIterator]();
      } catch (error) {
        const failed = error instanceof SSLError || error instanceof ConnectionError;
        if (this.#ground.kind !== "listener" || !failed) throw error;
      }
    }
  }

  /**
   * What accept makes of a connection.
   *
   * @internal
   */
  protected override accepted(transport: Transport): Socket {
    if (this.#ground.kind !== "listener") return super.accepted(transport);
    const { runtime } = partsOf(this);
    const settings = { ...this.#settings, owner: this.#ground.ownerOf(transport) };
    const ground: Ground = { kind: "connection", transport: transport as SecureTransport };
    return sslSocketOf(runtime, runtime.descriptors.enter(transport), settings, ground);
  }

  /** Not for TLS: two objects cannot share its state. */
  override dup(): Socket {
    throw errorFor("EOPNOTSUPP", { syscall: "dup", hint: "Can't dup() SSLSocket instances" });
  }

  /** How Deno.inspect and console.log show it: like Python's repr. */
  [INSPECT](): string {
    const plain: string = (Socket.prototype as unknown as Record<symbol, () => string>)[INSPECT].call(this);
    return plain.replace("socket.socket", "ssl.SSLSocket");
  }

  // Python's other names

  /** As `recv`; with a buffer as `recv_into`. */
  read(len?: number): Promise<Bytes>;
  /** As `recv_into`. */
  read(len: number, buffer: MutableData): Promise<number>;
  read(len = 1024, buffer?: MutableData): Promise<Bytes | number> {
    return buffer === undefined ? this.recv(len) : this.recv_into(buffer, len);
  }
  /** As `send`. */
  write(data: Data): Promise<number> {
    return this.send(data);
  }
}
