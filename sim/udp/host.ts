// UDP on one host: its ports, its groups, and datagrams that no socket receives.

import { BROADCAST, isMulticast } from "../net/addresses.ts";
import type { Binding } from "../net/binding.ts";
import type { Kernel } from "../net/kernel.ts";
import type { Datagram } from "../net/packet.ts";
import { Ports } from "../net/ports.ts";
import type { Holder } from "../net/ports.ts";
import { Groups } from "./groups.ts";
import type { UdpSocket } from "./socket.ts";

/** Returns the socket of a holder. Each holder of a UDP port is the binding of a socket. */
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

  /** Returns the next value of IP's identification field. */
  nextId(): number {
    return this.#id = (this.#id + 1) & 0xffff;
  }

  /** Passes a datagram to its socket, or answers it with ICMP. */
  receive(datagram: Datagram): void {
    const { destination, source } = datagram;
    if (destination === BROADCAST || isMulticast(destination)) return this.#receiveForMany(datagram);
    const socket = this.#find(datagram);
    if (socket !== undefined) return socket.arrive(datagram);
    this.#kernel.send({ protocol: "ICMP", source: destination, destination: source, ttl: 64, about: datagram });
  }

  /** Returns the socket for a datagram. A socket that is connected to the sender takes precedence over unconnected ones. */
  #find(datagram: Datagram): UdpSocket | undefined {
    const { destinationPort } = datagram;
    const accepts = (holder: Holder) => socketOf(holder).accepts(datagram);
    const isConnected = (holder: Holder) => socketOf(holder).isConnected && accepts(holder);
    const isShared = this.ports.of(destinationPort).length > 1;
    const connected = isShared ? this.ports.find(datagram, isConnected) : undefined;
    const holder = connected ?? this.ports.find(datagram, accepts);
    return holder && socketOf(holder);
  }

  /** Passes a multicast or broadcast datagram to all sockets that accept it. */
  #receiveForMany(datagram: Datagram): void {
    const { destination, destinationPort } = datagram;
    if (destination !== BROADCAST && !this.groups.receives(datagram)) return;
    for (const holder of [...this.ports.of(destinationPort)]) {
      const socket = socketOf(holder);
      if (this.ports.takes(holder, destination) && socket.accepts(datagram)) socket.arrive(datagram);
    }
  }

  /** Called when an ICMP message says that no socket received a datagram of this host. */
  unreachable(datagram: Datagram): void {
    for (const holder of [...this.ports.of(datagram.sourcePort)]) socketOf(holder).unreachable(datagram);
  }

  /** Leaves all groups at a crash. */
  crash(): void {
    this.groups.clear();
  }
}
