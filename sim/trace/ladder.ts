// The ladder: two hosts at the sides, and one line of text for each packet between them.

import { isBetween, labelOf } from "./label.ts";
import type { PacketEntry } from "./recorder.ts";

/** The number of characters between the two sides. */
const WIDTH = 48;

/** Returns a line: the time, both sides with an arrow between them, and the arrival time or the fate. */
function lineOf(packet: PacketEntry, left: string): string {
  const toRight = packet.from === left;
  const arrived = packet.fate === "delivered";
  const text = ` ${labelOf(packet)} `;
  const before = Math.max(Math.floor((WIDTH - 2 - text.length) / 2), 0);
  const shaft = "-".repeat(before) + text + "-".repeat(Math.max(WIDTH - 2 - before - text.length, 0));
  const head = arrived ? (toRight ? ">" : "<") : packet.fate === "under way" ? "." : "X";
  const arrow = toRight ? `-${shaft}${head}` : `${head}${shaft}-`;
  const fate = arrived ? packet.arrival!.toFixed(4) : packet.fate;
  return `${packet.time.toFixed(4).padStart(11)}  |${arrow}|  ${fate}`;
}

/** Draws the packets between two hosts as text. */
export function drawLadder(packets: readonly PacketEntry[], left: string, right: string): string {
  const gap = Math.max(WIDTH + 2 - left.length - right.length, 1);
  const head = `${" ".repeat(13)}${left}${" ".repeat(gap)}${right}`;
  return [head, ...packets.filter((packet) => isBetween(packet, left, right)).map((packet) => lineOf(packet, left))]
    .join("\n");
}
