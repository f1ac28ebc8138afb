// The figures that a run of the benchmark writes into the documents.

import assert from "node:assert/strict";
import { describeChart, drawChart } from "../bench/chart.ts";
import { fill } from "../bench/figures.ts";
import type { Run } from "../bench/figures.ts";

function row(name: string, values: Record<string, number>): Run["rows"][number] {
  const cells = Object.entries(values).map(([peer, value]) => ({ peer, samples: [{ value }] }));
  return { name, title: name, unit: "k/s", better: "more", placement: "alone", cells };
}

const run: Run = {
  date: "2026-11-28T12:00:00.000Z",
  commit: "abc1234",
  machine: { cpu: "2 × CPU", system: "linux 6", deno: "2.9.6" },
  rounds: 3,
  timing: { seconds: 2 },
  rows: [
    row("echo64", { default: 95, native: 120, deno: 100, c: 150 }),
    row("udp", { default: 90, native: 150, deno: 100, c: 200 }),
  ],
};

Deno.test("fill replaces what stands between markers, in a line and in lines of its own", () => {
  const text =
    "a <!-- figures:default-en -->old<!-- /figures --> b\n\n<!-- figures:conditions -->\nold\n<!-- /figures -->\n";
  const filled = fill(text, run);
  assert.equal(
    filled,
    "a <!-- figures:default-en -->0.90 to 0.95 of the same program on Deno's API, with 64-byte messages<!-- /figures --> b\n\n" +
      "<!-- figures:conditions -->\n\nMeasured on 2026-11-28 at commit abc1234 on 2 × CPU (linux 6, Deno 2.9.6), 3 rounds of " +
      "2 s.\n\n<!-- /figures -->\n",
  );
  assert.equal(fill(filled, run), filled);
});

Deno.test("fill refuses a name that it does not know", () => {
  assert.throws(() => fill("<!-- figures:nothing -->x<!-- /figures -->", run), /no figures are called nothing/);
});

Deno.test("the documents' markers are all known", async () => {
  for (const path of ["README.md", "README.zh.md", "docs/performance.md", "docs/performance-details.md"]) {
    const text = await Deno.readTextFile(new URL(`../${path}`, import.meta.url));
    assert.match(text, /<!-- figures:/, path);
    fill(text, run);
  }
});

Deno.test("the chart says its figures in words, and outlines its labels", () => {
  assert.match(describeChart(run.rows), /echo, 64 connections: this module 0\.95, native 1\.20, C with epoll 1\.50/);
  const svg = drawChart(run.rows);
  assert.ok(svg.includes(`aria-label="${describeChart(run.rows)}"`));
  assert.match(svg, /\.value\{paint-order:stroke;/);
  assert.match(svg, /<text class="value own"/);
});
