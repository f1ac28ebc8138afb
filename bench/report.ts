// The figures as text: a table for each workload, a summary of ratios, and the targets.

import { middle, ratio, type Row } from "./rows.ts";
import { figure, summarize } from "./statistics.ts";
import { targets } from "./targets.ts";

function percent(share: number): string {
  return Number.isNaN(share) ? "" : `${Math.round(share * 100)} %`;
}

function times(value: number): string {
  return Number.isFinite(value) && value > 0 ? value.toFixed(2) : "";
}

/** Prints one workload's table. */
export function printRow(row: Row, placement: string): void {
  console.log(`\n${row.title}  [${row.name}]\n${row.unit}, ${row.better} is better; ${placement}`);
  console.log(columns("", "median", "min", "max", "vs deno", "vs c", "us CPU/op", "on CPU", "load idle"));
  for (const { peer, samples, absent } of row.cells) {
    if (samples.length === 0) {
      console.log(`  ${peer.padEnd(14)}${absent}`);
      continue;
    }
    const { median, min, max } = summarize(samples.map((sample) => sample.value));
    const cost = middle(row, peer, "cost");
    console.log(columns(
      peer,
      figure(median),
      figure(min),
      figure(max),
      times(ratio(row, peer, "deno")),
      times(ratio(row, peer, "c")),
      Number.isNaN(cost) ? "" : figure(cost),
      percent(middle(row, peer, "busy")),
      percent(middle(row, peer, "idle")),
    ));
    if (absent) console.log(`  ${"".padEnd(14)}${absent}`);
  }
  const limit = row.cells.filter(({ peer }) => middle(row, peer, "idle") < 0.02 && middle(row, peer, "busy") < 0.9);
  if (limit.length) {
    console.log(`  the load was the limit for ${limit.map(({ peer }) => peer).join(", ")}: compare the CPU time there`);
  }
}

function columns(first: string, ...rest: string[]): string {
  return `  ${first.padEnd(14)}${rest.map((word) => word.padStart(10)).join("")}`;
}

/** Prints all ratios to Deno's own API, and whether the targets are met. */
export function printSummary(rows: Row[]): void {
  const peers = rows[0]?.cells.map((cell) => cell.peer) ?? [];
  console.log("\nTimes as good as the same program on Deno's own API (above 1 is better)");
  console.log(`  ${"".padEnd(22)}${peers.map((peer) => peer.padStart(13)).join("")}`);
  for (const row of rows.filter((row) => row.cells.some((cell) => cell.peer === "deno"))) {
    const ratios = peers.map((peer) => times(ratio(row, peer, "deno")).padStart(13));
    console.log(`  ${`${row.name} ${row.placement}`.padEnd(22)}${ratios.join("")}`);
  }
  const judged = targets(rows).filter(({ value }) => Number.isFinite(value));
  if (judged.length === 0) return;
  console.log("\nAims");
  for (const { title, value, least } of judged) {
    console.log(`  ${value >= least ? "met   " : "missed"} ${title.padEnd(44)} ${value.toFixed(2)}, at least ${least}`);
  }
}
