// Writes the figures of a run into the documents, between markers, and draws the chart:
//
// deno run -A bench/figures.ts [bench/results/latest.json]
//
// The text between `<!-- figures:NAME -->` and `<!-- /figures -->` is replaced. The names are the keys of PARTS. A
// complete run of `deno task bench` does this at its end.

import { describeChart, drawChart } from "./chart.ts";
import { middle, ratio } from "./rows.ts";
import type { Row } from "./rows.ts";
import { figure } from "./statistics.ts";
import type { Placement } from "./workloads.ts";

/** A run, as in bench/results/latest.json. */
export interface Run {
  date: string;
  /** The commit that was measured. */
  commit: string;
  machine: Record<string, string>;
  rounds: number;
  timing: { warmup: number; seconds: number };
  rows: Row[];
}

const ROOT = new URL("..", import.meta.url);

/** The documents with markers. */
const DOCUMENTS = ["README.md", "README.zh.md", "docs/performance.md", "docs/performance-details.md"];

/** The workloads of the table, each in the placement in which the program under test limits the run. */
const TABLE: [name: string, placement: Placement, title: string][] = [
  ["echo64", "alone", "echo of 64 bytes, 64 connections, k/s"],
  ["echo512", "alone", "echo of 64 bytes, 512 connections, k/s"],
  ["client32", "alone", "client of 32 connections, 64 bytes, k/s"],
  ["accept", "alone", "connections accepted and closed, k/s"],
  ["udp", "alone", "UDP echo of 64 bytes (`recvfrom_into`), k/s"],
  ["large16", "alone", "echo of 16 KiB with `recv`, k/s"],
  ["large16_into", "alone", "echo of 16 KiB with `recv_into`, k/s"],
  ["large64", "alone", "echo of 64 KiB with `recv`, k/s"],
  ["large64_into", "alone", "echo of 64 KiB with `recv_into`, k/s"],
  ["forward64", "alone", "forwarding of 64 KiB with `recv`, k/s"],
  ["forward64_into", "alone", "forwarding of 64 KiB with `recv_into`, k/s"],
  ["receive", "alone", "bulk `recv` of 64 KiB, MB/s"],
  ["receive_into", "alone", "bulk `recv_into` of 64 KiB, MB/s"],
  ["send", "alone", "bulk `sendall` of 64 KiB, MB/s"],
  ["memory10000", "free", "memory of one idle connection (of 10,000), KiB"],
  ["startup", "free", "whole process that sends one message and gets one answer, ms"],
];

/** The workloads of 64-byte messages. The headline figures are made of them. */
const SMALL = ["echo64", "echo512", "client32", "udp"];

function find(rows: Row[], name: string, placement?: Placement): Row | undefined {
  return rows.find((row) => row.name === name && (placement === undefined || row.placement === placement));
}

/** A ratio with two decimals; empty for NaN, and for 0.00, as with a peer whose amount is too small to measure. */
export function times(value: number): string {
  const text = Number.isFinite(value) ? value.toFixed(2) : "";
  return text === "0.00" ? "" : text;
}

function cell(value: number): string {
  return Number.isNaN(value) ? "" : figure(value);
}

/** A table in Markdown. All columns but the first are aligned to the right. */
export function table(head: string[], body: string[][]): string {
  const lines = [head, head.map((_, i) => i === 0 ? "---" : "---:"), ...body];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function mainTable({ rows }: Run): string {
  const body = TABLE.flatMap(([name, placement, title]) => {
    const row = find(rows, name, placement) ?? find(rows, name);
    if (row === undefined) return [];
    return [[
      title,
      ...[["default", "deno"], ["native", "deno"], ["native", "c"]].map(([peer, to]) => times(ratio(row, peer, to))),
      ...["default", "native", "deno", "c"].map((peer) => cell(middle(row, peer, "value"))),
    ]];
  });
  return table(["", "default / Deno", "native / Deno", "native / C", "default", "native", "Deno", "C"], body);
}

function waitTable({ rows }: Run, kind: string): string {
  const sizes = [10, 100, 1000];
  const peers = [
    ...new Set(
      rows.filter(({ name }) => /^(select|epoll)/.test(name)).flatMap(({ cells }) => cells.map(({ peer }) => peer)),
    ),
  ];
  const body = ["select", "epoll"].flatMap((call) =>
    peers.flatMap((peer) => {
      const values = sizes.map((size) => {
        const row = find(rows, `${call}${kind}${size}`);
        return row === undefined ? NaN : middle(row, peer, "value");
      });
      return values.every(Number.isNaN) ? [] : [[`${call}, ${peer}`, ...values.map(cell)]];
    })
  );
  return body.length === 0 ? "(not measured in this run)" : table(["µs, N connections", ...sizes.map(String)], body);
}

/** The smallest and the greatest ratio of the workloads of 64-byte messages, for example "0.92 to 0.99". */
function range({ rows }: Run, peer: string, against: string, to: string): string {
  const ratios = SMALL.flatMap((name) => {
    const row = find(rows, name, "alone");
    return row === undefined ? [] : [ratio(row, peer, against)];
  }).filter(Number.isFinite);
  if (ratios.length === 0) return "?";
  return `${times(Math.min(...ratios))}${to}${times(Math.max(...ratios))}`;
}

function conditions({ date, commit, machine, rounds, timing }: Run): string {
  return `Measured on ${
    date.slice(0, 10)
  } at commit ${commit} on ${machine.cpu} (${machine.system}, Deno ${machine.deno}), ` +
    `${rounds} rounds of ${timing.seconds} s, each after ${timing.warmup} s of warm-up.`;
}

/** The peers in the alternative text of the chart. The chart itself shows all. */
const OURS = ["default", "native"];

/** The texts that can be between markers. */
const PARTS: Record<string, (run: Run) => string> = {
  conditions,
  table: mainTable,
  "default-en": (run) =>
    `${range(run, "default", "deno", " to ")} of the same program on Deno's API, with 64-byte messages`,
  "native-en": (run) =>
    `${range(run, "native", "deno", " to ")} of Deno and ${
      range(run, "native", "c", " to ")
    } of C, with 64-byte messages`,
  "default-zh": (run) => `64 字节消息：直接使用 Deno 接口的 ${range(run, "default", "deno", " 至 ")} 倍`,
  "native-zh": (run) =>
    `64 字节消息：Deno 的 ${range(run, "native", "deno", " 至 ")} 倍，C 的 ${range(run, "native", "c", " 至 ")} 倍`,
  chart: ({ rows }) => `![${describeChart(rows, OURS)}](performance.svg)`,
  "chart-readme": ({ rows }) => `![${describeChart(rows, OURS)}](docs/performance.svg)`,
  "chart-readme-zh": ({ rows }) =>
    `![与直接使用 Deno 接口的同一程序相比的速度。${describeChart(rows, OURS)}](docs/performance.svg)`,
  waits: (run) => waitTable(run, ""),
  "waits-ready": (run) => waitTable(run, "-ready"),
};

/** Replaces the text between the markers of a kind, by the name of each marker. */
export function fillMarkers<R>(text: string, kind: string, run: R, parts: Record<string, (run: R) => string>): string {
  const markers = new RegExp(`(<!-- ${kind}:(\\S+) -->)([^]*?)(<!-- /${kind} -->)`, "g");
  return text.replace(markers, (_, begin, name, old, end) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`no ${kind} are called ${name}`);
    // Markers within a line keep their text in the line. The text may have been wrapped.
    const space = old.startsWith("\n") ? "\n\n" : "";
    return `${begin}${space}${part(run)}${space}${end}`;
  });
}

/** Fills a document's markers. */
export function fill(text: string, run: Run): string {
  return fillMarkers(text, "figures", run, PARTS);
}

/** Rewrites documents, whose paths are relative to the repository, and formats them. */
export async function rewriteDocuments(documents: string[], change: (text: string) => string): Promise<void> {
  const paths = documents.map((path) => new URL(path, ROOT));
  for (const path of paths) await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
  const files = paths.map((path) => path.pathname);
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", ...files] }).output();
  if (!success) throw new Error("deno fmt failed on the documents");
}

/** Writes a run into the documents, and draws the chart. */
export async function writeFigures(run: Run): Promise<void> {
  await rewriteDocuments(DOCUMENTS, (text) => fill(text, run));
  await Deno.writeTextFile(new URL("docs/performance.svg", ROOT), drawChart(run.rows));
}

if (import.meta.main) {
  const path = Deno.args[0] ?? new URL("results/latest.json", import.meta.url).pathname;
  await writeFigures(JSON.parse(await Deno.readTextFile(path)));
}
