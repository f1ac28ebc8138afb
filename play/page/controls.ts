// Run, Stop, and the settings of the network: latency, loss, bandwidth, seed.

import type { Settings } from "../protocol.ts";
import { h, icon, ICONS } from "./dom.ts";
import type { TextName } from "./i18n.ts";
import { isSettings } from "./link.ts";

export interface ControlEvents {
  run(): void;
  stop(): void;
  changed(): void;
  share(): void;
  restore(): void;
  downloadPrograms(): void;
  downloadTrace(): void;
}

interface Field {
  name: keyof Settings;
  unit: TextName | "%" | null;
  max: number;
  step: number | "any";
  /** The factor from the number shown to the setting. */
  scale: number;
}

const FIELDS: Field[] = [
  { name: "latency", unit: "latencyUnit", max: 60_000, step: "any", scale: 1000 },
  { name: "loss", unit: "%", max: 100, step: "any", scale: 100 },
  { name: "bandwidth", unit: "bandwidthUnit", max: 1e9, step: "any", scale: 0.001 },
  { name: "seed", unit: null, max: 2 ** 32 - 1, step: 1, scale: 1 },
];

export class Controls {
  /** Run and Stop. */
  readonly buttons: HTMLElement;
  /** The settings of the network. */
  readonly network: HTMLElement;
  /** The commands for programs and traces. */
  readonly tools: HTMLElement;
  readonly #run: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  readonly #restore: HTMLButtonElement;
  readonly #trace: HTMLButtonElement;
  readonly #share: HTMLButtonElement;
  readonly #inputs = new Map<keyof Settings, HTMLInputElement>();

  constructor(events: ControlEvents) {
    const button = (name: TextName, press: () => void, kind = "quiet") =>
      h("button", { type: "button", class: kind, click: press }, h("span", { "data-t": name }));
    this.#run = button("run", events.run, "primary");
    this.#run.prepend(icon(ICONS.run));
    this.#stop = button("stop", events.stop, "stop");
    this.#stop.prepend(icon(ICONS.stop));
    this.#stop.disabled = true;
    this.#restore = button("restore", events.restore);
    this.#share = button("share", events.share);
    this.#trace = button("downloadTrace", events.downloadTrace);
    const fields = FIELDS.map((field) => this.#field(field, events));
    this.buttons = h("div", { class: "run-buttons" }, this.#run, this.#stop);
    this.network = h("div", { class: "network", role: "group", "data-t-label": "network" }, ...fields);
    this.tools = h(
      "div",
      { class: "tools" },
      this.#restore,
      this.#share,
      button("downloadPrograms", events.downloadPrograms),
      this.#trace,
    );
    this.state({ running: false, edited: false, hasTrace: false });
  }

  #field({ name, unit, max, step }: Field, events: ControlEvents): HTMLElement {
    const id = `setting-${name}`;
    const input = h("input", { id, type: "number", min: 0, max, step, inputmode: "decimal", required: true });
    input.addEventListener("input", () => {
      if (input.validity.valid) events.changed();
    });
    this.#inputs.set(name, input);
    const unitText = unit === null
      ? null
      : unit === "%"
      ? h("span", { class: "unit" }, "%")
      : h("span", { class: "unit", "data-t": unit });
    return h(
      "div",
      { class: "field" },
      h("label", { for: id, "data-t": name }),
      h("span", { class: "value" }, input, unitText),
    );
  }

  get settings(): Settings {
    const read = { latency: 0, loss: 0, bandwidth: 0, seed: 1 };
    for (const { name, scale } of FIELDS) {
      read[name] = Number((Number(this.#inputs.get(name)!.value) / scale).toPrecision(12));
    }
    read.seed = Math.trunc(read.seed);
    return isSettings(read) ? read : { latency: 0.02, loss: 0, bandwidth: 0, seed: 1 };
  }
  set settings(settings: Settings) {
    for (const { name, scale } of FIELDS) {
      this.#inputs.get(name)!.value = String(Number((settings[name] * scale).toPrecision(12)));
    }
  }

  state({ running, edited, hasTrace }: { running: boolean; edited: boolean; hasTrace: boolean }): void {
    this.#run.disabled = running;
    this.#stop.disabled = !running;
    this.#restore.disabled = !edited;
    this.#trace.disabled = !hasTrace;
  }

  get shareButton(): HTMLButtonElement {
    return this.#share;
  }
}
