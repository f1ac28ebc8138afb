// Mixed traffic with random faults for a long time: does anything grow, fall or break?
//
//   deno task soak [--minutes 5] [--backend deno|native|both] [--seed N] [--out soak.svg]
//
// Every second it samples the process's memory, its descriptors and the bytes that arrived. The chart shows them. The run
// fails if a round fails or if a rejection is not handled. It also fails if the process has more descriptors or memory at
// the end than after the first minute (or the first quarter of a shorter run).

import { options as read, refuse } from "../../examples/_shared.ts";
import { BACKENDS } from "../_backends.ts";
import { Random } from "../fuzz/random.ts";
import { draw } from "./chart.ts";
import { KINDS } from "./traffic.ts";

const options = read("soak: mixed traffic with random faults, for --backend deno, native or both; drawn into --out", {
  minutes: 5,
  backend: "both",
  seed: Date.now() % 1_000_000,
  out: "soak.svg",
});

/** How many rounds run at once, per backend. */
const WORKERS = 8;
/** How much memory may vary, in MB, because of garbage collection. */
const SLACK_MB = 64;
/** How many descriptors may vary, because of rounds under way. */
const SLACK_DESCRIPTORS = 200;

const MB = 1 << 20;
const seconds = options.minutes * 60;
const backends = BACKENDS.filter(({ name }) => options.backend === "both" || options.backend === name);
if (seconds === 0) refuse("--minutes takes more than 0");
if (backends.length === 0) refuse(`--backend takes deno, native or both, not '${options.backend}'`);

const failures: string[] = [];
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  failures.push(`unhandled: ${event.reason?.stack ?? event.reason}`);
});

const samples = {
  memory: [] as number[],
  descriptors: [] as number[],
  traffic: [] as number[],
  rounds: [] as number[],
};
const counts = new Map<string, number>();
let bytes = 0;
let rounds = 0;
const directory = Deno.makeTempDirSync({ prefix: "berkeley_" });
const end = performance.now() + seconds * 1000;

const sampling = setInterval(() => {
  samples.memory.push(Deno.memoryUsage().rss / MB);
  samples.descriptors.push([...Deno.readDirSync("/proc/self/fd")].length);
  samples.traffic.push(bytes / MB);
  samples.rounds.push(rounds);
  bytes = rounds = 0;
  showProgress();
}, 1000);

/** Shows the progress: on a terminal one line that changes every second, elsewhere a line every minute. */
function showProgress(): void {
  const elapsed = samples.rounds.length;
  const done = samples.rounds.reduce((sum, count) => sum + count, 0);
  const line = `${elapsed} of ${Math.round(seconds)} s, ${done} rounds, ${samples.memory.at(-1)!.toFixed(0)} MB, ` +
    `${samples.descriptors.at(-1)} descriptors, ${failures.length} failures`;
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${line}`));
  else if (elapsed % 60 === 0) console.error(line);
}

async function work(worker: number, { name, module: m }: typeof backends[number]): Promise<void> {
  const r = new Random(options.seed + worker);
  const place = { m, r, directory, count: (count: number) => void (bytes += count) };
  while (performance.now() < end && failures.length === 0) {
    const kind = r.pick(Object.keys(KINDS));
    try {
      await KINDS[kind](place);
    } catch (error) {
      failures.push(`${name} ${kind}: ${(error as Error).stack ?? error}`);
    }
    rounds++;
    counts.set(`${name} ${kind}`, (counts.get(`${name} ${kind}`) ?? 0) + 1);
  }
}

console.log(`seed ${options.seed}, ${backends.map(({ name }) => name).join(" and ")}, ${options.minutes} minutes`);
await Promise.all(backends.flatMap((backend) => Array.from({ length: WORKERS }, (_, i) => work(i, backend))));
clearInterval(sampling);
if (Deno.stderr.isTerminal()) console.error();
Deno.removeSync(directory, { recursive: true });

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
/** The level after the start and the level at the end. */
function levels(values: number[]): [number, number] {
  const part = Math.max(Math.ceil(Math.min(values.length / 4, 60)), 1);
  return [median(values.slice(part, 2 * part)), median(values.slice(-part))];
}
for (
  const [what, values, slack] of [
    ["memory in MB", samples.memory, SLACK_MB],
    ["descriptors", samples.descriptors, SLACK_DESCRIPTORS],
  ] as const
) {
  const [before, after] = levels(values);
  console.log(`${what}: ${before.toFixed(0)}, at the end ${after.toFixed(0)}`);
  if (after > before + slack) failures.push(`${what} grew from ${before} to ${after}`);
}
console.log(`MB per second: ${levels(samples.traffic).map((value) => value.toFixed(0)).join(", at the end ")}`);
for (const [kind, count] of [...counts].sort()) console.log(`${kind}: ${count} rounds`);

const panels = [
  { title: "memory, MB", values: samples.memory },
  { title: "open descriptors", values: samples.descriptors },
  { title: "received, MB per second", values: samples.traffic },
  { title: "rounds per second", values: samples.rounds },
];
await Deno.writeTextFile(options.out, draw(panels, seconds));
console.log(`drawn in ${options.out}`);
for (const failure of failures) console.error(failure);
Deno.exit(failures.length > 0 ? 1 : 0);
