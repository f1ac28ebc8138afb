// The slider and the buttons that move through virtual time, one event after the other.

import { h, icon, ICONS } from "./dom.ts";
import { t } from "./i18n.ts";
import { clock } from "./units.ts";

/** Called with the chosen time, its position from 0 to 1, and whether the reader chose it. */
export type Moved = (time: number, part: number, byReader: boolean) => void;

export class Timeline {
  readonly element: HTMLElement;
  readonly #slider = h("input", { type: "range", min: 0, max: 0, value: 0, step: 1, "data-t-label": "timeline" });
  readonly #reading = h("output", {});
  readonly #moved: Moved;
  #times: number[] = [0];
  #followsEnd = true;

  constructor(moved: Moved) {
    this.#moved = moved;
    this.#slider.addEventListener("input", () => {
      this.#followsEnd = this.place === this.#times.length - 1;
      this.#show(true);
    });
    const button = (name: "first" | "back" | "forward" | "last", target: () => number) =>
      h(
        "button",
        { type: "button", class: "step", "data-t-label": name, "data-t-title": name, click: () => this.go(target()) },
        icon(ICONS[name]),
      );
    this.element = h(
      "div",
      { class: "timeline", role: "group", "data-t-label": "timeline" },
      h(
        "div",
        { class: "steps" },
        button("first", () => 0),
        button("back", () => this.place - 1),
        button("forward", () => this.place + 1),
        button("last", () => this.#times.length - 1),
      ),
      this.#slider,
      this.#reading,
    );
  }

  get place(): number {
    return Number(this.#slider.value);
  }
  get time(): number {
    return this.#times[this.place] ?? 0;
  }

  /** Starts a new run, and stays at its end while events are added. */
  start(): void {
    this.#followsEnd = true;
    this.update([0]);
  }

  /** Takes the times of the events. The position stays at its time, or at the end if it was there. */
  update(times: number[]): void {
    const { time } = this;
    this.#times = times;
    const last = times.length - 1;
    this.#slider.max = String(last);
    this.#slider.disabled = last === 0;
    const place = this.#followsEnd ? last : times.findLastIndex((one) => one <= time);
    this.#slider.value = String(Math.max(place, 0));
    this.#show();
  }

  go(place: number): void {
    const last = this.#times.length - 1;
    this.#slider.value = String(Math.max(0, Math.min(place, last)));
    this.#followsEnd = this.place === last;
    this.#show(true);
  }

  translate(): void {
    this.#show();
  }

  #show(byReader = false): void {
    const text = t("seconds", { time: clock(this.time) });
    this.#reading.textContent = text;
    this.#slider.setAttribute("aria-valuetext", text);
    const last = this.#times.length - 1;
    this.#moved(this.time, last === 0 ? 0 : this.place / last, byReader);
  }
}
