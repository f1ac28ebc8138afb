// The packets that travel over links: IP with a TCP segment, a UDP datagram or an ICMP message. A packet is an object.
// Only captures need its bytes, which trace/wire.ts writes.

import type { Bytes } from "../../base/data.ts";

/** The IP header of every packet. */
interface Ip {
  /** The sender's address. */
  readonly source: string;
  /** The receiver's address. */
  readonly destination: string;
  /** How many routers may forward the packet (TTL, hop limit). */
  readonly ttl: number;
}

/** The flags of a TCP segment, by their bits in the header. */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

/** A TCP segment. Sequence numbers are unsigned 32-bit numbers. */
export interface Segment extends Ip {
  readonly protocol: "TCP";
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  /** The window field, 16 bits, before scaling. */
  readonly window: number;
  /** The MSS option of a SYN. */
  readonly mss?: number;
  /** The window scale option of a SYN. */
  readonly scale?: number;
  readonly data: Bytes;
  /** Whether the data was sent before. It is for the trace: the header has no such field. */
  readonly retransmission: boolean;
}

/** A UDP datagram. */
export interface Datagram extends Ip {
  readonly protocol: "UDP";
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly data: Bytes;
  /** IP's identification. */
  readonly id: number;
}

/** A part of a datagram that is longer than the link's MTU. */
export interface Fragment extends Ip {
  readonly protocol: "fragment";
  readonly whole: Datagram;
  /** The offset of its bytes in the whole datagram, UDP header included. */
  readonly offset: number;
  readonly length: number;
  readonly last: boolean;
}

/** ICMP's "port unreachable". */
export interface Unreachable extends Ip {
  readonly protocol: "ICMP";
  /** The datagram that no socket received. */
  readonly about: Datagram;
}

/** A packet of any protocol. */
export type Packet = Segment | Datagram | Fragment | Unreachable;

/** Returns whether an address is an IPv6 address. */
export function isIPv6(address: string): boolean {
  return address.includes(":");
}

/** Returns the length of the IP header. */
export function ipHeader(address: string): number {
  return isIPv6(address) ? 40 : 20;
}

/** Returns the length of a TCP header: 20 bytes, and 8 for the options of a SYN (MSS, a no-op, window scale). */
export function tcpHeader({ flags }: Segment): number {
  return (flags & SYN) !== 0 ? 28 : 20;
}

/** The length of UDP's header. */
export const UDP_HEADER = 8;
/** The length of IPv6's fragment header. */
export const FRAGMENT_HEADER = 8;
/** The largest number of bytes of the datagram that an ICMP message quotes. */
export const QUOTED = 548;

/** Returns the size of a packet on the wire in bytes, headers included. */
export function sizeOf(packet: Packet): number {
  const ip = ipHeader(packet.destination);
  switch (packet.protocol) {
    case "TCP":
      return ip + tcpHeader(packet) + packet.data.length;
    case "UDP":
      return ip + UDP_HEADER + packet.data.length;
    case "fragment":
      return ip + (ip === 40 ? FRAGMENT_HEADER : 0) + packet.length;
    case "ICMP":
      return ip + 8 + Math.min(ip + UDP_HEADER + packet.about.data.length, QUOTED);
  }
}

const FLAG_NAMES: [number, string][] = [[SYN, "SYN"], [FIN, "FIN"], [RST, "RST"], [PSH, "PSH"], [ACK, "ACK"]];

/** Returns the names of a segment's flags: "SYN,ACK". */
export function flagNames(flags: number): string {
  return FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name).join(",");
}
