// The network stack of a host from one start to the next crash: its ports, connections and Unix names. A crash leaves
// it behind as it is, and a restarted host has a new one.

import { isLoopback } from "../../base/addresses.ts";
import { errorFor } from "../../base/errors.ts";
import { Random } from "../random.ts";
import { UdpHost } from "../udp/host.ts";
import { TcpHost } from "../tcp/host.ts";
import { Timer } from "../time/timer.ts";
import type { Hope, Timeline } from "../time/timeline.ts";
import { UnixNames } from "../unix/names.ts";
import { BROADCAST } from "./addresses.ts";
import { fragment, Reassembly } from "./fragments.ts";
import type { Host } from "./host.ts";
import { isIPv6 } from "./packet.ts";
import type { Datagram, Packet } from "./packet.ts";
import type { SocketInfo } from "./socket_info.ts";
import type { Network } from "./network.ts";

/** The MTU of the loopback interface. */
export const LOOPBACK_MTU = 65536;

/** What a kernel knows of its sockets. */
export interface KernelSocket {
  /** What it is and does, as `ss` tells it. */
  info(): SocketInfo;
  /** The events that something waits for, or 0. */
  readonly waitsFor: number;
  /** Ends it without a word: the host crashed. */
  vanish(): void;
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
  /** The open sockets, and closed ones that TCP still works for. */
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

  /** Stops it. Its sockets vanish without a word. */
  crash(): void {
    this.isUp = false;
    this.udp.crash();
    for (const socket of this.sockets) socket.vanish();
    for (const connection of this.tcp.connections) connection.vanish();
    this.sockets.clear();
  }

  /** Makes a timer for work of this kernel. */
  timer(callback: () => void, hope?: Hope): Timer {
    return new Timer(this.timeline, () => this.network.loopback.during(callback), hope);
  }

  /** Whether an address is one of this host. */
  owns(address: string): boolean {
    return isLoopback(address) || this.network.route(address) === this.host;
  }

  /** The address that packets to a destination come from. Throws ENETUNREACH where the host has none of that family. */
  sourceFor(destination: string): string {
    if (isLoopback(destination)) return isIPv6(destination) ? "::1" : "127.0.0.1";
    if (this.network.route(destination) === this.host) return destination;
    const own = this.host.addressLike(destination);
    if (own === undefined) throw errorFor("ENETUNREACH");
    return own;
  }

  /** The longest packet that leaves for a destination in one piece. */
  mtuTo(destination: string): number {
    if (this.owns(destination)) return LOOPBACK_MTU;
    const to = this.network.route(destination);
    return to === undefined ? this.network.defaultLink.mtu : this.host.linkTo(to).options.mtu;
  }

  /** Sends a packet to one host: this one, or another over the link to it. */
  send(packet: Packet): void {
    if (!this.isUp) return;
    const { recorder, timeline, loopback } = this.network;
    const to = this.network.route(packet.destination);
    if (to === this.host || isLoopback(packet.destination)) loopback.send(this, packet);
    else if (to === undefined) {
      recorder.ended(recorder.sent(timeline.now, this.host, null, packet, false), "dropped", timeline.now);
    } else this.sendTo(to, packet);
  }

  /** Sends a packet over the link to a host, in fragments where it is too long. */
  sendTo(to: Host, packet: Packet): void {
    const link = this.host.linkTo(to);
    if (packet.protocol !== "UDP") link.send(packet);
    else for (const piece of fragment(packet, link.options.mtu)) link.send(piece);
  }

  /** Sends a datagram to a group or to every host: a packet to each that takes it. */
  sendToMany(packet: Datagram, toItself: boolean): void {
    if (!this.isUp) return;
    const { network, host: own } = this;
    const isBroadcast = packet.destination === BROADCAST;
    for (const host of isBroadcast ? network.hosts : network.members(packet.destination)) {
      if (host !== own) this.sendTo(host, packet);
    }
    if (toItself) this.sendToItself(packet);
  }

  /** Sends a datagram to a group or to every host to this host alone. */
  sendToItself(packet: Datagram): void {
    const takes = packet.destination === BROADCAST || this.udp.groups.has(packet.destination);
    if (this.isUp && takes) this.network.loopback.send(this, packet);
  }

  /** Takes a packet that has come to this host. */
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
