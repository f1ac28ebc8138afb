// The programs of a lesson, their run, and the views of the run.

import type { Lesson } from "../lessons/lesson.ts";
import { USUAL } from "../lessons/lesson.ts";
import type { End, Ending, FromWorker, Settings } from "../protocol.ts";
import { analyse } from "./analyse.ts";
import { Controls } from "./controls.ts";
import { h } from "./dom.ts";
import { programsAsZip, save } from "./download.ts";
import type { Hosts } from "./download.ts";
import { keyHint } from "./editor.ts";
import { language, t, translate } from "./i18n.ts";
import type { TextName } from "./i18n.ts";
import { Ladder } from "./ladder.ts";
import type { Carried } from "./link.ts";
import { ProgramCard } from "./program.ts";
import { RunRecord } from "./record.ts";
import { prepare, Run } from "./runner.ts";
import { SocketTable, StateBars } from "./sockets.ts";
import { Timeline } from "./timeline.ts";
import { clock } from "./units.ts";

const note = (en: string, zh: string) => language() === "zh" ? zh : en;

const END_TEXTS: Record<Ending, TextName> = {
  "ended": "ended",
  "waiting": "waiting",
  "too long": "tooLong",
  "too many lines": "tooManyLines",
  "too many packets": "tooManyPackets",
  "stopped": "stopped",
  "failed": "failed",
};

/** The number of host colours in style.css. */
const HUES = 6;
/** The Worker of the next run is made after this delay, when the page has been drawn. */
const PREPARE_MS = 100;

export class Workbench {
  readonly element: HTMLElement;
  readonly #cards: HTMLElement = h("div", { class: "programs" });
  readonly #controls: Controls;
  readonly #status = h("p", { class: "status", role: "status" });
  readonly #banner = h("p", { class: "banner", role: "status", hidden: true });
  /** Beside the programs: the packets. */
  readonly #seen = h("div", { class: "seen", hidden: true });
  /** Below: the time, the states, the sockets. */
  readonly #results = h("div", { class: "results", hidden: true });
  readonly #empty = h("p", { class: "empty before-run", "data-t": "emptyRun" });
  readonly #ladder = new Ladder();
  readonly #table = new SocketTable();
  readonly #bars = new StateBars();
  readonly #timeline: Timeline;
  readonly #share: () => Promise<boolean>;
  /** The changes in other lessons, which are kept until the reader returns to them. */
  readonly #drafts = new Map<string, Carried>();
  #programs: ProgramCard[] = [];
  #lesson: Lesson | undefined;
  #run: Run | undefined;
  #record: RunRecord | undefined;
  #cut: "stopped" | "silent" | "slow" | undefined;
  #edited = false;
  #isDrawing = false;
  #started = 0;
  #asking = 0;

  /**
   * `share` writes the link to the address bar and the clipboard. It returns false if the clipboard is not available.
   */
  constructor(share: () => Promise<boolean>) {
    this.#share = share;
    this.#controls = new Controls({
      run: () => this.run(),
      stop: () => this.stop(),
      changed: () => this.#changed(),
      share: () => this.#shared(),
      restore: () => this.#restore(),
      downloadPrograms: () =>
        save(`${this.#lesson!.id}.zip`, programsAsZip(this.#programs, this.#hosts), "application/zip"),
      downloadTrace: () => {
        const trace = this.#record?.end?.pcapng;
        if (trace !== undefined) save(`${this.#lesson!.id}.pcapng`, trace, "application/x-pcapng");
      },
    });
    this.#timeline = new Timeline((time, part, byReader) => {
      for (const card of this.#programs) card.showAt(time);
      this.#ladder.showAt(time, byReader);
      this.#table.showAt(time);
      this.#bars.showAt(part);
    });
    const programs = h(
      "div",
      { class: "programs-side" },
      h("h2", { id: "programs-title", "data-t": "programs" }),
      this.#cards,
    );
    const packets = h(
      "div",
      { class: "packets-side" },
      h("h2", { id: "packets-title", "data-t": "packets" }),
      this.#empty,
      this.#seen,
    );
    this.#seen.append(
      this.#ladder.element,
      h(
        "section",
        { class: "packet", "aria-labelledby": "packet-title" },
        h("h3", { id: "packet-title", "data-t": "packet" }),
        this.#ladder.details,
      ),
    );
    this.#results.append(this.#bars.element, this.#table.element);
    this.element = h(
      "section",
      { class: "workbench", "aria-labelledby": "programs-title" },
      this.#banner,
      h("div", { class: "settings" }, this.#controls.network, this.#controls.tools),
      h("div", { class: "run-bar" }, this.#controls.buttons, this.#status),
      h("div", { class: "stage" }, programs, packets),
      this.#timeline.element,
      this.#results,
    );
    translate(this.element);
  }

  get #hosts(): Hosts {
    return { running: this.#programs.map(({ host }) => host), silent: this.#lesson?.silent ?? [] };
  }

  /** Shows a lesson's programs: those of a link, those that were edited before, or the original ones. */
  open(lesson: Lesson, carried: Carried | null, damaged: boolean): void {
    const edited = this.carried();
    if (this.#lesson !== undefined && edited !== null) this.#drafts.set(this.#lesson.id, edited);
    this.#show(lesson, carried ?? this.#drafts.get(lesson.id) ?? null);
    this.#banner.hidden = carried === null && !damaged;
    this.#banner.dataset.t = damaged ? "linkBroken" : "linked";
    translate(this.element);
  }

  #show(lesson: Lesson, carried: Carried | null): void {
    this.#end();
    this.#lesson = lesson;
    for (const card of this.#programs) card.remove();
    const programs = carried?.programs ?? lesson.programs(note);
    this.#programs = programs.map(({ host, code, typed = [] }, place) =>
      new ProgramCard(host, place % HUES, code, typed, {
        hosts: () => this.#hosts,
        changed: () => this.#changed(),
        run: () => this.run(),
        answer: (id, line) => {
          this.#asking--;
          this.#run?.answer(id, line);
          this.#tellStatus();
        },
      })
    );
    this.#cards.replaceChildren(...this.#programs.map(({ element }) => element));
    translate(this.#cards);
    this.#controls.settings = carried?.settings ?? { ...USUAL, ...lesson.settings };
    this.#edited = carried !== null;
    this.#record = undefined;
    this.#results.hidden = this.#seen.hidden = this.#timeline.element.hidden = true;
    this.#empty.hidden = false;
    this.#showState();
    this.#tellStatus();
  }

  /** The content of a link, or null if the lesson was not changed. */
  carried(): Carried | null {
    if (!this.#edited) return null;
    return {
      programs: this.#programs.map(({ host, code, typed }) => ({ host, code, typed })),
      settings: this.#settings,
    };
  }

  get #settings(): Settings {
    return this.#controls.settings;
  }

  /** Changes the language. Programs that were not edited get their comments in it. */
  translate(): void {
    if (!this.#edited && this.#lesson !== undefined) {
      const programs = this.#lesson.programs(note);
      programs.forEach(({ code, typed = [] }, place) => {
        const card = this.#programs[place];
        if (card.code !== code) card.setCode(code);
        card.setTyped(typed);
      });
    }
    for (const card of this.#programs) card.translate();
    this.#ladder.translate();
    this.#table.translate();
    this.#bars.translate();
    this.#timeline.translate();
    this.#tellStatus();
  }

  #changed(): void {
    this.#edited = true;
    this.#showState();
  }

  #restore(): void {
    if (this.#lesson === undefined) return;
    this.#drafts.delete(this.#lesson.id);
    this.#banner.hidden = true;
    this.#show(this.#lesson, null);
  }

  async #shared(): Promise<void> {
    const label = this.#controls.shareButton.querySelector("span")!;
    label.textContent = t(await this.#share() ? "shared" : "shareFailed");
    setTimeout(() => label.textContent = t("share"), 2000);
  }

  #showState(): void {
    this.#controls.state({
      running: this.#run !== undefined,
      edited: this.#edited,
      hasTrace: (this.#record?.end?.pcapng.length ?? 0) > 0,
    });
  }

  // A run.

  run(): void {
    if (this.#run !== undefined || this.#lesson === undefined) return;
    const record = this.#record = new RunRecord();
    const hosts = this.#programs.map(({ host }, place) => ({ name: host, hue: place % HUES }));
    for (const host of this.#lesson.silent ?? []) hosts.push({ name: host, hue: HUES - 1 });
    for (const card of this.#programs) card.clear(record);
    this.#banner.hidden = true;
    this.#cut = undefined;
    this.#asking = 0;
    this.#empty.hidden = true;
    this.#results.hidden = this.#seen.hidden = this.#timeline.element.hidden = false;
    this.#ladder.start(record, hosts);
    this.#table.start(record, hosts);
    this.#bars.start(record, hosts);
    this.#timeline.start();
    const brokenLines = new Map<string, number | undefined>();
    const programs = this.#programs.map(({ host, code, typed }) => {
      const { edits, declared, brokenLine } = analyse(code);
      brokenLines.set(host, brokenLine);
      return { host, code, edits, declared, typed };
    });
    this.#started = performance.now();
    this.#run = new Run(programs, this.#settings, this.#lesson.silent ?? [], {
      message: (message) => this.#message(message, brokenLines),
      cut: (reason) => {
        this.#cut = reason;
        this.#end();
        this.#drawSoon();
      },
    });
    this.#showState();
    this.#tellStatus();
  }

  stop(): void {
    this.#run?.stop();
  }

  #end(): void {
    this.#run?.discard();
    this.#run = undefined;
    for (const card of this.#programs) card.endQuestion();
    setTimeout(prepare, PREPARE_MS);
    this.#showState();
    this.#tellStatus();
  }

  #message(message: FromWorker, brokenLines: Map<string, number | undefined>): void {
    const record = this.#record!;
    switch (message.type) {
      case "output":
        record.outputs.push(message.output);
        break;
      case "failure": {
        const { failure } = message;
        // The engine does not report the line of a syntax error in a module. The editor's parser does.
        if (failure.line === undefined && failure.message.startsWith("SyntaxError")) {
          failure.line = brokenLines.get(failure.host);
        }
        record.failures.push(failure);
        break;
      }
      case "packets":
        record.packets.push(...message.packets);
        break;
      case "fates":
        for (const { index, fate, arrival } of message.fates) Object.assign(record.packets[index], { fate, arrival });
        break;
      case "moments":
        record.moments.push(...message.moments);
        break;
      case "waits":
        record.waits.push(...message.waits);
        break;
      case "ask":
        this.#asking++;
        this.#programs.find(({ host }) => host === message.host)?.ask(message.id, message.prompt);
        this.#tellStatus();
        break;
      case "end":
        record.end = message;
        record.took = performance.now() - this.#started;
        this.#end();
        break;
      case "alive":
        return;
    }
    this.#drawSoon();
  }

  #drawSoon(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    const record = this.#record;
    if (record === undefined) return;
    record.touch();
    for (const card of this.#programs) card.update();
    this.#ladder.update();
    this.#bars.update();
    this.#timeline.update(record.times);
    this.#tellStatus();
  }

  #tellStatus(): void {
    this.#status.replaceChildren(...this.#statusParts());
    this.#status.dataset.state = this.#run !== undefined
      ? "running"
      : this.#record === undefined
      ? "idle"
      : this.#record.failures.length > 0
      ? "failed"
      : "";
    if (this.#record?.end !== undefined) {
      // For tests: how long the reader waited.
      this.element.dataset.took = this.#record.took.toFixed(1);
      this.element.dataset.end = this.#record.end.reason;
    } else {
      delete this.element.dataset.took;
      if (this.#cut !== undefined && this.#run === undefined) this.element.dataset.end = this.#cut;
      else delete this.element.dataset.end;
    }
  }

  #statusParts(): (string | Node)[] {
    const record = this.#record;
    if (this.#run !== undefined) return [t(this.#asking > 0 ? "asking" : "running")];
    if (record === undefined) return [keyHint()];
    if (record.end === undefined) return this.#cut === undefined ? [] : [t(this.#cut)];
    return [this.#endText(record.end, record)];
  }

  #endText({ reason, time, message, unfinished }: End, record: RunRecord): string {
    const values = { time: clock(time), packets: record.packets.length, message };
    const between = language() === "zh" ? "；" : "; ";
    const failed = [...new Set(record.failures.map(({ host }) => host))].join(between);
    const after = failed === "" ? "" : ` ${t("broken", { hosts: failed })}`;
    if (reason !== "waiting") return t(END_TEXTS[reason], values) + after;
    const hosts = unfinished.map((host) => {
      const [line] = record.waitsAt(host, time);
      return line === undefined ? host : t("waitingAt", { host, line });
    });
    return t("waiting", { ...values, hosts: hosts.join(between) }) + after;
  }
}
