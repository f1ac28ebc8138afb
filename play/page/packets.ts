// The label of a packet, its colour, and its details.

import type { Packet } from "../protocol.ts";
import { h } from "./dom.ts";
import { t } from "./i18n.ts";
import type { TextName } from "./i18n.ts";
import { clock } from "./units.ts";

/** The kind of a packet: the name of its colour. */
export function kindOf({ protocol, flags, data }: Packet): string {
  if (protocol === "UDP") return "udp";
  if (protocol !== "TCP") return "icmp";
  if (flags.includes("RST")) return "rst";
  if (flags.includes("SYN")) return "syn";
  if (flags.includes("FIN")) return "fin";
  return data.length > 0 ? "data" : "ack";
}

const FATES: Record<Packet["fate"], TextName | null> = {
  delivered: null,
  "under way": "fateUnderWay",
  lost: "fateLost",
  dropped: "fateDropped",
  partitioned: "fatePartitioned",
};

/** The bytes as text. Bytes that are no text, or that end inside a character, are shown as a point. */
export function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data).replace(/[\p{Cc}\ufffd]/gu, (char) => char === "\n" ? "⏎" : "·");
}

/**
 * The parts of a packet's label: its name, whether it was sent again, and its fate. `room` is the number of payload
 * characters that fit.
 */
export function partsOf(packet: Packet, room: number): string[] {
  const { protocol, flags, seq, ack, data, retransmission, fate } = packet;
  const words: string[] = [];
  if (protocol === "TCP") {
    words.push(...flags.filter((flag) => flag !== "PSH" && !(flag === "ACK" && data.length > 0)));
    if (data.length === 0) {
      words.push(flags.includes("ACK") && flags.length === 1 ? `${ack}` : flags.includes("RST") ? "" : `seq ${seq}`);
    }
  } else words.push(protocol === "UDP" ? "UDP" : packet.note || protocol);
  if (data.length > 0 && protocol !== "ICMP") {
    const text = textOf(data.subarray(0, 4 * room));
    const isText = text.replaceAll("·", "").length > text.length / 2;
    const short = Array.from(text).length > room ? `${Array.from(text).slice(0, room).join("")}…` : text;
    words.push(room > 0 && isText ? `“${short}”` : t("bytes", { count: data.length }));
  }
  const name = words.filter((word) => word !== "").join(" ");
  const parts = [name];
  if (retransmission) parts.push(t("resent"));
  if (FATES[fate] !== null) parts.push(t(FATES[fate]));
  return parts;
}

/** The separator of the parts. */
export const BETWEEN = " · ";

/** A packet as a sentence for screen readers. */
export function spoken({ time, from, to }: Packet, what: string): string {
  return t("packetLabel", { time: clock(time), from, to, what });
}

const ROW = 16;
const MAX_ROWS = 64;

/** The bytes as hexadecimal numbers, sixteen a row, with their text. */
export function hexOf(data: Uint8Array): string {
  const rows: string[] = [];
  for (let place = 0; place < data.length && rows.length < MAX_ROWS; place += ROW) {
    const row = Array.from(data.subarray(place, place + ROW));
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·").join("");
    rows.push(`${place.toString(16).padStart(4, "0")}  ${hex.padEnd(3 * ROW - 1)}  ${text}`);
  }
  if (data.length > MAX_ROWS * ROW) rows.push("…");
  return rows.join("\n");
}

function arrivalOf({ arrival, fate }: Packet): string {
  if (arrival !== null) return t("seconds", { time: clock(arrival) });
  const name = FATES[fate];
  return fate === "under way" || name === null ? t("fateUnderWay") : `${t("never")} · ${t(name)}`;
}

/** The details of a packet as a list of terms. */
export function details(packet: Packet): HTMLElement {
  const { protocol, flags, data } = packet;
  // Short rows are side by side.
  const rows: [TextName, string, "short" | "long"][] = [
    ["sent", t("seconds", { time: clock(packet.time) }), "short"],
    ["arrives", arrivalOf(packet), "short"],
    ["from", `${packet.from} · ${packet.source}`, "long"],
    ["to", `${packet.to} · ${packet.destination}`, "long"],
  ];
  if (protocol === "TCP") {
    rows.push(["sequence", String(packet.seq), "short"]);
    rows.push(["acknowledges", flags.includes("ACK") ? String(packet.ack) : "–", "short"]);
    rows.push(["flags", flags.join(" "), "short"], ["window", t("bytes", { count: packet.window }), "short"]);
  }
  rows.push(["length", t("bytes", { count: data.length }), "long"]);
  const list = h("dl", {});
  for (const [name, value, room] of rows) list.append(h("dt", {}, t(name)), h("dd", { class: room }, value));
  if (data.length > 0) {
    const text = textOf(data.subarray(0, MAX_ROWS * ROW));
    list.append(h("dt", {}, t("text")), h("dd", { class: "long payload" }, text));
    const hex = h("pre", { tabindex: 0, role: "region", "aria-label": t("hex") }, hexOf(data));
    list.append(h("dt", {}, t("hex")), h("dd", { class: "hex" }, hex));
  }
  const name = h(
    "p",
    { class: `packet-name kind-${kindOf(packet)}` },
    [protocol, ...partsOf(packet, 24)].join(BETWEEN),
  );
  return h("div", {}, name, list);
}
