// The figures of bench/tls.ts for the documents, between `<!-- tls-figures:NAME -->` and `<!-- /tls-figures -->`.

import { fillMarkers, rewriteDocuments, table, times } from "./figures.ts";
import { figure, median } from "./statistics.ts";

/** One run of one peer. */
export interface TlsSample {
  perSecond: number;
  /** CPU time of the server for each unit, in microseconds. */
  microseconds: number;
}

/** The figures of one workload. `samples` has a list for each peer. Entry i of each list is from round i. */
export interface TlsRow {
  title: string;
  unit: string;
  /** The unit of the rate. */
  rate: string;
  samples: Record<string, TlsSample[]>;
}

/** A run of bench/tls.ts with all peers. */
export interface TlsRun {
  date: string;
  /** The commit that was measured. */
  commit: string;
  machine: Record<string, string>;
  rounds: number;
  seconds: number;
  rows: TlsRow[];
}

/** The documents with markers. */
export const TLS_DOCUMENTS = ["docs/performance.md", "docs/performance-details.md"];

const PEERS: [name: string, title: string][] = [
  ["default", "default"],
  ["native", "native"],
  ["deno", "Deno"],
  ["node", "node:tls"],
  ["cpython", "CPython"],
];

/** The figures that are compared. Ratios are above 1 if this module is better. */
const FIGURES: [name: keyof TlsSample, label: (row: TlsRow) => string, better: "more" | "less"][] = [
  ["perSecond", ({ rate }) => rate, "more"],
  ["microseconds", ({ unit }) => `µs of CPU per ${unit}`, "less"],
];

/** Returns how much better one peer is than another: the median of the ratios of all rounds. */
export function tlsRatio(row: TlsRow, of: keyof TlsSample, better: "more" | "less", peer: string, to: string): number {
  const theirs = row.samples[to];
  return median(row.samples[peer].map((sample, round) => {
    const quotient = sample[of] / theirs[round][of];
    return better === "more" ? quotient : 1 / quotient;
  }));
}

function tlsTable({ rows }: TlsRun): string {
  const body = rows.flatMap((row) =>
    FIGURES.map(([name, label, better]) => [
      `${row.title}, ${label(row)}`,
      times(tlsRatio(row, name, better, "default", "deno")),
      times(tlsRatio(row, name, better, "native", "cpython")),
      ...PEERS.map(([peer]) => figure(median(row.samples[peer].map((sample) => sample[name])))),
    ])
  );
  return table(["", "default / Deno", "native / CPython", ...PEERS.map(([, title]) => title)], body);
}

/** Returns the smallest and the largest ratio of the rates as text: "0.88 to 0.96". */
function range({ rows }: TlsRun, peer: string, to: string): string {
  const ratios = rows.map((row) => tlsRatio(row, "perSecond", "more", peer, to));
  return `${times(Math.min(...ratios))} to ${times(Math.max(...ratios))}`;
}

function conditions({ date, commit, machine, rounds, seconds }: TlsRun): string {
  return `Measured on ${date.slice(0, 10)} at commit ${commit} on ${machine.cpu} (${machine.system}, Deno ` +
    `${machine.deno}, ${machine.node === "absent" ? "no Node" : `Node ${machine.node}`}, ${machine.python}), ` +
    `${rounds} rounds of ${seconds} s.`;
}

const PARTS: Record<string, (run: TlsRun) => string> = {
  conditions,
  table: tlsTable,
  default: (run) => range(run, "default", "deno"),
  native: (run) => range(run, "native", "cpython"),
};

/** Fills the markers for TLS in a document. */
export function fillTls(text: string, run: TlsRun): string {
  return fillMarkers(text, "tls-figures", run, PARTS);
}

/** Writes a run into the documents. */
export async function writeTlsFigures(run: TlsRun): Promise<void> {
  await rewriteDocuments(TLS_DOCUMENTS, (text) => fillTls(text, run));
}
