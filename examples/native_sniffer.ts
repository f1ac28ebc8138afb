// Prints one line for every packet that passes an interface, from a packet socket. It needs root or CAP_NET_RAW, and
// the whole of --allow-net, because it receives packets of all hosts.
//
//   sudo deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 --allow-net examples/native_sniffer.ts

import * as socket from "@berkeley/socket/native";
import { options } from "./_shared.ts";

const { interface: name, count } = options("native_sniffer: prints the packets that pass an interface", {
  interface: "lo",
  count: 10,
});

const IPV4 = 0x0800, ARP = 0x0806, IPV6 = 0x86dd;
const PROTOCOLS: Record<number, string> = { 1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6" };
const ETHERNET_HEADER = 14;

using sk = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(socket.ETH_P_ALL));
sk.bind([name, socket.ETH_P_ALL]);
console.log(`listening on ${name}`);

for (let heard = 0; heard < count;) {
  const [frame, address] = await sk.recvfrom(65535);
  const [, , direction] = address as socket.PacketAddress;
  // A packet from this host to itself passes the loopback interface twice.
  if (direction === socket.PACKET_OUTGOING && name === "lo") continue;
  heard++;
  const arrow = direction === socket.PACKET_OUTGOING ? "out" : "in ";
  console.log(`${arrow} ${String(frame.length).padStart(5)} bytes  ${describe(frame)}`);
}

/** Describes a frame: its protocol, source and destination. */
function describe(frame: socket.Bytes): string {
  const ethertype = frame[12] << 8 | frame[13];
  const packet = frame.subarray(ETHERNET_HEADER);
  if (ethertype === IPV4) return describePacket(packet, 9, 12, 4, (packet[0] & 0xf) * 4);
  if (ethertype === IPV6) return describePacket(packet, 6, 8, 16, 40);
  return ethertype === ARP ? "ARP" : `ethertype 0x${ethertype.toString(16)}`;
}

/** Describes an IP packet, by the offsets of protocol and addresses in its header, and the length of the header. */
function describePacket(
  packet: socket.Bytes,
  protocolAt: number,
  addressesAt: number,
  size: number,
  length: number,
): string {
  const protocol = packet[protocolAt];
  const family = size === 4 ? socket.AF_INET : socket.AF_INET6;
  const [from, to] = [0, 1].map((place) => {
    const at = addressesAt + place * size;
    const host = socket.inet_ntop(family, packet.subarray(at, at + size));
    if (protocol !== 6 && protocol !== 17) return host;
    const port = packet[length + 2 * place] << 8 | packet[length + 2 * place + 1]; // both begin with their ports
    return size === 4 ? `${host}:${port}` : `[${host}]:${port}`;
  });
  return `${PROTOCOLS[protocol] ?? `protocol ${protocol}`} ${from} > ${to}`;
}
