// The network stack of a host from one start to the next crash: its ports, connections and Unix names. A crashed kernel
// is never used again. A restarted host gets a new one.

import { isLoopback } from "../../base/addresses.ts";
import { errorFor } from "../../base/errors.ts";
import { Random } from "../random.ts";
import { UdpHost } from "../udp/host.ts";
import { TcpHost } from "../tcp/host.ts";
import { Timer } from "../time/timer.ts";
import type { Timeline, TimerKind } from "../time/timeline.ts";
import { UnixNames } from "../unix/names.ts";
import { BROADCAST } from "./addresses.ts";
import { fragment, Reassembly } from "./fragments.ts";
import type { Host } from "./host.ts";
import { isIPv6 } from "./packet.ts";
import type { Datagram, Packet } from "./packet.ts";
import type { SocketInfo } from "./socket_info.ts";
import type { Network } from "./network.ts";

/** The MTU of the loopback interface. */
const LOOPBACK_MTU = 65536;

/** The longest IPv4 packet: its length field has 16 bits. */
const MOST_IPV4 = 65535;

/** A socket, as its kernel sees it. */
export interface KernelSocket {
  /** Its entry in the list of sockets, as `ss` shows it. */
  info(): SocketInfo;
  /** The events that waiters are registered for, or 0. */
  readonly waitsFor: number;
  /** Ends the socket at a crash of the host. It sends nothing. */
  crash(): void;
}

/** The network stack of one host. */
export class Kernel {
  readonly network: Network;
  readonly host: Host;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly tcp: TcpHost;
  readonly udp: UdpHost;
  readonly unix: UnixNames = new UnixNames();
  /** The open sockets, and closed sockets whose connection TCP has not finished. */
  readonly sockets: Set<KernelSocket> = new Set();
  /** Whether it runs; false after a crash. */
  isUp = true;
  readonly #fragments = new Reassembly();

  constructor(host: Host, boot: number) {
    this.host = host;
    this.network = host.network;
    this.timeline = host.network.timeline;
    this.random = new Random(host.network.seed, host.hash ^ boot);
    this.tcp = new TcpHost(this);
    this.udp = new UdpHost(this);
  }

  /** Stops it. Its sockets end and send nothing. */
  crash(): void {
    this.isUp = false;
    this.udp.crash();
    for (const socket of this.sockets) socket.crash();
    for (const connection of this.tcp.connections) connection.crash();
    this.sockets.clear();
  }

  /** Makes a timer for work of this kernel. */
  timer(callback: () => void, kind?: TimerKind): Timer {
    return new Timer(this.timeline, () => this.network.loopback.deferPackets(callback), kind);
  }

  /** Returns whether an address is one of this host. */
  owns(address: string): boolean {
    return isLoopback(address) || this.network.route(address) === this.host;
  }

  /**
   * Returns the source address of packets to a destination. Throws ENETUNREACH if the host has no address of that
   * family.
   */
  sourceFor(destination: string): string {
    if (isLoopback(destination)) return isIPv6(destination) ? "::1" : "127.0.0.1";
    if (this.network.route(destination) === this.host) return destination;
    const own = this.host.addressLike(destination);
    if (own === undefined) throw errorFor("ENETUNREACH");
    return own;
  }

  /** Returns the MTU of the path to a destination: the largest packet that is not fragmented. */
  mtuTo(destination: string): number {
    const mtu = this.#interfaceMtuTo(destination);
    return isIPv6(destination) ? mtu : Math.min(mtu, MOST_IPV4);
  }

  #interfaceMtuTo(destination: string): number {
    if (this.owns(destination)) return LOOPBACK_MTU;
    const to = this.network.route(destination);
    return to === undefined ? this.network.defaultLink.mtu : this.host.linkTo(to).options.mtu;
  }

  /** Sends a packet to one host: over loopback to this host, or over the link to another. */
  send(packet: Packet): void {
    if (!this.isUp) return;
    const { recorder, timeline, loopback } = this.network;
    const to = this.network.route(packet.destination);
    if (to === this.host || isLoopback(packet.destination)) loopback.send(this, packet);
    else if (to === undefined) {
      recorder.ended(recorder.sent(timeline.now, this.host, null, packet, false), "dropped", timeline.now);
    } else this.sendTo(to, packet);
  }

  /** Sends a packet over the link to a host. A datagram that is longer than the MTU is sent in fragments. */
  sendTo(to: Host, packet: Packet): void {
    const link = this.host.linkTo(to);
    if (packet.protocol !== "UDP") link.send(packet);
    else for (const piece of fragment(packet, link.options.mtu)) link.send(piece);
  }

  /** Sends a datagram to a multicast group or as a broadcast: one packet to each host that receives it. */
  sendToMany(packet: Datagram, toItself: boolean): void {
    if (!this.isUp) return;
    const { network, host: own } = this;
    const isBroadcast = packet.destination === BROADCAST;
    for (const host of isBroadcast ? network.hosts : network.members(packet.destination)) {
      if (host !== own) this.sendTo(host, packet);
    }
    if (toItself) this.sendToItself(packet);
  }

  /** Sends a multicast or broadcast datagram to this host only. */
  sendToItself(packet: Datagram): void {
    const { destination } = packet;
    const isReceiver = destination === BROADCAST || this.udp.groups.receives(packet);
    if (this.isUp && isReceiver) this.network.loopback.send(this, packet);
  }

  /** Handles a packet that has arrived at this host. */
  receive(packet: Packet): void {
    switch (packet.protocol) {
      case "TCP":
        return this.tcp.receive(packet);
      case "UDP":
        return this.udp.receive(packet);
      case "ICMP":
        return this.udp.unreachable(packet.about);
      case "fragment": {
        const whole = this.#fragments.add(packet, this.timeline.now);
        if (whole !== undefined) this.udp.receive(whole);
      }
    }
  }
}
