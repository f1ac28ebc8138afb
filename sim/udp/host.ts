// UDP on one host: its ports, its groups, and datagrams that no socket receives.

import { BROADCAST, isMulticast } from "../net/addresses.ts";
import type { Binding } from "../net/binding.ts";
import type { Kernel } from "../net/kernel.ts";
import type { Datagram } from "../net/packet.ts";
import { Ports } from "../net/ports.ts";
import type { Holder } from "../net/ports.ts";
import { hashText } from "../random.ts";
import { Groups } from "./groups.ts";
import type { UdpSocket } from "./socket.ts";

/** The socket that occupies a UDP port. Each holder of a UDP port is the binding of a socket. */
function socketOf(holder: Holder): UdpSocket {
  return (holder as Binding<UdpSocket>).socket;
}

/** UDP on one host. */
export class UdpHost {
  readonly ports: Ports<Holder>;
  readonly groups: Groups;
  readonly #kernel: Kernel;
  #id: number;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.ports = new Ports(kernel.random);
    this.groups = new Groups(kernel.host);
    this.#id = kernel.random.below(0x10000);
  }

  /** The next value of IP's identification field. */
  nextId(): number {
    return this.#id = (this.#id + 1) & 0xffff;
  }

  /** Takes a datagram. */
  receive(datagram: Datagram): void {
    const { destination, destinationPort, source, sourcePort } = datagram;
    if (destination === BROADCAST || isMulticast(destination)) return this.#receiveForMany(datagram);
    const spread = hashText(`${source} ${sourcePort}`) >>> 0;
    // A socket that is connected to the sender takes precedence over an unconnected one.
    const find = (fits: (one: UdpSocket) => boolean) =>
      this.ports.find(destination, destinationPort, spread, (one) => fits(socketOf(one)));
    const holder = find((one) => one.isConnected && one.hears(datagram)) ?? find((one) => one.hears(datagram));
    if (holder !== undefined) return socketOf(holder).arrive(datagram);
    this.#kernel.send({ protocol: "ICMP", source: destination, destination: source, ttl: 64, about: datagram });
  }

  /** Gives a multicast or broadcast datagram to every socket that receives it. */
  #receiveForMany(datagram: Datagram): void {
    const { destination, destinationPort } = datagram;
    for (const holder of [...this.ports.of(destinationPort)]) {
      const socket = socketOf(holder);
      if (this.ports.takes(holder, destination) && socket.hears(datagram)) socket.arrive(datagram);
    }
  }

  /** Tells the sender of a datagram that no socket took it. */
  unreachable(datagram: Datagram): void {
    for (const holder of [...this.ports.of(datagram.sourcePort)]) socketOf(holder).unreachable(datagram);
  }

  /** Leaves every group after a crash. */
  crash(): void {
    this.groups.clear();
  }
}
