// The time of a wait of select and epoll over many connections, one of which has data.
//
// A round sends a byte to one connection, waits for it, and receives it, all in one process. The whole round is
// measured, because the work is divided differently. CPython's wait only reports the byte, and its receive fetches it.
// Deno's sockets fetch it during the wait, and the receive is a copy. "Ready" measures only the wait: the byte is
// never read, so that every wait finds it.

import { compiled } from "./build.ts";
import { python } from "./peers.ts";
import { start } from "./processes.ts";
import type { Row } from "./rows.ts";

/**
 * A program that is measured. `command` starts it. `peer` returns the name of the peer for a call (select or epoll), because
 * Python has a peer for each call.
 */
interface Program {
  peer(call: string): string;
  command: string[];
}

async function programs(): Promise<Program[]> {
  const file = (name: string) => new URL(`waits/${name}`, import.meta.url).pathname;
  const deno = (name: string, ...flags: string[]) => ({
    peer: () => name,
    command: [Deno.execPath(), "run", "--quiet", "--no-prompt", "--allow-net", ...flags, file(`${name}.ts`)],
  });
  const found: Program[] = [deno("default"), deno("native", "--allow-ffi"), deno("deno")];
  const snake = await python();
  if (snake) found.push({ peer: (call) => `py-${call}`, command: [snake, file("cpython.py")] });
  const c = await compiled("waits");
  if (c) found.push({ peer: () => "c", command: [c] });
  return found;
}

/** Runs all programs several times, interleaved, on one CPU. */
export async function runWaits(rounds: number, waits: number, sizes: number[]): Promise<Row[]> {
  const rows = new Map<string, Row>();
  for (const call of ["select", "epoll", "select-ready", "epoll-ready"]) {
    for (const size of sizes) rows.set(call + size, newRow(call, size));
  }
  const all = await programs();
  for (let round = 0; round < rounds; round++) {
    for (const { peer, command } of all) {
      const program = start([...command, String(waits), String(sizes)], 1);
      try {
        const figures: Record<string, number> = JSON.parse(await program.line());
        for (const [name, value] of Object.entries(figures)) {
          record(rows.get(name)!, peer(name.startsWith("epoll") ? "epoll" : "select"), value);
        }
      } catch (error) {
        console.error(`\nwait times: ${(error as Error).message}`);
      } finally {
        await program.stop();
      }
    }
  }
  return [...rows.values()];
}

function record(row: Row, peer: string, value: number): void {
  const cell = row.cells.find((cell) => cell.peer === peer) ?? { peer, samples: [] };
  if (cell.samples.push({ value }) === 1) row.cells.push(cell);
}

function newRow(call: string, size: number): Row {
  const [wait, ready] = call.split("-");
  return {
    name: `${call}${size}`,
    title: `wait: ${wait} over ${size} connections, one with data${
      ready ? ", which is never read: only the wait" : ""
    }`,
    unit: "µs",
    better: "less",
    placement: "shared",
    cells: [],
  };
}
