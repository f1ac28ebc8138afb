// One program of the page: its editor, its output, and the box from which `input()` reads.

import type { Failure, Output } from "../protocol.ts";
import { h } from "./dom.ts";
import { runnable } from "./download.ts";
import type { Hosts } from "./download.ts";
import { createEditor } from "./editor.ts";
import { t } from "./i18n.ts";
import type { RunRecord } from "./record.ts";
import { clock } from "./units.ts";

export interface ProgramEvents {
  /** The hosts of the lesson. A copied program has their addresses as 127.0.0.1. */
  hosts(): Hosts;
  changed(): void;
  run(): void;
  answer(id: number, line: string): void;
}

/** An output line, or the error that ended the program. */
type Line = { time: number; kind: Output["kind"] | "failure"; text: string };

export class ProgramCard {
  readonly element: HTMLElement;
  readonly host: string;
  readonly #editor: ReturnType<typeof createEditor>;
  readonly #output: HTMLElement;
  readonly #typed: HTMLTextAreaElement;
  readonly #keyboard: HTMLElement;
  readonly #ask: HTMLFormElement;
  readonly #askLabel: HTMLLabelElement;
  readonly #askInput: HTMLInputElement;
  readonly #events: ProgramEvents;
  readonly #copy: HTMLButtonElement;
  #question: { id: number; prompt: string } | undefined;
  #record: RunRecord | undefined;
  #lines: { line: Line; element: HTMLElement }[] = [];
  #shown = 0;
  #shownFailures = 0;

  constructor(host: string, hue: number, code: string, typed: string[], events: ProgramEvents) {
    this.host = host;
    this.#events = events;
    this.#editor = createEditor(code, t("editorOf", { host }), {
      changed: () => {
        this.#showKeyboard();
        events.changed();
      },
      run: () => events.run(),
    });
    this.#output = h("div", { class: "output", role: "log", tabindex: 0 });
    const id = `typed-${host}`;
    this.#typed = h("textarea", {
      id,
      rows: Math.max(typed.length, 1),
      spellcheck: "false",
      "aria-describedby": `${id}-help`,
    });
    this.#typed.value = typed.join("\n");
    this.#typed.addEventListener("input", () => {
      this.#typed.rows = Math.max(this.#typed.value.split("\n").length, 1);
      events.changed();
    });
    this.#keyboard = h(
      "div",
      { class: "keyboard" },
      h("label", { for: id, "data-t": "typedLabel" }),
      this.#typed,
      h("p", { id: `${id}-help`, class: "hint", "data-t": "typedHelp" }),
    );
    this.#askInput = h("input", { id: `ask-${host}`, type: "text", autocomplete: "off", autocapitalize: "off" });
    this.#askLabel = h("label", { for: `ask-${host}` });
    this.#ask = h(
      "form",
      { class: "ask", hidden: true, submit: (event: Event) => this.#answer(event) },
      this.#askLabel,
      h("div", { class: "ask-line" }, this.#askInput, h("button", { type: "submit", "data-t": "enter" })),
    );
    this.#copy = h("button", { type: "button", class: "quiet", click: () => this.#copyText() });
    this.element = h(
      "section",
      { class: "program", style: `--host: var(--host-${hue})` },
      h("header", {}, h("h3", {}, h("span", { class: "dot", "aria-hidden": "true" }), host), this.#copy),
      this.#editor.element,
      this.#keyboard,
      h("div", { class: "output-frame" }, this.#output, this.#ask),
    );
    this.#showKeyboard();
    this.translate();
  }

  get code(): string {
    return this.#editor.text();
  }
  /** The lines that are typed in advance. */
  get typed(): string[] {
    const { value } = this.#typed;
    return value === "" || !this.#reads ? [] : value.split("\n");
  }
  get #reads(): boolean {
    return /\binput\s*\(/.test(this.#editor.text());
  }

  #showKeyboard(): void {
    this.#keyboard.hidden = !this.#reads;
  }

  /** Replaces the program by another text. */
  setCode(code: string): void {
    if (code === this.code) return;
    this.#editor.setText(code);
    this.#showKeyboard();
  }

  setTyped(typed: string[]): void {
    this.#typed.value = typed.join("\n");
    this.#typed.rows = Math.max(typed.length, 1);
  }

  translate(): void {
    const { host } = this;
    this.#editor.setLabel(t("editorOf", { host }));
    this.#output.setAttribute("aria-label", t("outputOf", { host }));
    this.#output.dataset.empty = t(this.#record?.end === undefined ? "noOutput" : "nothing");
    this.#copy.textContent = t("copy");
    this.#copy.setAttribute("aria-label", t("copyLabel", { host }));
    if (this.#question !== undefined) this.#labelQuestion(this.#question.prompt);
  }

  async #copyText(): Promise<void> {
    try {
      await navigator.clipboard.writeText(runnable(this.code, this.#events.hosts()));
    } catch {
      return;
    }
    this.#copy.textContent = t("copied");
    setTimeout(() => this.#copy.textContent = t("copy"), 1500);
  }

  // Output.

  /** Starts a new run, or removes the last one. */
  clear(record: RunRecord | undefined): void {
    this.#record = record;
    this.#lines = [];
    this.#shown = this.#shownFailures = 0;
    this.#output.replaceChildren();
    this.#output.dataset.empty = t("noOutput");
    this.#editor.mark({ waiting: [], failed: null });
    this.endQuestion();
  }

  /** Adds the new output. */
  update(): void {
    if (this.#record === undefined) return;
    const { outputs, failures, end } = this.#record;
    const fresh: Line[] = [];
    for (; this.#shown < outputs.length; this.#shown++) {
      const output = outputs[this.#shown];
      if (output.host === this.host) fresh.push(output);
    }
    for (; this.#shownFailures < failures.length; this.#shownFailures++) {
      const failure = failures[this.#shownFailures];
      if (failure.host === this.host) fresh.push({ time: failure.time, kind: "failure", text: failure.message });
    }
    const atEnd = this.#output.scrollTop + this.#output.clientHeight > this.#output.scrollHeight - 40;
    for (const line of fresh) {
      const element = h(
        "div",
        { class: `line ${line.kind}` },
        h("span", { class: "time" }, clock(line.time)),
        h("span", { class: "said" }, line.text),
      );
      this.#lines.push({ line, element });
      this.#output.append(element);
    }
    if (end !== undefined) this.#output.dataset.empty = t("nothing");
    if (atEnd && fresh.length > 0) this.#output.scrollTop = this.#output.scrollHeight;
  }

  /** Shows the program at a time: its output so far, and where it waited. */
  showAt(time: number): void {
    if (this.#record === undefined) return;
    for (const { line, element } of this.#lines) element.classList.toggle("later", line.time > time);
    const failed = this.#record.failures.find((one) =>
      one.host === this.host && one.line !== undefined && one.time <= time
    );
    this.#editor.mark({
      waiting: this.#record.waitsAt(this.host, time),
      failed: failed === undefined ? null : { line: (failed as Required<Failure>).line, message: failed.message },
    });
  }

  // The questions of `input()`.

  ask(id: number, prompt: string): void {
    this.#question = { id, prompt };
    this.#labelQuestion(prompt);
    this.#ask.hidden = false;
    this.#askInput.value = "";
    if (document.activeElement === document.body || document.activeElement?.tagName === "BUTTON") {
      this.#askInput.focus();
    }
  }

  #labelQuestion(prompt: string): void {
    this.#askLabel.textContent = t("askLabel", { host: this.host, prompt });
  }

  #answer(event: Event): void {
    event.preventDefault();
    const question = this.#question;
    if (question === undefined) return;
    this.endQuestion();
    this.#events.answer(question.id, this.#askInput.value);
  }

  endQuestion(): void {
    this.#question = undefined;
    this.#ask.hidden = true;
  }

  remove(): void {
    this.#editor.destroy();
    this.element.remove();
  }
}
