// A Unix datagram socket. Errors and events are Linux's (net/unix/af_unix.c).

import type { Address, UnixAddress } from "../../base/addresses.ts";
import * as c from "../../base/constants.ts";
import type { ErrnoName } from "../../base/errno.ts";
import { errorFor } from "../../base/errors.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRNORM } from "../../base/poll.ts";
import { WOULD_BLOCK } from "../../seam/transport.ts";
import type { Caller, WouldBlock } from "../../seam/transport.ts";
import { DatagramSocket, OVERHEAD } from "../datagram_socket.ts";
import type { Kernel } from "../net/kernel.ts";
import type { SocketInfo } from "../net/socket_info.ts";
import { Options } from "../options.ts";
import { BOTH, copyOf, RECEIVING, SENDING, shutdownBits } from "../socket.ts";
import { nameText } from "./names.ts";

const IN = POLLIN | POLLRDNORM;
const OUT = POLLOUT | POLLWRNORM;

/** The largest number of queued datagrams, besides the first (net.unix.max_dgram_qlen). */
const BACKLOG = 10;
/** The part of the send buffer that the kernel reserves. */
const RESERVED = 32;

/** A Unix datagram socket. */
export class UnixDatagram extends DatagramSocket {
  #name: UnixAddress = "";
  #isBound = false;
  #peer: UnixDatagram | null = null;
  /** The size of this socket's datagrams in the queues of other sockets, as the kernel counts it. */
  #outstanding = 0;
  /** The senders of the datagrams in the queue. */
  readonly #senders: UnixDatagram[] = [];
  /** The sockets that wait for room in the queue. */
  readonly #waiting = new Set<UnixDatagram>();

  constructor(kernel: Kernel, proto: number) {
    super(kernel, c.AF_UNIX, c.SOCK_DGRAM, proto, new Options(c.AF_UNIX, c.SOCK_DGRAM));
  }

  /** Makes two connected sockets. */
  static pair(kernel: Kernel, proto: number): [UnixDatagram, UnixDatagram] {
    const pair: [UnixDatagram, UnixDatagram] = [new UnixDatagram(kernel, proto), new UnixDatagram(kernel, proto)];
    pair[0].#peer = pair[1];
    pair[1].#peer = pair[0];
    return pair;
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

  #find(address: Address, syscall: string): UnixDatagram {
    const found = this.kernel.unix.find(address as UnixAddress, syscall);
    if (!(found instanceof UnixDatagram)) throw errorFor("EPROTOTYPE", { syscall, address });
    return found;
  }

  /** Returns whether another socket accepts datagrams from this socket. */
  #maySendTo(other: UnixDatagram): boolean {
    return other.#peer === null || other.#peer === this;
  }

  connect(_caller: Caller, address: Address): void | WouldBlock {
    if (this.hostCrashed) return WOULD_BLOCK;
    const other = this.#find(address, "connect");
    if (!this.#maySendTo(other)) throw errorFor("EPERM", { syscall: "connect", address });
    const before = this.#peer;
    this.#peer = other;
    if (before !== null && before !== other) this.#onPeerChanged(before);
  }

  disconnect(): void {
    const before = this.#peer;
    this.#peer = null;
    if (before !== null) this.#onPeerChanged(before);
  }

  /** Called after the peer has changed. Drops queued datagrams and gives the old peer ECONNRESET, as Linux does. */
  #onPeerChanged(before: UnixDatagram): void {
    if (this.queue.length === 0) return;
    this.#dropAll();
    if (!before.isClosed && before.#peer === this) {
      before.error = "ECONNRESET";
      before.waiters.wake(POLLERR);
    }
  }

  #dropAll(): void {
    while (this.queue.length > 0) {
      const size = this.queue.shift()!.data.length + OVERHEAD;
      this.queued -= size;
      this.onDequeued(size);
    }
  }

  // Sending.

  send(_caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    return this.#send(data, flags, null);
  }
  sendTo(_caller: Caller, data: Uint8Array, flags: number, address: Address): number | WouldBlock {
    return this.#send(data, flags, address);
  }

  #send(data: Uint8Array, flags: number, address: Address | null): number | WouldBlock {
    if (this.hostCrashed) return WOULD_BLOCK;
    this.checkSendFlags(flags);
    const refuse = (code: ErrnoName) => errorFor(code, { syscall: "send", address: address ?? undefined });
    const buffer = this.options.number(c.SOL_SOCKET, c.SO_SNDBUF);
    if (data.length > buffer - RESERVED) throw refuse("EMSGSIZE");
    this.throwError("send");
    if ((this.shut & SENDING) !== 0) throw refuse("EPIPE");
    if (this.#outstanding >= buffer) return WOULD_BLOCK;
    if (address === null && this.#peer === null) throw refuse("ENOTCONN");
    const other = address === null ? this.#peer! : this.#find(address, "send");
    if (other.isClosed) {
      this.#peer = null;
      this.#dropAll();
      throw refuse("ECONNREFUSED");
    }
    if (!this.#maySendTo(other)) throw refuse("EPERM");
    if ((other.shut & RECEIVING) !== 0) throw refuse("EPIPE");
    if (other.#isFullFor(this)) {
      other.#waiting.add(this);
      return WOULD_BLOCK;
    }
    other.#arrive(this, copyOf(data, data.length));
    return data.length;
  }

  /** Returns whether the queue is full for a sender. For the peer of a connected socket it is never full. */
  #isFullFor(sender: UnixDatagram): boolean {
    return this.#peer !== sender && this.queue.length > BACKLOG;
  }

  #arrive(sender: UnixDatagram, data: ReturnType<typeof copyOf>): void {
    const size = data.length + OVERHEAD;
    this.queue.push({
      data,
      // A getter, because the sender may be bound to a name before this datagram is received.
      get from() {
        return sender.#isBound ? sender.#name : null;
      },
    });
    this.#senders.push(sender);
    this.queued += size;
    sender.#outstanding += size;
    this.waiters.wake(IN);
  }

  protected override onDequeued(size: number): void {
    const sender = this.#senders.shift()!;
    sender.#outstanding -= size;
    if (sender.#isWritable) sender.waiters.wake(OUT);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const socket of waiting) socket.waiters.wake(OUT);
  }

  get #isWritable(): boolean {
    return this.#outstanding * 4 <= this.options.number(c.SOL_SOCKET, c.SO_SNDBUF);
  }

  // Closing.

  shutdown(how: number): void {
    this.shut |= shutdownBits(how);
    this.waiters.wake(IN | OUT | POLLRDHUP | (this.shut === BOTH ? POLLHUP : 0));
  }

  protected destroy(): void {
    if (this.#isBound) this.kernel.unix.release(this.#name, this);
    this.#dropAll();
    for (const socket of this.#waiting) socket.waiters.wake(OUT);
  }

  events(_mask: number): number {
    let events = this.error !== null ? POLLERR : 0;
    if ((this.shut & RECEIVING) !== 0) events |= IN | POLLRDHUP;
    if (this.shut === BOTH) events |= POLLHUP;
    if (this.queue.length > 0) events |= IN;
    const peer = this.#peer;
    if (peer !== null && !peer.isClosed && peer.#isFullFor(this)) peer.#waiting.add(this);
    else if (this.#isWritable) events |= OUT;
    return events;
  }

  info(): SocketInfo {
    return {
      protocol: "unix datagram",
      state: this.#peer === null ? "UNCONN" : "ESTAB",
      local: nameText(this.#name),
      peer: this.#peer === null ? "" : nameText(this.#peer.#name),
      receiveQueue: this.queue.reduce((sum, { data }) => sum + data.length, 0),
      sendQueue: this.#outstanding,
    };
  }
}
