// The figures that a run of the benchmark writes into the documents.

import assert from "node:assert/strict";
import { describeChart, drawChart } from "../bench/chart.ts";
import { fill } from "../bench/figures.ts";
import type { Run } from "../bench/figures.ts";
import { fillTls, TLS_DOCUMENTS } from "../bench/tls_figures.ts";
import type { TlsRun } from "../bench/tls_figures.ts";

function row(name: string, values: Record<string, number>): Run["rows"][number] {
  const cells = Object.entries(values).map(([peer, value]) => ({ peer, samples: [{ value }] }));
  return { name, title: name, unit: "k/s", better: "more", placement: "alone", cells };
}

const run: Run = {
  date: "2026-11-28T12:00:00.000Z",
  commit: "abc1234",
  machine: { cpu: "2 × CPU", system: "linux 6", deno: "2.9.6" },
  rounds: 3,
  timing: { warmup: 1, seconds: 2 },
  rows: [
    row("echo64", { default: 95, native: 120, deno: 100, c: 150 }),
    row("udp", { default: 90, native: 150, deno: 100, c: 200 }),
    row("accept", { default: 200, native: 200, deno: 100, c: 100 }),
    row("select10", { native: 8 }),
    row("select1000", { native: 66 }),
  ],
};

Deno.test("fill replaces the text between markers, within a line and in separate lines", () => {
  const text =
    "a <!-- figures:default-en -->old<!-- /figures --> b\n\n<!-- figures:conditions -->\nold\n<!-- /figures -->\n";
  const filled = fill(text, run);
  assert.equal(
    filled,
    "a <!-- figures:default-en -->0.90 to 0.95 of the same program on Deno's API, with 64-byte messages<!-- /figures --> b\n\n" +
      "<!-- figures:conditions -->\n\nMeasured on 2026-11-28 at commit abc1234 on 2 × CPU (linux 6, Deno 2.9.6), 3 rounds of " +
      "2 s, each after 1 s of warm-up.\n\n<!-- /figures -->\n",
  );
  assert.equal(fill(filled, run), filled);
});

Deno.test("the headline figures leave out accept, which sends no message of 64 bytes", () => {
  const text = "<!-- figures:native-en -->old<!-- /figures --> <!-- figures:default-zh -->old<!-- /figures -->";
  assert.equal(
    fill(text, run),
    "<!-- figures:native-en -->1.20 to 1.50 of Deno and 0.75 to 0.80 of C, with 64-byte messages<!-- /figures --> " +
      "<!-- figures:default-zh -->64 字节消息：直接使用 Deno 接口的 0.90 至 0.95 倍<!-- /figures -->",
  );
});

Deno.test("the head of the table of waits says what its numbers count", () => {
  assert.equal(
    fill("<!-- figures:waits -->\nold\n<!-- /figures -->", run),
    `<!-- figures:waits -->

| µs, N connections | 10 | 100 | 1000 |
| --- | ---: | ---: | ---: |
| select, native | 8.00 |  | 66.0 |

<!-- /figures -->`,
  );
});

Deno.test("fill refuses an unknown name", () => {
  assert.throws(() => fill("<!-- figures:nothing -->x<!-- /figures -->", run), /no figures are called nothing/);
});

Deno.test("the documents' markers are all known", async () => {
  for (const path of ["README.md", "README.zh.md", "docs/performance.md", "docs/performance-details.md"]) {
    const text = await Deno.readTextFile(new URL(`../${path}`, import.meta.url));
    assert.match(text, /<!-- figures:/, path);
    fill(text, run);
  }
});

Deno.test("the chart has its figures as text, and outlines its labels", () => {
  assert.match(describeChart(run.rows), /echo, 64 connections: this module 0\.95, native 1\.20, C with epoll 1\.50/);
  const svg = drawChart(run.rows);
  assert.ok(svg.includes(`aria-label="${describeChart(run.rows)}"`));
  assert.match(svg, /\.value\{paint-order:stroke;/);
  assert.match(svg, /<text class="value own"/);
});

const tlsRun: TlsRun = {
  date: run.date,
  commit: run.commit,
  machine: { ...run.machine, node: "absent", python: "Python 3.13.0" },
  rounds: 3,
  seconds: 1,
  rows: [{
    title: "upload",
    unit: "MB",
    rate: "MB/s",
    samples: Object.fromEntries(
      Object.entries({ default: 90, native: 120, deno: 100, node: 80, cpython: 60 }).map(([peer, rate]) => [
        peer,
        [1, 3, 2].map((round) => ({ perSecond: rate * round, microseconds: 1000 / rate / round })),
      ]),
    ),
  }],
};

Deno.test("the figures of TLS are a table with its conditions, and do not change other markers", () => {
  const text =
    "<!-- figures:table -->x<!-- /figures --> <!-- tls-figures:default -->0.88 to\n0.96<!-- /tls-figures -->\n" +
    "<!-- tls-figures:conditions -->\n\n<!-- /tls-figures -->\n<!-- tls-figures:table -->\n\n<!-- /tls-figures -->";
  assert.equal(
    fillTls(text, tlsRun),
    `<!-- figures:table -->x<!-- /figures --> <!-- tls-figures:default -->0.90 to 0.90<!-- /tls-figures -->
<!-- tls-figures:conditions -->

Measured on 2026-11-28 at commit abc1234 on 2 × CPU (linux 6, Deno 2.9.6, no Node, Python 3.13.0), 3 rounds of 1 s.

<!-- /tls-figures -->
<!-- tls-figures:table -->

|  | default / Deno | native / CPython | default | native | Deno | node:tls | CPython |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| upload, MB/s | 0.90 | 2.00 | 180 | 240 | 200 | 160 | 120 |
| upload, µs of CPU per MB | 0.90 | 2.00 | 5.56 | 4.17 | 5.00 | 6.25 | 8.33 |

<!-- /tls-figures -->`,
  );
  assert.throws(() => fillTls("<!-- tls-figures:x -->y<!-- /tls-figures -->", tlsRun), /no tls-figures are called x/);
});

Deno.test("the documents' markers of TLS are all known", async () => {
  for (const path of TLS_DOCUMENTS) {
    const text = await Deno.readTextFile(new URL(`../${path}`, import.meta.url));
    assert.match(text, /<!-- tls-figures:/, path);
    fillTls(text, tlsRun);
  }
});
