// Compares applications with those of other platforms: an HTTP server, a forwarder, a DNS-like responder, two chats.
//
// deno run -A bench/apps/main.ts [--only http,chat] [--rounds 3] [--seconds 3]
//
// Every round runs every peer once, each in a new process on CPU 1 with its load on CPU 0. The order rotates with the
// rounds. It prints the median and the range, and the CPU time of the program under test per operation.

import { parseArgs } from "node:util";
import { describeMachine } from "../peers.ts";
import { stopAll } from "../processes.ts";
import { figure, median, summarize } from "../statistics.ts";
import { applications } from "./applications.ts";
import type { Result } from "./applications.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
  },
});
const only = values.only.split(",").filter((word) => word !== "");

Deno.addSignalListener("SIGINT", async () => {
  await stopAll();
  Deno.exit(130);
});

for (const [name, value] of Object.entries(await describeMachine())) console.log(`${name.padEnd(8)}${value}`);
console.log(`rounds  ${values.rounds} of ${values.seconds} s`);

for (const { name, title, unit, peers } of await applications()) {
  if (only.length > 0 && !only.some((prefix) => name.startsWith(prefix))) continue;
  console.log(`\n${title}  [${name}]\n${unit}; more is better`);
  const results = new Map<string, Result[]>(peers.map(({ title }) => [title, []]));
  const failures = new Map<string, string>();
  for (const { title, run } of peers) if (typeof run !== "function") failures.set(title, `absent: ${run.absent}`);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (let i = 0; i < peers.length; i++) {
      const { title, run } = peers[(i + round) % peers.length];
      if (typeof run !== "function" || failures.has(title)) continue;
      try {
        results.get(title)!.push(await run(Number(values.seconds)));
      } catch (error) {
        failures.set(title, `failed: ${(error as Error).message}`);
      }
    }
  }
  console.log(`  ${"".padEnd(24)}${["median", "min", "max", "us CPU/op"].map((word) => word.padStart(10)).join("")}`);
  for (const [title, samples] of results) {
    if (samples.length > 0) {
      const { median: middle, min, max } = summarize(samples.map(({ value }) => value));
      const costs = samples.map(({ cost }) => cost).filter((cost) => cost !== undefined);
      const cells = [middle, min, max, ...costs.length > 0 ? [median(costs)] : []].map(figure);
      console.log(`  ${title.padEnd(24)}${cells.map((cell) => cell.padStart(10)).join("")}`);
    }
    if (failures.has(title)) console.log(`  ${title.padEnd(24)}${failures.get(title)}`);
  }
}
Deno.exit(0);
