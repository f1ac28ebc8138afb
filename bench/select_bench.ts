// The cost of a wait, compared with CPython, C and Deno's own API. It prints only the table of waits.ts.
//
// deno run -A bench/select_bench.ts [--rounds=3] [--waits=2000] [--sizes=10,100,1000]

import { parseArgs } from "node:util";
import { middle } from "./rows.ts";
import { figure } from "./statistics.ts";
import { runWaits } from "./waits.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    waits: { type: "string", default: "2000" },
    sizes: { type: "string", default: "10,100,1000" },
  },
});

/** The columns: their titles, and the peers whose figures they show. */
const COLUMNS: [title: string, peers: string[]][] = [
  ["ours µs", ["default"]],
  ["native µs", ["native"]],
  ["Deno µs", ["deno"]],
  ["CPython µs", ["py-select", "py-epoll"]],
  ["C µs", ["c"]],
];

console.log(["wait over".padEnd(18), ...COLUMNS.map(([title]) => title.padStart(10))].join("  "));
for (const row of await runWaits(Number(values.rounds), Number(values.waits), values.sizes.split(",").map(Number))) {
  const figures = COLUMNS.map(([, peers]) => {
    const value = peers.map((peer) => middle(row, peer, "value")).find(Number.isFinite);
    return (value === undefined ? "-" : figure(value)).padStart(10);
  });
  console.log([row.name.padEnd(18), ...figures].join("  "));
}
