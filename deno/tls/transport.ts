// TLS on a connection of the default backend: Deno.startTls for a client, and Deno.listenTls for a server.

import { IPPROTO_TCP, TCP_NODELAY } from "../../base/constants/ip.ts";
import { SHUT_WR, SO_KEEPALIVE, SOL_SOCKET } from "../../base/constants.ts";
import type { Address } from "../../base/addresses.ts";
import type { Bytes } from "../../base/data.ts";
import { errorFor } from "../../base/errors.ts";
import { WOULD_BLOCK } from "../../seam/transport.ts";
import type { Caller, Received, Transport, Waiter, WouldBlock } from "../../seam/transport.ts";
import type { ConnectionInfo } from "../../tls/engine.ts";
import { SSLEOFError } from "../../tls/errors.ts";
import { checkFlags } from "../../tls/flags.ts";
import { Forwarding } from "../../tls/forwarding.ts";
import type { SecureTransport } from "../../tls/transport.ts";
import type { StreamTransport } from "../streams.ts";
import { refuseOption, TlsConn } from "./conn.ts";
import { DenoConnectionInfo, NATIVE_TLS_HINT } from "./connection_info.ts";

/** Starts TLS on a TCP connection. */
export type StartTls = (conn: Deno.TcpConn) => Promise<TlsConn>;

/** A TLS connection. */
export class DenoTlsTransport extends Forwarding implements SecureTransport {
  readonly #stream: StreamTransport;
  readonly #start: StartTls;
  #started = false;
  #conn: TlsConn | null = null;
  /** The outcome of the handshake: true, or its error. */
  #outcome: true | Error | null = null;
  #handshaking = false;
  #receiveShut = false;
  /** The waiters during the handshake. The connection below reports no events of it. */
  readonly #waiting = new Map<Waiter, number>();
  readonly #info = new DenoConnectionInfo(
    () => this.#conn?.alpnProtocol ?? null,
    () => this.#stream.connection?.inflow.buffered ?? 0,
  );

  /** A connection from Deno.listenTls has TLS already. */
  constructor(stream: StreamTransport, start: StartTls) {
    super(stream);
    this.#stream = stream;
    this.#start = start;
    const conn: unknown = stream.connection?.conn;
    if (conn instanceof TlsConn) {
      this.#started = true;
      this.#conn = conn;
      // The listener has made the handshake, unless do_handshake_on_connect is false.
      if (conn.alpnProtocol !== undefined) this.#outcome = true;
    }
  }

  get connectionInfo(): ConnectionInfo | null {
    return this.#started ? this.#info : null;
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    await this.#stream.replaceConnection(async (conn) => {
      this.#conn = await this.#start(conn as Deno.TcpConn);
      return this.#conn as unknown as Deno.Conn;
    });
  }

  handshake(): void | WouldBlock {
    if (this.#outcome === true) return;
    if (this.#outcome !== null) throw this.#outcome;
    if (this.#conn === null) throw errorFor("ENOTCONN", { syscall: "do_handshake" });
    if (!this.#handshaking) {
      this.#handshaking = true;
      this.#conn.handshake().then(() => this.#end(true), (error) => this.#end(error));
    }
    return WOULD_BLOCK;
  }

  #end(outcome: true | Error): void {
    this.#outcome = outcome;
    this.#handshaking = false;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [waiter, mask] of waiting) this.inner.watch(mask, waiter);
    for (const [waiter] of waiting) waiter.wake();
  }

  override watch(mask: number, waiter: Waiter): void {
    if (this.#handshaking) this.#waiting.set(waiter, mask);
    else this.inner.watch(mask, waiter);
  }

  override unwatch(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    this.inner.unwatch(waiter);
  }

  override recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    checkFlags("recv", flags);
    if (this.#handshakeIsDue("recv")) return WOULD_BLOCK;
    const data = this.inner.recv(caller, size, flags);
    if (data !== WOULD_BLOCK && data.length === 0 && size > 0) this.#checkEnd();
    return data;
  }

  override recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    checkFlags("recv_into", flags);
    if (this.#handshakeIsDue("recv_into")) return WOULD_BLOCK;
    const count = this.inner.recvInto(caller, view, flags);
    if (count === 0 && view.length > 0) this.#checkEnd();
    return count;
  }

  /** Throws if the stream was cut off or TLS has failed. After SHUT_RD the program does not wait for the peer's end. */
  #checkEnd(): void {
    const error = this.#conn?.receiveError ?? null;
    if (error !== null && !(this.#receiveShut && error instanceof SSLEOFError)) throw error;
  }

  override send(caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    checkFlags("send", flags);
    if (this.#handshakeIsDue("send")) return WOULD_BLOCK;
    const error = this.#conn?.sendError ?? null;
    // A send that is under way still has its own outcome.
    if (error !== null && !this.holdsSend(caller)) throw error;
    return this.inner.send(caller, data, flags);
  }

  holdsSend(caller: Caller): boolean {
    return this.#stream.holdsSend(caller);
  }

  override shutdown(how: number): void | Promise<void> {
    const done = this.inner.shutdown(how);
    if (how !== SHUT_WR) this.#receiveShut = true;
    return done;
  }

  /**
   * Continues the handshake before data moves. Without this, a send that gives up during the handshake would count its
   * data as sent before the certificate was checked. Throws the error of a handshake that failed. Before TLS has started it
   * throws, too: after a connect that did not wait, data would move unencrypted.
   */
  #handshakeIsDue(syscall: string): boolean {
    if (this.#conn === null) throw errorFor("ENOTCONN", { syscall });
    return this.#outcome !== true && this.handshake() === WOULD_BLOCK;
  }

  // Calls that TLS does not have, as in Python.

  override recvFrom(): [Bytes, Address | null] | WouldBlock {
    this.#refuse("recvfrom");
  }
  override recvFromInto(): [number, Address | null] | WouldBlock {
    this.#refuse("recvfrom_into");
  }
  override recvMessage(): Received | WouldBlock {
    this.#refuse("recvmsg");
  }
  override sendTo(): number | WouldBlock {
    this.#refuse("sendto");
  }
  override sendMessage(): number | WouldBlock {
    this.#refuse("sendmsg");
  }

  #refuse(syscall: string): never {
    if (this.#conn === null) throw errorFor("ENOTCONN", { syscall });
    throw new RangeError(`${syscall} not allowed on instances of SSLSocket`);
  }

  override setsockopt(level: number, name: number, value: number | Uint8Array): void {
    const isOfConnection = (level === SOL_SOCKET && name === SO_KEEPALIVE) ||
      (level === IPPROTO_TCP && name === TCP_NODELAY);
    // Throws before the option is stored.
    if (this.#started && isOfConnection) refuseOption(name === SO_KEEPALIVE ? "SO_KEEPALIVE" : "TCP_NODELAY");
    this.inner.setsockopt(level, name, value);
  }

  unwrap(): never {
    throw errorFor("EOPNOTSUPP", { syscall: "unwrap", hint: `unwrap: ${NATIVE_TLS_HINT}` });
  }

  override dup(): Transport {
    this.inner.dup();
    return this;
  }
}
