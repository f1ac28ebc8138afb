// Packets as bytes: IPv4 (RFC 791) and IPv6 (RFC 8200) with TCP, UDP, ICMP and fragments, checksums included.

import { parseIPv4, parseIPv6 } from "../../base/ip.ts";
import { FRAGMENT_HEADER, ipHeader, isIPv6, QUOTED, SYN, tcpHeader, UDP_HEADER } from "../net/packet.ts";
import type { Datagram, Fragment, Packet, Segment, Unreachable } from "../net/packet.ts";
import { checksum, sumWords } from "./checksum.ts";

const [ICMP, TCP, UDP, FRAGMENT, ICMPV6] = [1, 6, 17, 44, 58];
/** IPv4's flags: do not fragment, more fragments. */
const DONT_FRAGMENT = 0x4000;
const MORE = 0x2000;

function addressBytes(address: string): Uint8Array {
  return (isIPv6(address) ? parseIPv6(address) : parseIPv4(address))!;
}

/** Returns the sum of the pseudo header, which is part of the checksums of TCP, UDP and ICMPv6. */
function pseudoSum({ source, destination }: Packet, protocol: number, length: number): number {
  return sumWords(addressBytes(source)) + sumWords(addressBytes(destination)) + protocol + length;
}

/** Puts an IP header in front of a payload. */
function ip(packet: Packet, protocol: number, payload: Uint8Array, id: number, fragment: number): Uint8Array {
  const header = ipHeader(packet.destination);
  const bytes = new Uint8Array(header + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set(payload, header);
  if (header === 40) {
    bytes[0] = 0x60;
    view.setUint16(4, payload.length);
    bytes[6] = protocol;
    bytes[7] = packet.ttl;
    bytes.set(addressBytes(packet.source), 8);
    bytes.set(addressBytes(packet.destination), 24);
    return bytes;
  }
  bytes[0] = 0x45;
  view.setUint16(2, bytes.length);
  view.setUint16(4, id);
  view.setUint16(6, fragment);
  bytes[8] = packet.ttl;
  bytes[9] = protocol;
  bytes.set(addressBytes(packet.source), 12);
  bytes.set(addressBytes(packet.destination), 16);
  view.setUint16(10, checksum(sumWords(bytes.subarray(0, header))));
  return bytes;
}

function tcpBytes(segment: Segment): Uint8Array {
  const header = tcpHeader(segment);
  const bytes = new Uint8Array(header + segment.data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, segment.sourcePort);
  view.setUint16(2, segment.destinationPort);
  view.setUint32(4, segment.seq);
  view.setUint32(8, segment.ack);
  bytes[12] = header / 4 << 4;
  bytes[13] = segment.flags;
  view.setUint16(14, segment.window);
  if ((segment.flags & SYN) !== 0) {
    // The options: MSS, a no-op, the window scale. The remaining zero bytes mean the end of the options.
    if (segment.mss !== undefined) bytes.set([2, 4, segment.mss >> 8, segment.mss & 0xff], 20);
    if (segment.scale !== undefined) bytes.set([1, 3, 3, segment.scale], 24);
  }
  bytes.set(segment.data, header);
  view.setUint16(16, checksum(sumWords(bytes, pseudoSum(segment, TCP, bytes.length))));
  return bytes;
}

function udpBytes(datagram: Datagram): Uint8Array {
  const bytes = new Uint8Array(UDP_HEADER + datagram.data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, datagram.sourcePort);
  view.setUint16(2, datagram.destinationPort);
  view.setUint16(4, bytes.length);
  bytes.set(datagram.data, UDP_HEADER);
  // A checksum of 0 would mean that there is none. UDP sends 0xffff instead.
  view.setUint16(6, checksum(sumWords(bytes, pseudoSum(datagram, UDP, bytes.length))) || 0xffff);
  return bytes;
}

function fragmentBytes(fragment: Fragment): Uint8Array {
  const { whole, offset, length, last } = fragment;
  const piece = udpBytes(whole).subarray(offset, offset + length);
  if (!isIPv6(whole.destination)) return ip(fragment, UDP, piece, whole.id, offset / 8 | (last ? 0 : MORE));
  const bytes = new Uint8Array(FRAGMENT_HEADER + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = UDP;
  view.setUint16(2, offset | (last ? 0 : 1));
  view.setUint32(4, whole.id);
  bytes.set(piece, FRAGMENT_HEADER);
  return ip(fragment, FRAGMENT, bytes, 0, 0);
}

function icmpBytes(packet: Unreachable): Uint8Array {
  const { about } = packet;
  const quoted = ip(about, UDP, udpBytes(about), about.id, 0).subarray(0, QUOTED);
  const bytes = new Uint8Array(8 + quoted.length);
  const six = isIPv6(packet.destination);
  // Port unreachable: type 3 code 3, or type 1 code 4.
  bytes.set(six ? [1, 4] : [3, 3]);
  bytes.set(quoted, 8);
  const sum = sumWords(bytes, six ? pseudoSum(packet, ICMPV6, bytes.length) : 0);
  new DataView(bytes.buffer).setUint16(2, checksum(sum));
  return ip(packet, six ? ICMPV6 : ICMP, bytes, 0, 0);
}

/** Returns the bytes of a packet, from its IP header on. */
export function bytesOfPacket(packet: Packet): Uint8Array {
  switch (packet.protocol) {
    case "TCP":
      return ip(packet, TCP, tcpBytes(packet), 0, DONT_FRAGMENT);
    case "UDP":
      return ip(packet, UDP, udpBytes(packet), packet.id, 0);
    case "fragment":
      return fragmentBytes(packet);
    case "ICMP":
      return icmpBytes(packet);
  }
}
