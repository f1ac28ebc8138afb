// Compares two peers on one workload, quickly, for tuning.
//
// deno run -A bench/ab.ts echo64 default deno [--rounds 9] [--seconds 0.5] [--warmup 1] [--placement alone|shared]
//
// Both run in every round, in alternating order, each in a new process. It prints the median of the rounds' ratios of
// the first peer to the second: of the rate (or of the amount, if less is better) and of the CPU time per operation.
// The CPU time is meaningful also on a busy machine.

import { parseArgs } from "node:util";
import { findPeers } from "./peers.ts";
import { figure, summarize } from "./statistics.ts";
import { obstacle, type Placement, placements, runQuietly, type Sample, workloads } from "./workloads.ts";

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "9" },
    seconds: { type: "string", default: "0.5" },
    warmup: { type: "string", default: "1" },
    placement: { type: "string", default: "alone" },
    help: { type: "boolean", default: false },
  },
});
const [name = "", first = "default", second = "deno"] = positionals;
const peers = await findPeers();
const workload = workloads.find((workload) => workload.name === name);
const placement = values.placement as Placement;
const pair = [first, second].map((id) => peers.find((peer) => peer.id === id));
if (values.help || !workload || pair.includes(undefined) || !(placement in placements)) {
  console.log(`usage: ab.ts WORKLOAD [PEER PEER] [--rounds 9] [--seconds 0.5] [--warmup 1] [--placement alone|shared]
workloads: ${workloads.map((workload) => workload.name).join(" ")}
peers: ${peers.map((peer) => peer.id).join(" ")}`);
  Deno.exit(2);
}

const timing = { warmup: Number(values.warmup), seconds: Number(values.seconds) };
const samples: Sample[][] = [[], []];
for (let round = 0; round < Number(values.rounds); round++) {
  for (const i of round % 2 ? [1, 0] : [0, 1]) {
    const peer = pair[i]!;
    const why = obstacle(peer, workload);
    try {
      if (why) throw new Error(why);
      samples[i].push(await runQuietly(workload, peer.command as string[], placement, timing));
    } catch (error) {
      console.error(`${peer.id}: ${(error as Error).message}`);
      Deno.exit(1);
    }
  }
}

console.log(`${workload.title} (${workload.unit}; ${placements[placement]})`);
for (const [i, peer] of pair.entries()) {
  const { median, min, max } = summarize(samples[i].map((sample) => sample.value));
  const line = [`${peer!.id.padEnd(14)} ${figure(median).padStart(9)}  ${figure(min)} – ${figure(max)}`];
  for (const key of ["cost", "busy", "idle", "others"] as const) {
    const known = samples[i].map((sample) => sample[key]).filter((value) => value !== undefined);
    if (known.length) {
      line.push(
        `${{ cost: "µs CPU/op", busy: "busy", idle: "load idle", others: "other programs" }[key]} ${
          figure(summarize(known).median)
        }`,
      );
    }
  }
  console.log(line.join("   "));
}
for (const key of ["value", "cost"] as const) {
  const ratios = samples[0].map((sample, i) => sample[key]! / samples[1][i][key]!).filter(Number.isFinite);
  if (ratios.length === 0) continue;
  const { median, min, max } = summarize(ratios);
  console.log(
    `${first}/${second} ${key === "value" ? "" : "CPU "}ratio ${median.toFixed(3)}  (${min.toFixed(2)} – ${
      max.toFixed(2)
    })`,
  );
}
