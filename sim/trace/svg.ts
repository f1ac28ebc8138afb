// The ladder as an SVG drawing. Time runs downwards. A packet's line goes from the time of sending to the time of
// arrival.

import { isBetween, labelOf } from "./label.ts";
import type { PacketEntry } from "./recorder.ts";

const LEFT = 130;
const RIGHT = 570;
const TOP = 50;
/** The smallest distance between two successive times. */
const STEP = 18;
/** The largest distance between two successive times. */
const LONGEST_PAUSE = 60;

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** Maps times to heights in the drawing. Long pauses are shortened, and times that are close together are moved apart. */
class Scale {
  readonly #times: number[];
  readonly #places: number[];

  constructor(times: Iterable<number>, scale: number) {
    this.#times = [...new Set(times)].sort((a, b) => a - b);
    this.#places = [];
    let place = TOP + STEP;
    this.#times.forEach((time, i) => {
      if (i > 0) place += Math.min(Math.max((time - this.#times[i - 1]) * scale, STEP), LONGEST_PAUSE);
      this.#places.push(place);
    });
  }

  place(time: number): number {
    return this.#places[this.#times.indexOf(time)];
  }
  get end(): number {
    return (this.#places.at(-1) ?? TOP) + STEP;
  }
}

/** Draws a packet: its line, its label and its time. */
function line(packet: PacketEntry, left: string, from: number, to: number): string {
  const toRight = packet.from === left;
  const [x1, x2] = toRight ? [LEFT, RIGHT] : [RIGHT, LEFT];
  const arrived = packet.fate === "delivered";
  // The line of a packet that did not arrive ends before the other side.
  const [endX, endY] = arrived ? [x2, to] : [x1 + (x2 - x1) * 0.6, from + (to - from) * 0.6];
  const kind = arrived ? (packet.retransmission ? "again" : "arrived") : "lost";
  const marker = arrived ? ` marker-end="url(#arrow)"` : "";
  const cross = arrived
    ? ""
    : `<path class="lost" d="M${endX - 5} ${endY - 5}l10 10m0 -10l-10 10"/><title>${escape(packet.fate)}</title>`;
  const middle = (x1 + endX) / 2;
  const timeX = toRight ? LEFT - 10 : RIGHT + 10;
  const anchor = toRight ? "end" : "start";
  return `<g><path class="${kind}" d="M${x1} ${from}L${endX} ${endY}"${marker}/>${cross}` +
    `<text class="label" x="${middle}" y="${(from + endY) / 2 - 5}">${escape(labelOf(packet))}</text>` +
    `<text class="time" x="${timeX}" y="${from + 4}" text-anchor="${anchor}">${packet.time.toFixed(4)}</text></g>`;
}

const STYLE = `text{font:12px ui-monospace,monospace;fill:currentColor}.host{font-weight:bold;text-anchor:middle}` +
  `.label{text-anchor:middle}.time{font-size:10px;opacity:.7}path{fill:none;stroke:currentColor;stroke-width:1.4}` +
  `.side{opacity:.5}.again{stroke:#c77700}.lost{stroke:#d0342c}`;

/** Draws the packets between two hosts as SVG. The drawing has the text colour of the page around it. */
export function drawSvg(packets: readonly PacketEntry[], left: string, right: string): string {
  const shown = packets.filter((packet) => isBetween(packet, left, right));
  const flights = shown.flatMap(({ time, arrival }) => arrival === null ? [] : [arrival - time]).sort((a, b) => a - b);
  const usual = flights[Math.floor(flights.length / 2)] ?? 0;
  const ends = (packet: PacketEntry) => packet.arrival ?? packet.time + usual;
  const scale = new Scale(shown.flatMap((packet) => [packet.time, ends(packet)]), usual > 0 ? 2 * STEP / usual : 0);
  const height = scale.end + STEP;
  const sides = [[LEFT, left], [RIGHT, right]].map(([x, name]) =>
    `<text class="host" x="${x}" y="${TOP - 20}">${escape(String(name))}</text>` +
    `<path class="side" d="M${x} ${TOP - 10}V${scale.end}"/>`
  );
  const lines = shown.map((packet) => line(packet, left, scale.place(packet.time), scale.place(ends(packet))));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + RIGHT} ${height}" role="img" ` +
    `aria-label="${escape(`Packets between ${left} and ${right}`)}"><style>${STYLE}</style>` +
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">` +
    `<path d="M1 1L7 4L1 7"/></marker></defs>${sides.join("")}${lines.join("")}</svg>`;
}
