// Shows where one of this project's programs spends its time, by V8's sampling profiler.
//
// deno run -A bench/profile.ts echo64 [default|native|deno] [--seconds 3] [--placement alone|shared] [--top 25]
//
// It prints the self time by function. The profile stays in bench/results/ for Chrome's developer tools.

import { parseArgs } from "node:util";
import { findPeers } from "./peers.ts";
import { figure } from "./statistics.ts";
import { type Placement, workloads } from "./workloads.ts";

const { values, positionals: [name, id = "default"] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "3" },
    placement: { type: "string", default: "alone" },
    top: { type: "string", default: "25" },
  },
});
const workload = workloads.find((workload) => workload.name === name);
const peer = (await findPeers()).find((peer) => peer.id === id);
if (!workload || !peer || "absent" in peer.command) {
  console.error("usage: profile.ts WORKLOAD [default|native|deno]");
  Deno.exit(2);
}

const folder = new URL(`results/profile-${name}-${id}/`, import.meta.url);
await Deno.remove(folder, { recursive: true }).catch(() => {});
await Deno.mkdir(folder, { recursive: true });
const [deno, run, ...rest] = peer.command;
const command = [deno, run, "--cpu-prof", `--cpu-prof-dir=${folder.pathname}`, ...rest];
const timing = { warmup: 0.5, seconds: Number(values.seconds) };
const { value } = await workload.run(command, values.placement as Placement, timing);
console.log(`${workload.title}: ${figure(value)} ${workload.unit} with the profiler on`);

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

const [entry] = [...Deno.readDirSync(folder)];
const { nodes, samples, timeDeltas }: Profile = JSON.parse(await Deno.readTextFile(new URL(entry.name, folder)));
const places = new Map(nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
  const file = url.replace(/.*\/(?=[^/]+\/[^/]+$)/, "");
  return [id, `${functionName || "(anonymous)"}  ${file}${url ? `:${lineNumber + 1}` : ""}`];
}));
const self = new Map<string, number>();
samples.forEach((id, i) => {
  const place = places.get(id)!;
  self.set(place, (self.get(place) ?? 0) + timeDeltas[i]);
});
const total = [...self.values()].reduce((sum, time) => sum + time, 0);
for (const [place, time] of [...self].sort((a, b) => b[1] - a[1]).slice(0, Number(values.top))) {
  console.log(`${(time / total * 100).toFixed(1).padStart(6)} %  ${place}`);
}
