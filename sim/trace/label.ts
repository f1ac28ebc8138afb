// A short label for a packet, as the drawings show it.

import type { PacketEntry } from "./recorder.ts";

/** Returns a label such as "SYN", "ACK 1", "100 bytes at 1, FIN" or "UDP 12 bytes". */
export function labelOf(packet: PacketEntry): string {
  const { protocol, flags, length, seq, ack } = packet;
  const bytes = `${length} byte${length === 1 ? "" : "s"}`;
  let label: string;
  if (protocol === "UDP") label = `UDP ${bytes}${flags === "" ? "" : ` (${flags})`}`;
  else if (protocol === "ICMP") label = flags;
  else {
    const names = flags.split(",").filter((name) => name !== "PSH" && name !== "ACK");
    const parts = names.length > 0 ? [names.join(" ")] : [];
    if (length > 0) parts.push(`${bytes} at ${seq}`);
    // Every segment has an acknowledgement. It is shown only if the segment has nothing else.
    if (flags.includes("ACK") && length === 0 && !flags.includes("RST")) parts.push(`ACK ${ack}`);
    label = parts.join(", ");
  }
  if (packet.retransmission) label += " (again)";
  if (packet.duplicate) label += " (duplicate)";
  return label;
}

/** Returns whether a packet travels between two hosts. */
export function isBetween({ from, to }: PacketEntry, a: string, b: string): boolean {
  return (from === a && to === b) || (from === b && to === a);
}
