// The wait times of select and epoll: select_bench.ts measures them, this puts them among the other figures.

import { start } from "./processes.ts";
import type { Row } from "./rows.ts";

/** Its columns, by their titles, and whose figures they hold. */
const COLUMNS: Record<string, (call: string) => string> = {
  "ours µs": () => "default",
  "native µs": () => "native",
  "CPython µs": (call) => `py-${call}`,
  "C µs": () => "c",
};

const SIZES = [10, 100, 1000];

/** Runs the measurement several times, on one CPU: each time it measures everybody. */
export async function runWaits(rounds: number, waits: number): Promise<Row[]> {
  const rows = new Map<string, Row>();
  const bench = new URL("select_bench.ts", import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "-A", "--quiet", bench, `--waits=${waits}`, `--sizes=${SIZES}`];
  for (let round = 0; round < rounds; round++) {
    const program = start(command, 1);
    try {
      const [, ...titles] = (await program.line()).split(/\s{2,}/);
      for (let i = 0; i < 2 * SIZES.length; i++) {
        const [call, size, ...figures] = (await program.line()).split(/\s+/);
        const row = rows.get(call + size) ?? newRow(call, size);
        rows.set(row.name, row);
        figures.forEach((figure, column) => record(row, COLUMNS[titles[column]](call), Number(figure)));
      }
    } catch (error) {
      console.error(`\nwait times: ${(error as Error).message}`);
      break;
    } finally {
      await program.stop();
    }
  }
  return [...rows.values()];
}

function record(row: Row, peer: string, value: number): void {
  if (!Number.isFinite(value)) return;
  const cell = row.cells.find((cell) => cell.peer === peer) ?? { peer, samples: [] };
  if (cell.samples.push({ value }) === 1) row.cells.push(cell);
}

function newRow(call: string, size: string): Row {
  return {
    name: `${call}${size}`,
    title: `wait: ${call} over ${size} connections, one with data`,
    unit: "µs",
    better: "less",
    placement: "shared",
    cells: [],
  };
}
