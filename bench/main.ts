// The benchmark: all peers in one run.
//
//   deno run -A bench/main.ts [--quick] [--only echo,udp] [--peers default,deno,native,c] [--rounds 3] [--seconds 2]
//                             [--placement alone|shared|both] [--compare REV] [--list]
//
// --compare REV measures this tree against another commit instead: see compare.ts.
//
// Every round runs every peer once, each in a new process. The order rotates with the rounds, so that other load on the
// machine affects all peers alike. It prints medians, ranges and ratios, and writes bench/results/latest.json. After a
// complete run it also writes the figures into the documents.

import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import { compareWith } from "./compare.ts";
import { drawChart } from "./chart.ts";
import { writeFigures } from "./figures.ts";
import { describeCommit, describeMachine, findPeers, type Peer } from "./peers.ts";
import { canPin, stopAll } from "./processes.ts";
import { printRow, printSummary } from "./report.ts";
import type { Cell, Row } from "./rows.ts";
import { runWaits } from "./waits.ts";
import {
  obstacle,
  type Placement,
  placements,
  runQuietly,
  type Sample,
  type Timing,
  type Workload,
  workloads,
} from "./workloads.ts";

const HELP = `bench: this module beside C, CPython and Node, in one run

  --quick               few peers, short runs
  --only echo,udp       the workloads whose names begin so
  --peers default,c     these peers alone
  --rounds 3            how often each peer runs
  --seconds 2           how long a run is measured
  --warmup 1            how long it runs before that
  --placement both      alone (each process on a CPU of its own), shared (all on one) or both
  --compare REV         this tree against another commit, in pairs
  --list                names the workloads and the peers

It prints medians, ranges and ratios, and writes bench/results/latest.json.`;

function readOptions<const O extends NonNullable<ParseArgsConfig["options"]>>(options: O) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    refuse((error as Error).message);
  }
}

/** Ends the program because of a wrong command line. */
function refuse(reason: string): never {
  console.error(`${reason} (--help lists the options)`);
  Deno.exit(2);
}

function numberOf(name: string, text: string | undefined, usual: number): number {
  const number = text === undefined ? usual : Number(text);
  if (text?.trim() === "" || !(number > 0) || !Number.isFinite(number) || (name === "rounds" && number % 1 !== 0)) {
    refuse(`--${name} takes a ${name === "rounds" ? "whole number" : "number"} above 0, not '${text}'`);
  }
  return number;
}

const options = readOptions({
  help: { type: "boolean", short: "h", default: false },
  quick: { type: "boolean", default: false },
  only: { type: "string", default: "" },
  peers: { type: "string", default: "" },
  rounds: { type: "string" },
  seconds: { type: "string" },
  warmup: { type: "string" },
  placement: { type: "string" },
  compare: { type: "string" },
  list: { type: "boolean", default: false },
});

if (options.help) {
  console.log(HELP);
  Deno.exit(0);
}
if (options.placement !== undefined && !["alone", "shared", "both"].includes(options.placement)) {
  refuse(`--placement takes alone, shared or both, not '${options.placement}'`);
}

/** The settings of --quick: one placement, the most important peers, short runs. */
const QUICK = {
  peers: "default,native,deno,py-epoll,c",
  without: /^(client1$|receive_into|memory10000|large|forward)/,
};

const split = (list: string) => list.split(",").filter((word) => word !== "");
const only = split(options.only);
const wanted = split(options.peers || (options.quick ? QUICK.peers : ""));
const comparing = options.compare !== undefined;
const rounds = numberOf("rounds", options.rounds, comparing ? 11 : options.quick ? 2 : 3);
const timing: Timing = {
  warmup: numberOf("warmup", options.warmup, options.quick ? 0.1 : 1),
  seconds: numberOf("seconds", options.seconds, options.quick ? 0.3 : comparing ? 0.5 : 2),
};
/** Disturbed runs are repeated, but not with --quick. */
const tries = options.quick ? 1 : 4;
const where = options.placement ?? (options.quick ? "alone" : "both");

const all = await findPeers();
if (options.list) {
  console.log(`workloads: ${workloads.map((workload) => workload.name).join(" ")} waits`);
  console.log(`peers: ${all.map((peer) => peer.id).join(" ")}`);
  Deno.exit(0);
}

const unknown = wanted.filter((id) => !all.some((peer) => peer.id === id));
const chosen = workloads.filter((workload) =>
  only.length
    ? only.some((prefix) => workload.name.startsWith(prefix))
    : !workload.extra && !(options.quick && QUICK.without.test(workload.name))
);
const waits = only.length === 0 || only.includes("waits");
if (unknown.length || (chosen.length === 0 && !waits)) {
  refuse(`nothing to run for ${[...unknown, ...only].join(", ")}; --list tells the names`);
}
const peers = all.filter((peer) => wanted.length === 0 || wanted.includes(peer.id));

Deno.addSignalListener("SIGINT", async () => {
  await stopAll();
  Deno.exit(130);
});

/** Whether --compare runs a workload by default: all but the slow ones. */
function isPaired({ name }: Workload): boolean {
  return !name.startsWith("memory");
}

/** Runs one workload in one placement: all peers, round by round. */
async function compare(workload: Workload, placement: Placement): Promise<Row> {
  const cells = new Map<Peer, Cell>(peers.map((peer) => [peer, { peer: peer.id, samples: [] as Sample[] }]));
  const able = peers.filter((peer) => {
    const why = obstacle(peer, workload);
    if (why) cells.get(peer)!.absent = why;
    return !why;
  });
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < able.length; i++) {
      const peer = able[(i + round) % able.length];
      const cell = cells.get(peer)!;
      if (cell.absent) continue;
      try {
        cell.samples.push(await runQuietly(workload, peer.command as string[], placement, timing, tries));
      } catch (error) {
        cell.absent = `failed: ${(error as Error).message}`;
      }
    }
  }
  const { name, title, unit, better } = workload;
  return { name, title, unit, better, placement, cells: [...cells.values()] };
}

const machine = await describeMachine();
for (const [name, value] of Object.entries(machine)) console.log(`${name.padEnd(8)}${value}`);
console.log(`rounds  ${rounds} of ${timing.seconds} s after ${timing.warmup} s of warm-up`);
for (const peer of all) if ("absent" in peer.command) console.log(`absent  ${peer.title}: ${peer.command.absent}`);
if (!canPin) console.log("absent  taskset: nothing is pinned, so the placement is the scheduler's and figures scatter");
if (navigator.hardwareConcurrency < 2) console.log("absent  a second CPU: only the placement on one CPU is measured");

if (comparing) {
  const placement = where === "shared" ? "shared" : "alone";
  await compareWith(options.compare!, only.length ? chosen : chosen.filter(isPaired), placement, timing, rounds);
  Deno.exit(0);
}

const rows: Row[] = [];
for (const workload of chosen) {
  for (const placement of workload.placements) {
    if (where !== "both" && placement !== where && workload.placements.includes(where as Placement)) continue;
    if (placement === "alone" && workload.placements.length > 1 && navigator.hardwareConcurrency < 2) continue;
    const row = await compare(workload, placement);
    rows.push(row);
    printRow(row, placements[placement]);
  }
}
if (waits) {
  for (const row of await runWaits(options.quick ? 1 : rounds, options.quick ? 300 : 2000, [10, 100, 1000])) {
    rows.push(row);
    printRow(row, placements[row.placement]);
  }
}
printSummary(rows);

const results = new URL("results/", import.meta.url);
await Deno.mkdir(results, { recursive: true });
const complete = !options.only && !options.peers && rounds >= 3;
const commit = await describeCommit();
const record = { date: new Date().toISOString(), commit, machine, rounds, timing, complete, rows };
await Deno.writeTextFile(new URL("latest.json", results), JSON.stringify(record, null, 1));
if (complete) await writeFigures(record);
else await Deno.writeTextFile(new URL("latest.svg", results), drawChart(rows));
console.log(`\nwritten: bench/results/latest.json, ${complete ? "docs/, README.md" : "bench/results/latest.svg"}`);
Deno.exit(0);
