// The record of a network's packets: what was sent, when, and whether it arrived.

import type { Bytes } from "../../base/data.ts";
import type { Host } from "../net/host.ts";
import { flagNames, SYN } from "../net/packet.ts";
import type { Packet, Segment } from "../net/packet.ts";
import { toSeconds } from "../time/units.ts";

/**
 * Whether a packet arrived, or why not. "lost": by the `loss` of the link. "dropped": because of a full queue, an
 * address that no host has, or a host that does not run. "partitioned": by a partition. "under way": it has not arrived
 * yet.
 */
export type Fate = "under way" | "delivered" | "lost" | "dropped" | "partitioned";

/** One packet of the trace. Each copy of a duplicated packet has its own entry. */
export interface PacketEntry {
  /** When it was sent, in seconds of virtual time. */
  readonly time: number;
  /** When it arrived, in seconds. Null if it did not arrive. */
  arrival: number | null;
  /** The name of the host that sent it. */
  readonly from: string;
  /** The name of the host that it was sent to, or "" if no host has the address. */
  readonly to: string;
  /** The protocol. */
  readonly protocol: "TCP" | "UDP" | "ICMP";
  /** TCP's flags ("SYN,ACK"), ICMP's message ("port unreachable"), or "fragment" for a part of a UDP datagram. */
  readonly flags: string;
  /** The sender's address. */
  readonly source: string;
  /** The sender's port. For ICMP, the port of the datagram that the message is about. */
  readonly sourcePort: number;
  /** The receiver's address. */
  readonly destination: string;
  /** The receiver's port. */
  readonly destinationPort: number;
  /** The sequence number relative to the connection's first one, as Wireshark shows it. */
  readonly seq: number;
  /** The acknowledgement number, also relative; 0 without ACK. */
  readonly ack: number;
  /** The sequence number as it is in the header. */
  readonly rawSeq: number;
  /** The acknowledgement number as it is in the header. */
  readonly rawAck: number;
  /** TCP's window in bytes. */
  readonly window: number;
  /** How many bytes of data it carries, without headers. */
  readonly length: number;
  /** The data. Do not change it: sockets may still hold it. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Whether the packet has arrived, or why not. */
  fate: Fate;
  /** Whether it is the second copy of a packet that the link duplicated. */
  readonly duplicate: boolean;
  /** Whether TCP sent this data before. */
  readonly retransmission: boolean;
  /** Whether a packet that was sent later over the same link arrived before it. */
  overtaken: boolean;
}

/** The number of packets by their fate. */
export interface Counts {
  /** All packets that were sent, duplicates excluded. */
  sent: number;
  /** Packets that arrived, duplicates included. */
  delivered: number;
  /** Packets that were lost by the `loss` of a link. */
  lost: number;
  /** Packets dropped by a full queue, or because no running host has the address. */
  dropped: number;
  /** Packets that a partition stopped. */
  partitioned: number;
  /** How many duplicates the links made. */
  duplicated: number;
  /** How many packets were overtaken by a later one. */
  reordered: number;
  /** How many segments TCP sent again. */
  retransmitted: number;
}

/** The values that make the numbers of one direction of a TCP connection relative. */
interface Flow {
  first: number;
  scale: number;
}

const NOTHING: Bytes = new Uint8Array(0);

/** Records packets. */
export class Recorder {
  readonly entries: PacketEntry[] = [];
  /** The packets of the entries, for captures. */
  readonly packets: Packet[] = [];
  readonly counts: Counts = {
    sent: 0,
    delivered: 0,
    lost: 0,
    dropped: 0,
    partitioned: 0,
    duplicated: 0,
    reordered: 0,
    retransmitted: 0,
  };
  /** Whether entries are kept. Packets are counted in any case. */
  readonly #keeps: boolean;
  readonly #flows = new Map<string, Flow>();

  constructor(keeps: boolean) {
    this.#keeps = keeps;
  }

  /** Whether entries and packets are kept. */
  get keeps(): boolean {
    return this.#keeps;
  }

  /** Records that a packet was sent. `to` is null if no host has the address. */
  sent(time: number, from: Host, to: Host | null, packet: Packet, duplicate: boolean): PacketEntry | undefined {
    if (duplicate) this.counts.duplicated++;
    else {
      this.counts.sent++;
      if (packet.protocol === "TCP" && packet.retransmission) this.counts.retransmitted++;
    }
    if (!this.#keeps) return undefined;
    const entry = this.#entry(time, from.name, to?.name ?? "", packet, duplicate);
    this.entries.push(entry);
    this.packets.push(packet);
    return entry;
  }

  /** Records the fate of a packet. */
  ended(entry: PacketEntry | undefined, fate: Exclude<Fate, "under way">, time: number, overtaken = false): void {
    this.counts[fate]++;
    if (overtaken) this.counts.reordered++;
    if (entry === undefined) return;
    entry.fate = fate;
    if (fate === "delivered") entry.arrival = toSeconds(time);
    entry.overtaken = overtaken;
  }

  #entry(time: number, from: string, to: string, packet: Packet, duplicate: boolean): PacketEntry {
    const entry = {
      time: toSeconds(time),
      arrival: null,
      from,
      to,
      protocol: packet.protocol === "fragment" ? "UDP" as const : packet.protocol,
      flags: "",
      source: packet.source,
      sourcePort: 0,
      destination: packet.destination,
      destinationPort: 0,
      seq: 0,
      ack: 0,
      rawSeq: 0,
      rawAck: 0,
      window: 0,
      length: 0,
      data: NOTHING,
      fate: "under way" as const,
      duplicate,
      retransmission: false,
      overtaken: false,
    };
    switch (packet.protocol) {
      case "TCP":
        return { ...entry, ...this.#segment(packet) };
      case "UDP":
        return { ...entry, ...portsOf(packet), length: packet.data.length, data: packet.data };
      case "fragment": {
        const start = Math.max(packet.offset - 8, 0);
        const data = packet.whole.data.subarray(start, packet.offset - 8 + packet.length);
        return { ...entry, ...portsOf(packet.whole), flags: "fragment", length: data.length, data };
      }
      case "ICMP": {
        const { sourcePort, destinationPort } = packet.about;
        return { ...entry, flags: "port unreachable", sourcePort: destinationPort, destinationPort: sourcePort };
      }
    }
  }

  #segment(packet: Segment): Partial<PacketEntry> {
    const { source, sourcePort, destination, destinationPort, flags, seq, ack, data, retransmission } = packet;
    const own = `${source} ${sourcePort} ${destination} ${destinationPort}`;
    const reverse = `${destination} ${destinationPort} ${source} ${sourcePort}`;
    if ((flags & SYN) !== 0) this.#flows.set(own, { first: seq, scale: packet.scale ?? 0 });
    const flow = this.#flows.get(own);
    const other = this.#flows.get(reverse);
    const scale = (flags & SYN) !== 0 || other === undefined ? 0 : flow?.scale ?? 0;
    return {
      ...portsOf(packet),
      flags: flagNames(flags),
      rawSeq: seq,
      rawAck: ack,
      seq: flow === undefined ? 0 : (seq - flow.first) >>> 0,
      ack: other === undefined || ack === 0 ? 0 : (ack - other.first) >>> 0,
      window: packet.window * 2 ** scale,
      length: data.length,
      data,
      retransmission,
    };
  }
}

function portsOf({ sourcePort, destinationPort }: { sourcePort: number; destinationPort: number }) {
  return { sourcePort, destinationPort };
}
