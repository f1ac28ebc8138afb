// A UDP socket. Errors and events are Linux's (net/ipv4/udp.c).

import type { Address } from "../../base/addresses.ts";
import * as c from "../../base/constants.ts";
import { errorFor } from "../../base/errors.ts";
import { formatIPv4 } from "../../base/ip.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRNORM } from "../../base/poll.ts";
import { WOULD_BLOCK } from "../../seam/transport.ts";
import type { Caller, WouldBlock } from "../../seam/transport.ts";
import { DatagramSocket, OVERHEAD } from "../datagram_socket.ts";
import { BROADCAST, isMulticast, isWildcard, shapeOf } from "../net/addresses.ts";
import { Binding } from "../net/binding.ts";
import type { Kernel } from "../net/kernel.ts";
import { isIPv6 } from "../net/packet.ts";
import type { Datagram } from "../net/packet.ts";
import { resolve } from "../net/resolve.ts";
import { addressText } from "../net/socket_info.ts";
import type { SocketInfo } from "../net/socket_info.ts";
import { answer, answerBytes, Options } from "../options.ts";
import { BOTH, copyOf, RECEIVING, SENDING, shutdownBits } from "../socket.ts";
import { interfaceOf, LOOPBACK_INDEX, Memberships, NETWORK_INDEX } from "./membership.ts";

const IN = POLLIN | POLLRDNORM;
const OUT = POLLOUT | POLLWRNORM;

/** The largest payloads: 65535 bytes without the headers that the length field includes. */
const LONGEST_IPV4 = 65_507;
const LONGEST_IPV6 = 65_527;

/** A UDP socket. */
export class UdpSocket extends DatagramSocket {
  readonly #binding: Binding<UdpSocket>;
  #peerHost = "";
  #peerPort = 0;
  readonly #memberships: Memberships;
  /** IP_MULTICAST_IF: the address of the interface for multicast datagrams. */
  #multicastHost = "0.0.0.0";

  constructor(kernel: Kernel, family: number, proto: number) {
    super(kernel, family, c.SOCK_DGRAM, proto, new Options(family, c.SOCK_DGRAM));
    this.#binding = new Binding(this, kernel, family, this.options, kernel.udp.ports);
    this.#memberships = new Memberships(kernel);
  }

  /** Whether it is connected, so that it receives only from its peer. */
  get isConnected(): boolean {
    return this.#peerHost !== "";
  }

  // Addresses.

  bind(address: Address): void {
    this.#binding.bind(address, (host) => isMulticast(host) || host === BROADCAST);
  }

  resolve(address: Address): Address {
    return resolve(this.kernel.host, this.family, address, "sendto");
  }

  getsockname(): Address {
    return this.#binding.address;
  }
  getpeername(): Address {
    if (!this.isConnected) throw errorFor("ENOTCONN", { syscall: "getpeername" });
    return shapeOf(this.family, this.#peerHost, this.#peerPort);
  }

  /** Returns the destination for an address, and the source address for packets to it. */
  #route(address: Address, syscall: string): { destination: string; port: number; source: string } {
    const [name, port] = address as [string, number];
    const destination = this.#binding.destinationFor(name);
    if (destination === BROADCAST && !this.options.isSet(c.SOL_SOCKET, c.SO_BROADCAST)) {
      throw errorFor("EACCES", { syscall, address });
    }
    const usesMulticastHost = isMulticast(destination) && !this.#binding.isOneHost && !isWildcard(this.#multicastHost);
    const source = usesMulticastHost ? this.#multicastHost : this.#binding.sourceFor(destination, address, syscall);
    return { destination, port, source };
  }

  connect(_caller: Caller, address: Address): void | WouldBlock {
    if (this.hostCrashed) return WOULD_BLOCK;
    this.#binding.claim("EAGAIN", "connect");
    const { destination, port, source } = this.#route(address, "connect");
    this.#peerHost = destination;
    this.#peerPort = port;
    if (isWildcard(this.#binding.host)) this.#binding.host = source;
  }

  disconnect(): void {
    this.#peerHost = "";
    this.#peerPort = 0;
    this.#binding.reset();
    if (!this.#binding.isHeld) this.#binding.port = 0;
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
    this.#binding.claim("EAGAIN", "send");
    if (data.length > 0xffff) throw errorFor("EMSGSIZE", { syscall: "send" });
    this.checkSendFlags(flags);
    if (address === null && !this.isConnected) throw errorFor("EDESTADDRREQ", { syscall: "send" });
    const to = address ?? shapeOf(this.family, this.#peerHost, this.#peerPort);
    if ((to as [string, number])[1] === 0) throw errorFor("EINVAL", { syscall: "send", address: to });
    const { destination, port, source } = this.#route(to, "send");
    if (data.length > (isIPv6(destination) ? LONGEST_IPV6 : LONGEST_IPV4)) {
      throw errorFor("EMSGSIZE", { syscall: "send" });
    }
    this.throwError("send");
    if ((this.shut & SENDING) !== 0) throw errorFor("EPIPE", { syscall: "send" });
    this.#transmit(destination, port, source, copyOf(data, data.length));
    return data.length;
  }

  #transmit(destination: string, destinationPort: number, source: string, data: Datagram["data"]): void {
    const { kernel } = this;
    const toMany = destination === BROADCAST || isMulticast(destination);
    const packet: Datagram = {
      protocol: "UDP",
      source,
      sourcePort: this.#binding.port,
      destination,
      destinationPort,
      ttl: this.#ttl(destination),
      data,
      id: kernel.udp.nextId(),
    };
    if (!toMany) kernel.send(packet);
    // A datagram with TTL 0, or sent on the loopback interface, stays on this host.
    else if (isMulticast(destination) && (packet.ttl === 0 || source === "::1" || source.startsWith("127."))) {
      kernel.sendToItself(packet);
    } else kernel.sendToMany(packet, destination === BROADCAST || this.#receivesOwn(destination));
  }

  #ttl(destination: string): number {
    if (isIPv6(destination)) {
      return this.options.number(
        c.IPPROTO_IPV6,
        isMulticast(destination) ? c.IPV6_MULTICAST_HOPS : c.IPV6_UNICAST_HOPS,
      );
    }
    return this.options.number(c.IPPROTO_IP, isMulticast(destination) ? c.IP_MULTICAST_TTL : c.IP_TTL);
  }

  /** Returns whether this host receives its own datagrams to a multicast group. */
  #receivesOwn(destination: string): boolean {
    if (!isIPv6(destination)) return this.options.isSet(c.IPPROTO_IP, c.IP_MULTICAST_LOOP);
    return this.options.isSet(c.IPPROTO_IPV6, c.IPV6_MULTICAST_LOOP);
  }

  // Receiving.

  /** Returns whether the socket receives datagrams from a sender. */
  accepts({ source, sourcePort }: Datagram): boolean {
    return !this.isConnected || (this.#peerHost === source && this.#peerPort === sourcePort);
  }

  /** Queues a datagram. If the queue has no room, the datagram is dropped. */
  arrive({ source, sourcePort, data }: Datagram): void {
    const size = data.length + OVERHEAD;
    if (this.queued + size > this.options.number(c.SOL_SOCKET, c.SO_RCVBUF) && this.queue.length > 0) return;
    if ((this.shut & RECEIVING) !== 0 && this.isClosed) return;
    this.queue.push({ data, from: shapeOf(this.family, source, sourcePort) });
    this.queued += size;
    this.waiters.wake(IN);
  }

  protected onDequeued(_size: number): void {}

  /** Called when no socket received a datagram of this socket. Only a connected socket reports it, as ECONNREFUSED. */
  unreachable({ source, destination, destinationPort }: Datagram): void {
    if (this.#peerHost !== destination || this.#peerPort !== destinationPort) return;
    const { host } = this.#binding;
    if (host !== source && !isWildcard(host)) return;
    this.error = "ECONNREFUSED";
    this.waiters.wake(POLLERR);
  }

  // Closing.

  shutdown(how: number): void {
    this.shut |= shutdownBits(how);
    this.waiters.wake(IN | OUT | POLLRDHUP | (this.shut === BOTH ? POLLHUP : 0));
    if (!this.isConnected) throw errorFor("ENOTCONN", { syscall: "shutdown" });
  }

  protected destroy(): void {
    this.#memberships.clear();
    this.#binding.release();
  }

  events(_mask: number): number {
    let events = OUT;
    if (this.error !== null) events |= POLLERR;
    if ((this.shut & RECEIVING) !== 0) events |= IN | POLLRDHUP;
    if (this.shut === BOTH) events |= POLLHUP;
    if (this.queue.length > 0) events |= IN;
    return events;
  }

  // Options.

  protected override getOption(level: number, name: number, size: number | undefined): number | Uint8Array {
    if (level === c.IPPROTO_IP && name === c.IP_MULTICAST_IF) {
      return answerBytes(new Uint8Array(this.#multicastHost.split(".").map(Number)), size);
    }
    if (level === c.IPPROTO_IP && name === c.IP_MTU) {
      if (!this.isConnected) throw errorFor("ENOTCONN", { syscall: "getsockopt" });
      return answer(this.kernel.mtuTo(this.#peerHost), size);
    }
    return super.getOption(level, name, size);
  }

  override setsockopt(level: number, name: number, value: number | Uint8Array): void {
    if (this.#memberships.set(level, name, value)) return;
    if (this.#binding.isHeld) this.#binding.checkOption(level, name, value);
    if (level === c.IPPROTO_IP && name === c.IP_MULTICAST_IF) return this.#setMulticastInterface(value);
    super.setsockopt(level, name, value);
  }

  /**
   * Sets the interface for multicast that is sent. The value is a struct in_addr (4 bytes), ip_mreq (8) or ip_mreqn (12).
   * In an ip_mreqn, an index other than 0 is used instead of the address.
   */
  #setMulticastInterface(value: number | Uint8Array): void {
    const bytes = typeof value === "number" ? answer(value, 4) as Uint8Array : value;
    if (bytes.length < 4) throw errorFor("EINVAL", { syscall: "setsockopt" });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const index = bytes.length >= 12 ? view.getInt32(8, true) : 0;
    const host = index === 0
      ? formatIPv4(bytes.subarray(bytes.length >= 8 ? 4 : 0).subarray(0, 4))
      : this.#addressOn(index);
    if (host === undefined || interfaceOf(this.kernel, host) === undefined) {
      throw errorFor("EADDRNOTAVAIL", { syscall: "setsockopt" });
    }
    this.#multicastHost = host;
  }

  #addressOn(index: number): string | undefined {
    if (index === LOOPBACK_INDEX) return "127.0.0.1";
    return index === NETWORK_INDEX ? this.kernel.host.addressLike("0.0.0.0") : undefined;
  }

  info(): SocketInfo {
    return {
      protocol: "udp",
      state: this.isConnected ? "ESTAB" : "UNCONN",
      local: addressText(this.#binding.host, this.#binding.port),
      peer: this.isConnected ? addressText(this.#peerHost, this.#peerPort) : "",
      receiveQueue: this.queue.reduce((sum, { data }) => sum + data.length, 0),
      sendQueue: 0,
    };
  }
}
