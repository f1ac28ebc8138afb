// The sockets at a time, as `ss` shows them, and the states of each socket over the whole run.

import type { SocketRow } from "../protocol.ts";
import { h } from "./dom.ts";
import { t } from "./i18n.ts";
import type { RunRecord } from "./record.ts";
import { clock } from "./units.ts";

/** The bytes of a full bar: more than a usual lesson has in a queue. */
const FULL = 65536;
const MAX_SLOTS = 12;

interface Host {
  name: string;
  hue: number;
}

/** The bytes of a queue, with a bar. */
function bytesIn(count: number): HTMLElement {
  // Uses the square root, so that a few bytes are visible beside a full buffer.
  const part = count === 0 ? 0 : Math.max(0.06, Math.sqrt(Math.min(count / FULL, 1)));
  return h(
    "span",
    { class: "queue" },
    String(count),
    h("span", { class: "bar", "aria-hidden": "true" }, h("span", { style: `width:${(100 * part).toFixed(0)}%` })),
  );
}

/** A listener's queue: a slot for each connection that fits, filled if a connection waits. */
function backlogIn(count: number, backlog: number): HTMLElement {
  // Linux's queue holds one connection more than the backlog.
  const slots = backlog < MAX_SLOTS ? backlog + 1 : 0;
  const marks = h("span", { class: "slots", "aria-hidden": "true" });
  for (let slot = 0; slot < slots; slot++) marks.append(h("span", { class: slot < count ? "slot full" : "slot" }));
  const label = t("backlogOf", { count, backlog });
  return h("span", { class: "queue", title: label }, String(count), marks);
}

export class SocketTable {
  readonly element: HTMLElement;
  readonly #body = h("tbody");
  readonly #caption = h("caption");
  readonly #table: HTMLElement;
  readonly #empty = h("p", { class: "empty" });
  #record: RunRecord | undefined;
  #hosts: Host[] = [];
  #time = 0;

  constructor() {
    const column = (name: string) => h("th", { scope: "col" }, name);
    const named = (name: string) => h("th", { scope: "col", "data-t": name });
    this.#table = h(
      "table",
      {},
      this.#caption,
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          named("host"),
          column("Netid"),
          named("state"),
          column("Recv-Q"),
          column("Send-Q"),
          named("localAddress"),
          named("peerAddress"),
        ),
      ),
      this.#body,
    );
    this.element = h(
      "section",
      { class: "sockets", "aria-labelledby": "sockets-title" },
      h("h2", { id: "sockets-title", "data-t": "sockets" }),
      h("div", { class: "table-frame", tabindex: 0, role: "region", "data-t-label": "tableScroll" }, this.#table),
      this.#empty,
      h("p", { class: "hint", "data-t": "queueHelp" }),
    );
  }

  start(record: RunRecord, hosts: Host[]): void {
    this.#record = record;
    this.#hosts = hosts;
    this.showAt(0);
  }

  translate(): void {
    this.showAt(this.#time);
  }

  showAt(time: number): void {
    this.#time = time;
    if (this.#record === undefined) return;
    const rows = this.#record.socketsAt(time);
    this.#caption.textContent = t("socketsHelp", { time: clock(time) });
    this.#empty.textContent = rows.length === 0 ? t("noSockets") : "";
    const order = new Map(this.#hosts.map(({ name }, place) => [name, place]));
    const sorted = [...rows].sort((a, b) => (order.get(a.host) ?? 99) - (order.get(b.host) ?? 99));
    this.#body.replaceChildren(...sorted.map((row) => this.#row(row)));
  }

  #row({ host, protocol, state, received, sent, local, peer }: SocketRow): HTMLElement {
    const hue = this.#hosts.find(({ name }) => name === host)?.hue ?? 0;
    const isListener = state === "LISTEN";
    return h(
      "tr",
      { style: `--host:var(--host-${hue})` },
      h("th", { scope: "row" }, h("span", { class: "dot", "aria-hidden": "true" }), host),
      h("td", {}, protocol),
      h("td", {}, h("span", { class: `state state-${state.toLowerCase()}` }, state)),
      h("td", {}, isListener ? backlogIn(received, sent) : bytesIn(received)),
      h("td", {}, isListener ? String(sent) : bytesIn(sent)),
      h("td", { class: "address" }, local),
      h("td", { class: "address" }, peer),
    );
  }
}

interface Stretch {
  state: string;
  /** Positions on the slider. */
  from: number;
  to: number;
}

/** The states of each socket, on the scale of the slider. */
export class StateBars {
  readonly element: HTMLElement;
  readonly #rows = h("div", { class: "state-rows", role: "list" });
  readonly #now = h("div", { class: "state-now", "aria-hidden": "true" });
  #record: RunRecord | undefined;
  #hosts: Host[] = [];

  constructor() {
    this.element = h(
      "section",
      { class: "states", "aria-labelledby": "states-title" },
      h("h2", { id: "states-title", "data-t": "states" }),
      h("div", { class: "state-chart" }, this.#rows, this.#now),
    );
  }

  start(record: RunRecord, hosts: Host[]): void {
    this.#record = record;
    this.#hosts = hosts;
    this.update();
  }

  translate(): void {
    this.update();
  }

  update(): void {
    const record = this.#record;
    if (record === undefined) return;
    const { times, moments } = record;
    const placeOf = new Map(times.map((time, place) => [time, place]));
    const last = Math.max(times.length - 1, 1);
    const sockets = new Map<string, { row: SocketRow; stretches: Stretch[] }>();
    moments.forEach(({ time, sockets: rows }, index) => {
      const from = placeOf.get(time) ?? 0;
      const to = index + 1 < moments.length ? placeOf.get(moments[index + 1].time) ?? last : last;
      for (const row of rows) {
        const known = sockets.get(row.id) ?? { row, stretches: [] };
        sockets.set(row.id, known);
        known.row = row;
        const stretch = known.stretches.at(-1);
        if (stretch !== undefined && stretch.state === row.state && stretch.to === from) stretch.to = to;
        else known.stretches.push({ state: row.state, from, to });
      }
    });
    const order = new Map(this.#hosts.map(({ name }, place) => [name, place]));
    const all = [...sockets.values()].sort((a, b) => (order.get(a.row.host) ?? 99) - (order.get(b.row.host) ?? 99));
    this.element.hidden = all.length === 0;
    this.#rows.replaceChildren(...all.slice(0, 40).map(({ row, stretches }) => this.#row(row, stretches, last)));
  }

  #row({ host, local, peer }: SocketRow, stretches: Stretch[], last: number): HTMLElement {
    const hue = this.#hosts.find(({ name }) => name === host)?.hue ?? 0;
    const track = h("div", { class: "state-track", "aria-hidden": "true" });
    for (const { state, from, to } of stretches) {
      const [left, width] = [100 * from / last, 100 * Math.max(to - from, 0.4) / last];
      track.append(
        h("span", {
          class: `stretch state-${state.toLowerCase()}`,
          style: `left:${left.toFixed(2)}%;width:${width.toFixed(2)}%`,
          title: state,
        }, h("span", {}, state)),
      );
    }
    const name = local.replace(/^.*:/, ":") + (/[1-9]/.test(peer) ? "" : "");
    const states = stretches.map(({ state }) => state).join(", ");
    return h(
      "div",
      { class: "state-row", role: "listitem", style: `--host:var(--host-${hue})` },
      h(
        "span",
        { class: "state-name", "aria-hidden": "true" },
        h("span", { class: "dot" }),
        `${host} `,
        h("span", { class: "port" }, name),
      ),
      h("span", { class: "unseen" }, t("stateOf", { host, local, states })),
      track,
    );
  }

  /** Moves the line of the chosen time. `part` is its position from 0 to 1. */
  showAt(part: number): void {
    this.#now.style.setProperty("--part", String(part));
  }
}
