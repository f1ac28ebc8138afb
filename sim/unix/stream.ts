// A Unix stream socket: sent bytes go directly into the peer's queue. Errors and events are Linux's
// (net/unix/af_unix.c).

import type { Address, UnixAddress } from "../../base/addresses.ts";
import * as c from "../../base/constants.ts";
import { errorFor } from "../../base/errors.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRNORM } from "../../base/poll.ts";
import { WOULD_BLOCK } from "../../seam/transport.ts";
import type { Accepted, Caller, WouldBlock } from "../../seam/transport.ts";
import { ByteQueue } from "../byte_queue.ts";
import type { Kernel } from "../net/kernel.ts";
import type { SocketInfo } from "../net/socket_info.ts";
import { answer, Options } from "../options.ts";
import { BOTH, copyOf, RECEIVING, SENDING, shutdownBits } from "../socket.ts";
import type { ReceiveResult } from "../socket.ts";
import { StreamSocket } from "../stream_socket.ts";
import { nameText } from "./names.ts";

const IN = POLLIN | POLLRDNORM;
const OUT = POLLOUT | POLLWRNORM;

/** A Unix stream socket. */
export class UnixStream extends StreamSocket {
  #name: UnixAddress = "";
  #isBound = false;
  #peer: UnixStream | null = null;
  #state: "closed" | "listening" | "connected" = "closed";
  #shut = 0;
  readonly #received = new ByteQueue();
  #backlog = 0;
  readonly #queue: UnixStream[] = [];
  /** The connecting sockets that wait for room in the listener's queue. */
  readonly #waitingConnects = new Set<UnixStream>();

  constructor(kernel: Kernel, proto: number, options: Options = new Options(c.AF_UNIX, c.SOCK_STREAM)) {
    super(kernel, c.AF_UNIX, c.SOCK_STREAM, proto, options);
  }

  /** Makes two connected sockets. */
  static pair(kernel: Kernel, proto: number): [UnixStream, UnixStream] {
    const pair: [UnixStream, UnixStream] = [new UnixStream(kernel, proto), new UnixStream(kernel, proto)];
    pair[0].#join(pair[1]);
    return pair;
  }

  #join(peer: UnixStream): void {
    this.#peer = peer;
    peer.#peer = this;
    this.#state = peer.#state = "connected";
  }

  // Names.

  bind(address: Address): void {
    this.#name = this.kernel.unix.bind(address as UnixAddress, this, this.#isBound ? this.#name : undefined);
    this.#isBound = true;
  }

  resolve(address: Address): Address {
    return address;
  }
  getsockname(): Address {
    return this.#name;
  }
  getpeername(): Address {
    if (this.#peer === null) throw errorFor("ENOTCONN", { syscall: "getpeername" });
    return this.#peer.#name;
  }

  // Listening.

  listen(backlog: number): void {
    if (!this.#isBound || this.#state === "connected") throw errorFor("EINVAL", { syscall: "listen" });
    this.#state = "listening";
    this.#backlog = backlog;
    this.#wakeConnects();
  }

  /** Linux's queue holds one connection more than the backlog. */
  get #isFull(): boolean {
    return this.#queue.length > this.#backlog;
  }

  /** Wakes connecting sockets while the queue has room. */
  #wakeConnects(): void {
    for (const socket of [...this.#waitingConnects]) {
      if (this.#isFull) return;
      this.#waitingConnects.delete(socket);
      socket.waiters.wake(OUT);
    }
  }

  accept(): Accepted | WouldBlock {
    if (this.hostCrashed) return WOULD_BLOCK;
    if (this.#state !== "listening") throw errorFor("EINVAL", { syscall: "accept" });
    const transport = this.#queue.shift();
    if (transport === undefined) return WOULD_BLOCK;
    this.#wakeConnects();
    this.kernel.sockets.add(transport);
    return { transport, address: transport.#peer!.#name };
  }

  // Connecting.

  connect(_caller: Caller, address: Address): void | WouldBlock {
    if (this.hostCrashed) return WOULD_BLOCK;
    const refuse = (code: "ECONNREFUSED" | "EPROTOTYPE" | "EISCONN" | "EINVAL") =>
      errorFor(code, { syscall: "connect", address });
    const listener = this.kernel.unix.find(address as UnixAddress, "connect");
    if (!(listener instanceof UnixStream)) throw refuse("EPROTOTYPE");
    if (listener.#state !== "listening" || (listener.#shut & RECEIVING) !== 0) throw refuse("ECONNREFUSED");
    if (listener.#isFull) {
      listener.#waitingConnects.add(this);
      return WOULD_BLOCK;
    }
    if (this.#state === "connected") throw refuse("EISCONN");
    if (this.#state === "listening") throw refuse("EINVAL");
    const end = new UnixStream(this.kernel, this.proto, listener.options.inherit());
    // It becomes an open socket of the host when it is accepted.
    this.kernel.sockets.delete(end);
    end.#name = listener.#name;
    end.#isBound = true;
    this.#join(end);
    listener.#queue.push(end);
    listener.waiters.wake(IN);
  }
  finishConnect(): void {}
  disconnect(): void {
    throw errorFor("EINVAL", { syscall: "connect" });
  }

  // Receiving.

  protected get available(): number {
    return this.#received.length;
  }

  protected read(views: Uint8Array[], peeks: boolean): number {
    return this.#received.read(views, peeks);
  }

  protected override receive(
    caller: Caller,
    views: Uint8Array[],
    size: number,
    flags: number,
  ): ReceiveResult | WouldBlock {
    const result = super.receive(caller, views, size, flags);
    const hasRead = result !== WOULD_BLOCK && result.length > 0 && (flags & c.MSG_PEEK) === 0;
    if (hasRead && this.#peer !== null) this.#peer.#onPeerRead();
    return result;
  }

  /** A peek on a Unix stream waits for one byte only. */
  protected override wantedBytes(size: number, flags: number): number {
    return (flags & c.MSG_PEEK) !== 0 ? 1 : super.wantedBytes(size, flags);
  }

  protected checkReceiving(): void {
    if (this.#state !== "connected") throw errorFor("EINVAL", { syscall: "recv" });
  }

  protected isAtEnd(): boolean {
    if (this.#received.length === 0) this.throwError("recv");
    return (this.#shut & RECEIVING) !== 0 || this.error !== null;
  }

  /** A larger buffer may let the peer send the missing data at once. */
  protected onWanted(): void {
    if (this.#peer !== null) this.#peer.#onPeerRead();
  }

  // Sending.

  /** How many bytes the peer's queue may hold: the size of the send buffer, or more if the peer waits for more at once. */
  get #capacity(): number {
    return Math.max(this.options.number(c.SOL_SOCKET, c.SO_SNDBUF), this.#peer!.mostWanted);
  }

  send(_caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    if (this.hostCrashed) return WOULD_BLOCK;
    this.checkSendFlags(flags);
    const peer = this.#peer;
    if (peer === null) throw errorFor("ENOTCONN", { syscall: "send" });
    if ((this.#shut & SENDING) !== 0) throw errorFor("EPIPE", { syscall: "send" });
    if (data.length === 0) return 0;
    this.throwError("send");
    if (peer.isClosed || (peer.#shut & RECEIVING) !== 0) throw errorFor("EPIPE", { syscall: "send" });
    const room = this.#capacity - peer.#received.length;
    if (room <= 0) return WOULD_BLOCK;
    const piece = copyOf(data, Math.min(data.length, room));
    peer.#received.append(piece);
    peer.waiters.wake(IN);
    return piece.length;
  }

  sendTo(_caller: Caller, _data: Uint8Array, _flags: number, address: Address): number | WouldBlock {
    if (this.hostCrashed) return WOULD_BLOCK;
    throw errorFor(this.#state === "connected" ? "EISCONN" : "EOPNOTSUPP", { syscall: "sendto", address });
  }

  /** Called when the peer has read data, or waits for more data. */
  #onPeerRead(): void {
    if (this.#isWritable) this.waiters.wake(OUT);
  }

  /**
   * Whether three quarters of the send buffer are free, which is Linux's condition for POLLOUT. A receive that waits for
   * more bytes than there are takes them from Linux's buffer as they arrive, so that buffer is free.
   */
  get #isWritable(): boolean {
    if (this.#peer === null) return true;
    const { length } = this.#peer.#received;
    return length < this.#peer.mostWanted || length * 4 <= this.#capacity;
  }

  // Closing.

  shutdown(how: number): void {
    const bits = shutdownBits(how);
    this.#shut |= bits;
    // If this end stops sending, the peer stops receiving. If this end stops receiving, the peer stops sending.
    const peerBits = ((bits & RECEIVING) !== 0 ? SENDING : 0) | ((bits & SENDING) !== 0 ? RECEIVING : 0);
    this.#wakeAfterShutdown();
    if (this.#peer === null) return;
    this.#peer.#shut |= peerBits;
    this.#peer.#wakeAfterShutdown();
  }

  /** Wakes waiters after a direction was shut down. */
  #wakeAfterShutdown(): void {
    this.waiters.wake(IN | OUT | POLLRDHUP | (this.#shut === BOTH ? POLLHUP : 0));
  }

  protected destroy(): void {
    if (this.#isBound) this.kernel.unix.release(this.#name, this);
    for (const socket of this.#queue.splice(0)) socket.#endForPeer(true);
    for (const socket of this.#waitingConnects) socket.waiters.wake(OUT);
    this.#waitingConnects.clear();
    if (this.#state === "connected") this.#endForPeer(this.#received.length > 0);
    this.#shut = BOTH;
  }

  /** Ends the connection for the peer. If unread data is left, the peer gets ECONNRESET. */
  #endForPeer(unread: boolean): void {
    this.#received.clear();
    const peer = this.#peer;
    if (peer === null || peer.isClosed) return;
    if (unread) peer.error = "ECONNRESET";
    peer.#shut = BOTH;
    peer.waiters.wake(IN | OUT | POLLRDHUP | POLLHUP | POLLERR);
  }

  events(_mask: number): number {
    let events = this.error !== null ? POLLERR : 0;
    if (this.#shut === BOTH || this.#state === "closed") events |= POLLHUP;
    if ((this.#shut & RECEIVING) !== 0) events |= IN | POLLRDHUP;
    if (this.#received.length > 0 || this.#queue.length > 0) events |= IN;
    if (this.#state !== "listening" && this.#isWritable) events |= OUT;
    return events;
  }

  protected override getOption(level: number, name: number, size: number | undefined): number | Uint8Array {
    if (level === c.SOL_SOCKET && name === c.SO_ACCEPTCONN) return answer(Number(this.#state === "listening"), size);
    return super.getOption(level, name, size);
  }

  info(): SocketInfo {
    const isListening = this.#state === "listening";
    return {
      protocol: "unix",
      state: isListening ? "LISTEN" : this.#state === "connected" ? "ESTAB" : "UNCONN",
      local: nameText(this.#name),
      peer: this.#peer === null ? "" : nameText(this.#peer.#name),
      receiveQueue: isListening ? this.#queue.length : this.#received.length,
      sendQueue: isListening ? this.#backlog : this.#peer === null ? 0 : this.#peer.#received.length,
    };
  }
}
