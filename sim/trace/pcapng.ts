// Writes a capture in the pcapng format for Wireshark and tshark: a section, an interface for each host, and the
// packets as blocks (draft-ietf-opsawg-pcapng).

import type { Bytes } from "../../base/data.ts";
import type { Packet } from "../net/packet.ts";
import { SECOND } from "../time/units.ts";
import type { PacketEntry } from "./recorder.ts";
import { bytesOfPacket } from "./wire.ts";

const [SECTION, INTERFACE, PACKET] = [0x0a0d0d0a, 1, 6];
const BYTE_ORDER = 0x1a2b3c4d;
/** The link type of packets that begin with their IP header. */
const LINKTYPE_RAW = 101;
const [OPT_COMMENT, IF_NAME, IF_TSRESOL, SHB_USERAPPL] = [1, 2, 9, 4];
/** Times are in units of 10^-9 s. */
const NANOSECONDS = 9;

const encoder = new TextEncoder();

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** Writes an option: code, length, value, padding. */
function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + padded(value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  bytes.set(value, 4);
  return bytes;
}

/** Writes a block: type, length, body, options with their end, and the length again. */
function block(type: number, body: Uint8Array, options: Uint8Array[]): Uint8Array {
  const optionLength = options.length === 0 ? 0 : options.reduce((sum, { length }) => sum + length, 4);
  const length = 12 + padded(body.length) + optionLength;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  let offset = 8 + padded(body.length);
  for (const one of options) {
    bytes.set(one, offset);
    offset += one.length;
  }
  view.setUint32(length - 4, length, true);
  return bytes;
}

function section(): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER, true);
  view.setUint16(4, 1, true);
  // -1 means that the section's length is not specified.
  view.setBigInt64(8, -1n, true);
  return block(SECTION, body, [option(SHB_USERAPPL, encoder.encode("@berkeley/socket/sim"))]);
}

function interfaceBlock(name: string): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setUint16(0, LINKTYPE_RAW, true);
  return block(INTERFACE, body, [
    option(IF_NAME, encoder.encode(name)),
    option(IF_TSRESOL, new Uint8Array([NANOSECONDS])),
  ]);
}

function packetBlock(on: number, time: bigint, packet: Packet, comment: string): Uint8Array {
  const data = bytesOfPacket(packet);
  const body = new Uint8Array(20 + data.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, on, true);
  view.setUint32(4, Number(time >> 32n), true);
  view.setUint32(8, Number(time & 0xffffffffn), true);
  view.setUint32(12, data.length, true);
  view.setUint32(16, data.length, true);
  body.set(data, 20);
  return block(PACKET, body, comment === "" ? [] : [option(OPT_COMMENT, encoder.encode(comment))]);
}

/** A packet as it appears on one interface. */
interface CapturedPacket {
  readonly time: number;
  readonly host: string;
  readonly packet: Packet;
  readonly comment: string;
}

/** Returns the packets of a capture of the whole network: each packet once, at the time when it was sent. */
function capturedAnywhere(entries: readonly PacketEntry[], packets: readonly Packet[]): CapturedPacket[] {
  return entries.map(({ time, from, fate, duplicate }, i) => {
    const notes = [fate === "delivered" ? "" : fate, duplicate ? "duplicate" : ""].filter((note) => note !== "");
    return { time, host: from, packet: packets[i], comment: notes.join(", ") };
  });
}

/** Returns the packets of a capture on one host: the packets that it sent, and the packets that arrived there. */
function capturedOn(host: string, entries: readonly PacketEntry[], packets: readonly Packet[]): CapturedPacket[] {
  const captured: CapturedPacket[] = [];
  entries.forEach(({ time, arrival, from, to, duplicate }, i) => {
    const common = { host, packet: packets[i], comment: "" };
    // The link makes a duplicate, so the sender's interface shows only one packet.
    if (from === host && !duplicate) captured.push({ ...common, time });
    if (to === host && from !== to && arrival !== null) captured.push({ ...common, time: arrival });
  });
  return captured.sort((a, b) => a.time - b.time);
}

/** Writes a capture of one host, or of every packet when it was sent. `epoch` is the start in seconds since 1970. */
export function writePcapng(
  entries: readonly PacketEntry[],
  packets: readonly Packet[],
  epoch: number,
  host: string | undefined,
): Bytes {
  const captured = host === undefined ? capturedAnywhere(entries, packets) : capturedOn(host, entries, packets);
  const names = [...new Set(captured.map(({ host }) => host))];
  // A number has no room for nanoseconds since 1970, so whole seconds are converted by themselves.
  const whole = Math.floor(epoch);
  const start = BigInt(whole) * BigInt(SECOND) + BigInt(Math.round((epoch - whole) * SECOND));
  const blocks = [section(), ...names.map(interfaceBlock)];
  for (const { time: seconds, host, packet, comment } of captured) {
    const time = start + BigInt(Math.round(seconds * SECOND));
    blocks.push(packetBlock(names.indexOf(host), time, packet, comment));
  }
  const all = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const one of blocks) {
    all.set(one, offset);
    offset += one.length;
  }
  return all;
}
