// The Worker: it runs the programs of one page on a simulated network and reports to the page.

import type { Ending, FromWorker, Output, Program, RunRequest, ToWorker } from "../protocol.ts";
import { formatAll } from "./format.ts";
import type { Network } from "./network.ts";
import { load, placeOf } from "./programs.ts";
import type { Loaded } from "./programs.ts";
import { Recorder } from "./recorder.ts";
import { simulate } from "./simulator.ts";
import { lineOf, Waits } from "./waits.ts";

/** The virtual seconds that typing a line in advance takes. */
const TYPING = 1;
/** The step of virtual time while a reader types. It then passes as fast as real time. */
const PACE_MS = 25;
const MAX_LINES = 2000;
const MAX_LINE = 4000;
const MAX_PACKETS = 10_000;
/** After the programs have ended, the run goes on for at most this many steps, for packets under way. */
const MAX_STEPS = 100;
/** How many of the last packets are checked for being under way. */
const MAX_UNDER_WAY = 200;

// The simulation replaces the global ones.
const realTimeout = globalThis.setTimeout.bind(globalThis);

const post = (message: FromWorker) => self.postMessage(message);

/** Ends the run from within. The reason is reported as the ending of the run. */
class Cut extends Error {
  constructor(readonly reason: Ending) {
    super(reason);
  }
}

let cut: (reason: Cut) => void = () => {};
const questions = new Map<number, (line: string) => void>();
let asked = 0;

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === "run") run(data);
  else if (data.type === "input") questions.get(data.id)?.(data.line);
  else cut(new Cut("stopped"));
});

async function run({ settings, programs, silent }: RunRequest): Promise<void> {
  let network: Network | undefined;
  const now = () => network?.time ?? 0;
  const waits = new Waits(now);
  const recorder = new Recorder(waits, post);
  const unfinished = new Set(programs.map(({ host }) => host));
  let ended: Cut | undefined;
  const cutOff = new Promise<never>((_, reject) => {
    cut = (reason) => {
      ended ??= reason;
      reject(reason);
    };
  });
  cutOff.catch(() => {});
  let lines = 0;

  function say(host: string, kind: Output["kind"], text: string): void {
    if (++lines > MAX_LINES) {
      const error = new Cut("too many lines");
      cut(error);
      throw error;
    }
    if (text.length > MAX_LINE) text = `${text.slice(0, MAX_LINE)}…`;
    post({ type: "output", output: { host, time: now(), kind, text } });
  }

  function fail(host: string, error: unknown): void {
    if (error instanceof Cut) return;
    const place = placeOf(error) ?? lineOf(error);
    const message = error instanceof Error ? `${error.name}: ${error.message}` : `Uncaught ${formatAll([error])}`;
    const line = place?.host === host ? place.line : undefined;
    post({ type: "failure", failure: { host, time: now(), message, line } });
  }

  self.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    const host = (placeOf(event.reason) ?? lineOf(event.reason))?.host;
    fail(host ?? programs[0].host, event.reason);
  });

  /** Asks the person at the page for a line. Until then virtual time passes as fast as real time, so other hosts go on. */
  async function ask(host: string, prompt: string): Promise<string> {
    const id = asked++;
    const answer = new Promise<string>((resolve) => questions.set(id, resolve));
    post({ type: "ask", host, id, time: now(), prompt });
    if (questions.size === 1) pace();
    const line = await answer;
    questions.delete(id);
    return line;
  }

  async function pace(): Promise<void> {
    while (questions.size > 0) {
      await network!.outside(new Promise<void>((resolve) => realTimeout(resolve, PACE_MS)));
      await network!.sleep(PACE_MS / 1000);
    }
  }

  function helpersOf({ host, typed }: Program) {
    const rest = [...typed];
    const log = (...values: unknown[]) => say(host, "log", formatAll(values));
    const error = (...values: unknown[]) => say(host, "error", formatAll(values));
    return {
      console: { log, info: log, debug: log, error, warn: error },
      sleep: (seconds: number) => network!.sleep(seconds),
      async input(prompt: unknown = ""): Promise<string> {
        const text = String(prompt);
        let line = rest.shift();
        if (line === undefined) line = await ask(host, text);
        else await network!.sleep(TYPING);
        say(host, "typed", text + line);
        return line;
      },
    };
  }

  async function main(net: Network): Promise<void> {
    network = net;
    const modules = programs.map((program) => net.host(program.host));
    for (const host of silent) {
      net.host(host);
      net.cut(host);
    }
    const loaded = await net.outside(Promise.all(programs.map(async (program, place) => {
      try {
        return await load(program, modules[place], helpersOf(program), waits.of(program.host));
      } catch (error) {
        fail(program.host, error);
        unfinished.delete(program.host);
        return undefined;
      }
    })));
    const running = loaded.filter((one): one is Loaded => one !== undefined).map(async ({ host, start }) => {
      await start().catch((error) => fail(host, error));
      unfinished.delete(host);
    });
    await Promise.race([Promise.all(running).then(() => arrive(net)), cutOff]);
  }

  /** Waits until packets under way, and the answers to them, have arrived. */
  async function arrive(net: Network): Promise<void> {
    const isUnderWay = () => {
      for (let index = net.count - 1; index >= Math.max(0, net.count - MAX_UNDER_WAY); index--) {
        if (net.packet(index).fate === "under way") return true;
      }
      return false;
    };
    const step = Math.max(settings.latency, 0.001);
    for (let steps = 0; steps < MAX_STEPS && isUnderWay(); steps++) await net.sleep(step);
  }

  const outcome = await simulate(settings, main, (net) => {
    recorder.settled(net);
    if (net.count > MAX_PACKETS) cut(new Cut("too many packets"));
  });
  // An unhandled rejection is reported in a later task.
  await new Promise((resolve) => realTimeout(resolve, 0));
  recorder.finish();
  if (ended !== undefined) outcome.reason = ended.reason;
  post({ type: "end", ...outcome, unfinished: [...unfinished] });
}
