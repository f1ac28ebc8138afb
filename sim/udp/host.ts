// UDP on one host: its ports, its groups, and datagrams that no socket receives.

import { BROADCAST, isMulticast } from "../net/addresses.ts";
import type { Binding } from "../net/binding.ts";
import type { Kernel } from "../net/kernel.ts";
import type { Datagram } from "../net/packet.ts";
import { Ports } from "../net/ports.ts";
import type { Holder } from "../net/ports.ts";
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
    const { destination, source } = datagram;
    if (destination === BROADCAST || isMulticast(destination)) return this.#receiveForMany(datagram);
    const socket = this.#find(datagram);
    if (socket !== undefined) return socket.arrive(datagram);
    this.#kernel.send({ protocol: "ICMP", source: destination, destination: source, ttl: 64, about: datagram });
  }

  /** The socket that a datagram is for. One that is connected to the sender comes before one that hears every sender. */
  #find(datagram: Datagram): UdpSocket | undefined {
    const { destinationPort } = datagram;
    const isConnected = (one: Holder) => socketOf(one).isConnected && socketOf(one).hears(datagram);
    const hears = (one: Holder) => socketOf(one).hears(datagram);
    const isShared = this.ports.of(destinationPort).length > 1;
    const holder = (isShared ? this.ports.find(datagram, isConnected) : undefined) ?? this.ports.find(datagram, hears);
    return holder && socketOf(holder);
  }

  /** A datagram for many goes to every socket that takes it. */
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
