// TLS on a connection of the default backend: Deno.startTls for a client, and Deno.listenTls for a server.

import { IPPROTO_TCP, TCP_NODELAY } from "../../base/constants/ip.ts";
import { SHUT_WR, SO_KEEPALIVE, SOL_SOCKET } from "../../base/constants.ts";
import type { Address } from "../../base/addresses.ts";
import type { Bytes } from "../../base/data.ts";
import { errorFor } from "../../base/errors.ts";
import { POLLIN, POLLOUT, POLLRDHUP } from "../../base/poll.ts";
import { WOULD_BLOCK } from "../../seam/transport.ts";
import type { Caller, Received, Transport, Waiter, WouldBlock } from "../../seam/transport.ts";
import type { ConnectionInfo } from "../../tls/engine.ts";
import { SSLEOFError, wantReadError, wantWriteError } from "../../tls/errors.ts";
import { checkFlags } from "../../tls/flags.ts";
import { Forwarding } from "../../tls/forwarding.ts";
import type { SecureTransport } from "../../tls/transport.ts";
import { eventLoopTurns } from "../event_loop.ts";
import type { StreamTransport } from "../streams.ts";
import { refuseOption, TlsConn } from "./conn.ts";
import { DenoConnectionInfo, NATIVE_TLS_HINT } from "./connection_info.ts";

/** Starts TLS on a TCP connection. */
export type StartTls = (conn: Deno.TcpConn) => Promise<TlsConn>;

/** A TLS connection. */
export class DenoTlsTransport extends Forwarding implements SecureTransport {
  readonly #stream: StreamTransport;
  readonly #startTls: StartTls;
  /** Settles when TLS has started; null before. */
  #starting: Promise<void> | null = null;
  #conn: TlsConn | null = null;
  #handshaking = false;
  /** The outcome of the handshake: true, or its error. */
  #outcome: true | Error | null = null;
  /** Whether the handshake has succeeded and a call has reported that. */
  #established = false;
  #receiveShut = false;
  /** The waiters until the handshake has ended. The connection below reports no events of it. */
  readonly #waiting = new Map<Waiter, number>();
  readonly #info = new DenoConnectionInfo(
    () => this.#conn?.alpnProtocol ?? null,
    () => this.#stream.connection?.inflow.buffered ?? 0,
  );

  /** A connection from Deno.listenTls has TLS already. */
  constructor(stream: StreamTransport, startTls: StartTls) {
    super(stream);
    this.#stream = stream;
    this.#startTls = startTls;
    const conn: unknown = stream.connection?.conn;
    if (conn instanceof TlsConn) {
      this.#starting = Promise.resolve();
      this.#conn = conn;
      // The listener has made the handshake, unless do_handshake_on_connect is false.
      this.#established = conn.alpnProtocol !== undefined;
      if (this.#established) this.#outcome = true;
    }
  }

  get connectionInfo(): ConnectionInfo | null {
    return this.#conn === null ? null : this.#info;
  }

  start(): Promise<void> {
    return this.#starting ??= this.#start();
  }

  async #start(): Promise<void> {
    for (const waiter of this.#waiting.keys()) this.inner.unwatch(waiter);
    await this.#stream.replaceConnection(async (conn) => {
      this.#conn = await this.#startTls(conn as Deno.TcpConn);
      return this.#conn as unknown as Deno.Conn;
    });
    for (const mask of this.#waiting.values()) if ((mask & POLLIN) !== 0) this.#beginHandshake();
  }

  handshake(): void | WouldBlock {
    if (this.#conn === null) throw errorFor("ENOTCONN", { syscall: "do_handshake" });
    this.#beginHandshake();
    if (this.#outcome === null) return WOULD_BLOCK;
    if (this.#outcome !== true) throw this.#outcome;
    this.#established = true;
  }

  #beginHandshake(): void {
    if (this.#handshaking || this.#outcome !== null || this.#conn === null) return;
    this.#handshaking = true;
    this.#conn.handshake().then(() => this.#endHandshake(true), (error) => this.#endHandshake(error));
  }

  #endHandshake(outcome: true | Error): void {
    this.#outcome = outcome;
    this.#handshaking = false;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [waiter, mask] of waiting) this.inner.watch(mask, waiter);
    for (const [waiter] of waiting) waiter.wake();
  }

  /**
   * Continues the handshake before data moves. Without this, a send that gives up during the handshake would count its
   * data as sent before the certificate was checked. Throws the error of a handshake that failed. Before TLS has started it
   * throws, too: after a connect that did not wait, data would move unencrypted.
   */
  #handshakeIsDue(syscall: string): boolean {
    if (this.#established) return false;
    if (this.#conn === null) throw errorFor("ENOTCONN", { syscall });
    return this.handshake() === WOULD_BLOCK;
  }

  // Waiting. Deno makes the whole handshake by itself. So the socket is readable when the handshake has ended, until a call
  // has reported its outcome. While it is under way, no call makes progress. Waiting for input starts it: a server's program
  // waits for the client's first message before it calls do_handshake.

  override events(mask: number): number {
    const events = this.inner.events(mask);
    if (this.#established || this.#conn === null) return events;
    if (this.#outcome !== null) return events | POLLIN;
    return this.#handshaking ? 0 : events & ~(POLLIN | POLLRDHUP);
  }

  override watch(mask: number, waiter: Waiter): void {
    if (this.#outcome !== null) return this.inner.watch(mask, waiter);
    this.#waiting.set(waiter, mask);
    // Before TLS starts, nothing may be read.
    if (this.#starting === null) this.inner.watch(mask & POLLOUT, waiter);
    else if ((mask & POLLIN) !== 0) this.#beginHandshake();
  }

  override unwatch(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    this.inner.unwatch(waiter);
  }

  override settle(mask: number): Promise<void> | undefined {
    if (this.#outcome !== null) return this.inner.settle(mask);
    if (this.#conn === null) return this.inner.settle(mask & POLLOUT);
    if ((mask & POLLIN) !== 0) this.#beginHandshake();
    return this.#handshaking ? eventLoopTurns(() => !this.#handshaking) : undefined;
  }

  blockingError(mask: number): Error {
    if (this.#conn === null) return errorFor("EAGAIN");
    // During the handshake a send waits for the peer, too.
    return this.#established && (mask & POLLOUT) !== 0 ? wantWriteError() : wantReadError();
  }

  // Data

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
    if (this.#starting !== null && isOfConnection) refuseOption(name === SO_KEEPALIVE ? "SO_KEEPALIVE" : "TCP_NODELAY");
    this.inner.setsockopt(level, name, value);
  }

  unwrap(): never {
    throw errorFor("EOPNOTSUPP", { syscall: "unwrap", hint: `unwrap: ${NATIVE_TLS_HINT}` });
  }

  override dup(): Transport {
    this.inner.dup();
    return this;
  }

  override close(): void {
    this.inner.close();
    for (const waiter of [...this.#waiting.keys()]) waiter.wake();
  }
}
