// The ladder: a line for each host, time downwards, an arrow for each packet.

import type { Packet } from "../protocol.ts";
import { h, s } from "./dom.ts";
import { t } from "./i18n.ts";
import { heightAt, layOut } from "./layout.ts";
import type { Layout, Rung } from "./layout.ts";
import { BETWEEN, details, kindOf, partsOf, spoken } from "./packets.ts";
import type { RunRecord } from "./record.ts";
import { clock, gap } from "./units.ts";

/** More arrows than that are slow to draw and hard to read. Then only those around the chosen time are shown. */
const MAX_SHOWN = 300;
const GUTTER = 58;
const HEAD = 34;
/** The widths of a letter and of a Chinese character in a label. */
const LETTER = 6.6;

interface Drawn extends Rung {
  element: SVGGElement;
}

/** The width of a text in letters. A Chinese character is two letters wide. */
function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += /[\u1100-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]/.test(char) ? 1.8 : 1;
  return width;
}

/** The longest label of a packet that fits, and the full description, which begins with the label. */
function fitting(packet: Packet, pixels: number): { label: string; whole: string } {
  const fits = (text: string) => widthOf(text) * LETTER <= pixels;
  for (let room = 24; room > 0; room -= 4) {
    const whole = partsOf(packet, room).join(BETWEEN);
    if (fits(whole)) return { label: whole, whole };
  }
  const parts = partsOf(packet, 0);
  const whole = parts.join(BETWEEN);
  // The parts at the end go first: a cross shows a loss, and dots show a retransmission.
  while (parts.length > 1 && !fits(parts.join(BETWEEN))) parts.pop();
  return { label: parts.join(BETWEEN), whole };
}

export class Ladder {
  readonly element: HTMLElement;
  readonly #frame = h("div", { class: "ladder-frame" });
  readonly #note = h("p", { class: "hint" });
  readonly #details = h("div", { class: "packet-details", "aria-live": "polite" });
  #record: RunRecord | undefined;
  #hosts: { name: string; hue: number }[] = [];
  #layout: Layout | undefined;
  #drawn: Drawn[] = [];
  #chosen = -1;
  #time = 0;
  #window: [number, number] = [0, 0];
  #now = s("line");
  #dots = s("g");
  #width = 0;
  #x = new Map<string, number>();

  constructor() {
    this.element = h(
      "section",
      { class: "ladder", "aria-labelledby": "packets-title" },
      h("p", { class: "hint", "data-t": "packetsHelp" }),
      this.#frame,
      this.#note,
    );
    this.#frame.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => {
      if (this.#frame.clientWidth !== this.#width) this.#draw();
    }).observe(this.#frame);
  }

  /** The panel with the details of the chosen packet. */
  get details(): HTMLElement {
    return this.#details;
  }

  /** Starts with another run. */
  start(record: RunRecord, hosts: { name: string; hue: number }[]): void {
    this.#record = record;
    this.#hosts = hosts;
    this.#chosen = -1;
    this.#window = [0, 0];
    this.update();
  }

  translate(): void {
    this.#draw();
  }

  /** Draws again after packets were added. */
  update(): void {
    this.#draw();
  }

  /** Shows the packets up to a time. If the reader chose the time, it is scrolled into view. */
  showAt(time: number, scroll: boolean): void {
    this.#time = time;
    const [from, to] = this.#wanted();
    if (from !== this.#window[0] || to !== this.#window[1]) this.#draw();
    else this.#showTime();
    if (scroll) this.#scrollToTime();
  }

  /** The packets to show: all, or those around the chosen time. */
  #wanted(): [number, number] {
    const packets = this.#record?.packets ?? [];
    if (packets.length <= MAX_SHOWN) return [0, packets.length];
    let at = packets.findIndex(({ time }) => time > this.#time);
    if (at < 0) at = packets.length;
    const [from, to] = this.#window;
    // The part does not change while the chosen time is well inside it.
    if (to - from === MAX_SHOWN && at >= from + 20 && at <= to - 20) return this.#window;
    const start = Math.max(0, Math.min(at - MAX_SHOWN / 2, packets.length - MAX_SHOWN));
    return [start, start + MAX_SHOWN];
  }

  #order(): { name: string; hue: number }[] {
    const hosts = [...this.#hosts];
    if (hosts.length < 3) return hosts;
    // The host with the most packets is second. With three hosts it is in the middle, and no arrow crosses another
    // line.
    const counts = new Map<string, number>();
    for (const { from, to } of this.#record!.packets) {
      for (const name of [from, to]) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const busiest = hosts.reduce((best, host) =>
      (counts.get(host.name) ?? 0) > (counts.get(best.name) ?? 0) ? host : best
    );
    const others = hosts.filter((host) => host !== busiest);
    return [others[0], busiest, ...others.slice(1)];
  }

  #draw(): void {
    const record = this.#record;
    const width = this.#frame.clientWidth;
    if (record === undefined || width === 0) return;
    this.#width = width;
    const hadFocus = this.#frame.contains(document.activeElement);
    if (record.packets.length === 0) {
      this.#frame.replaceChildren(h("p", { class: "empty" }, record.end === undefined ? "" : t("noPackets")));
      this.#note.textContent = "";
      this.#drawn = [];
      this.#choose(-1);
      return;
    }
    this.#window = this.#wanted();
    const [from, to] = this.#window;
    const layout = this.#layout = layOut(record.packets.slice(from, to), from);
    const shown = to - from;
    this.#note.textContent = shown < record.packets.length
      ? t("packetsShown", { shown, all: record.packets.length })
      : "";
    const hosts = this.#order();
    const margin = Math.min(70, width / (2 * hosts.length));
    const span = width - GUTTER - 2 * margin;
    this.#x = new Map(
      hosts.map((
        { name },
        place,
      ) => [name, GUTTER + margin + (hosts.length === 1 ? span / 2 : place * span / (hosts.length - 1))]),
    );
    const head = h("div", { class: "ladder-hosts", "aria-hidden": "true" });
    const svg = s("svg", {
      width,
      height: layout.height + 8,
      role: "listbox",
      "aria-label": t("packets"),
      class: "ladder-svg",
    });
    for (const { name, hue } of hosts) {
      const x = this.#x.get(name)!;
      head.append(h("span", { style: `left:${x}px;--host:var(--host-${hue})` }, name));
      svg.append(
        s("line", { class: "life", x1: x, x2: x, y1: 0, y2: layout.height + 8, style: `--host:var(--host-${hue})` }),
      );
    }
    this.#drawPauses(svg, layout, width);
    this.#drawn = layout.rungs.map((rung) => this.#drawRung(rung));
    this.#drawTimes(svg, layout);
    for (const { element } of this.#drawn) svg.append(element);
    this.#now = s("line", { class: "now", x1: GUTTER - 8, x2: width });
    this.#dots = s("g", { "aria-hidden": "true" });
    svg.append(this.#now, this.#dots);
    this.#frame.replaceChildren(head, svg);
    this.#choose(this.#chosen >= from && this.#chosen < to ? this.#chosen : -1, hadFocus);
    this.#showTime();
  }

  #drawPauses(svg: SVGSVGElement, { pauses }: Layout, width: number): void {
    for (const { top, bottom, seconds } of pauses) {
      const middle = (top + bottom) / 2;
      svg.append(s("rect", { class: "pause", x: GUTTER - 8, y: middle - 9, width: width - GUTTER + 8, height: 18 }));
      const label = s("text", { class: "pause-text", x: (GUTTER + width) / 2, y: middle + 4 });
      label.textContent = t("seconds", { time: gap(seconds) });
      svg.append(label);
    }
  }

  #drawTimes(svg: SVGSVGElement, { rungs }: Layout): void {
    let last = -Infinity;
    let lastTime = -1;
    for (const { packet, sent } of rungs) {
      if (sent - last < 13 || packet.time === lastTime) continue;
      last = sent;
      lastTime = packet.time;
      const label = s("text", { class: "tick", x: GUTTER - 14, y: sent + 4 });
      label.textContent = clock(packet.time);
      svg.append(label);
    }
  }

  #drawRung(rung: Rung): Drawn {
    const { packet, index, sent, there } = rung;
    const arrives = packet.arrival !== null;
    const isLost = !arrives && packet.fate !== "under way";
    const left = this.#x.get(packet.from) ?? GUTTER;
    let right = this.#x.get(packet.to) ?? (left + this.#width) / 2;
    if (packet.from === packet.to) right = left + 60;
    const full = right;
    if (!arrives) right = left + (right - left) * 0.6;
    const direction = Math.sign(full - left) || 1;
    const { label: text, whole } = fitting(packet, Math.abs(full - left) - 24);
    const element = s("g", {
      class: `rung kind-${kindOf(packet)}${isLost ? " is-lost" : ""}${packet.retransmission ? " is-again" : ""}`,
      role: "option",
      tabindex: -1,
      "aria-selected": "false",
      "aria-label": spoken(packet, whole),
    });
    const tip = right - direction * (arrives ? 2 : 0);
    element.append(s("line", { class: "hit", x1: left, y1: sent, x2: right, y2: there }));
    element.append(s("line", { class: "wire", x1: left, y1: sent, x2: tip, y2: there }));
    const angle = Math.atan2(there - sent, right - left);
    if (arrives) {
      const wing = (turn: number) =>
        `${(tip - 8 * Math.cos(angle + turn)).toFixed(1)},${(there - 8 * Math.sin(angle + turn)).toFixed(1)}`;
      element.append(s("polygon", { class: "tip", points: `${tip},${there} ${wing(0.4)} ${wing(-0.4)}` }));
    } else if (isLost) {
      element.append(
        s("path", { class: "cross", d: `M${right - 5} ${there - 5}l10 10m0-10l-10 10` }),
      );
    }
    const degrees = (direction > 0 ? angle : angle - Math.PI) * 180 / Math.PI;
    const x = left + direction * 10;
    const y = sent + (there - sent) * (10 / Math.abs(right - left)) - 5;
    const label = s("text", {
      x,
      y,
      "text-anchor": direction > 0 ? "start" : "end",
      transform: `rotate(${degrees.toFixed(2)} ${x} ${y + 5})`,
    });
    label.textContent = text;
    element.append(label);
    element.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse") this.#choose(index);
    });
    element.addEventListener("click", () => this.#choose(index, true));
    element.addEventListener("focus", () => this.#choose(index));
    return { ...rung, element };
  }

  /** Shows the details of a packet, or none for -1. */
  #choose(index: number, focus = false): void {
    this.#chosen = index;
    let chosen: Drawn | undefined;
    for (const drawn of this.#drawn) {
      const isChosen = drawn.index === index;
      drawn.element.classList.toggle("chosen", isChosen);
      drawn.element.setAttribute("aria-selected", String(isChosen));
      drawn.element.setAttribute("tabindex", "-1");
      if (isChosen) chosen = drawn;
    }
    (chosen ?? this.#drawn[0])?.element.setAttribute("tabindex", "0");
    if (focus && chosen !== undefined && document.activeElement !== chosen.element) {
      chosen.element.focus({ preventScroll: false });
    }
    this.#details.replaceChildren(
      chosen === undefined ? h("p", { class: "hint" }, t("noPacket")) : details(chosen.packet),
    );
  }

  #key(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    const place = this.#drawn.findIndex(({ index }) => index === this.#chosen);
    let target: number | undefined;
    if (event.key in steps) target = place + steps[event.key];
    else if (event.key === "Home") target = 0;
    else if (event.key === "End") target = this.#drawn.length - 1;
    if (target === undefined) return;
    event.preventDefault();
    const drawn = this.#drawn[Math.max(0, Math.min(target, this.#drawn.length - 1))];
    if (drawn !== undefined) this.#choose(drawn.index, true);
  }

  #showTime(): void {
    if (this.#layout === undefined) return;
    const time = this.#time;
    const y = heightAt(this.#layout.ticks, time);
    this.#now.setAttribute("y1", String(y));
    this.#now.setAttribute("y2", String(y));
    this.#dots.replaceChildren();
    for (const { packet, element, sent, there } of this.#drawn) {
      element.classList.toggle("later", packet.time > time);
      const isUnderWay = packet.time <= time && packet.arrival !== null && time < packet.arrival;
      if (!isUnderWay) continue;
      const [left, right] = [this.#x.get(packet.from)!, this.#x.get(packet.to)!];
      const part = Math.min(1, Math.max(0, (y - sent) / (there - sent)));
      this.#dots.append(
        s("circle", {
          class: `dot kind-${kindOf(packet)}`,
          cx: left + (right - left) * part,
          cy: sent + (there - sent) * part,
          r: 4.5,
        }),
      );
    }
  }

  #scrollToTime(): void {
    if (this.#layout === undefined) return;
    const y = heightAt(this.#layout.ticks, this.#time);
    const { scrollTop, clientHeight } = this.#frame;
    if (y < scrollTop + 20 || y > scrollTop + clientHeight - HEAD - 20) {
      this.#frame.scrollTop = Math.max(0, y - clientHeight / 2);
    }
  }
}
