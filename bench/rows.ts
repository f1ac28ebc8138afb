// The outcome of a run: one row for each workload and placement, with a cell for each peer.

import { median } from "./statistics.ts";
import type { Placement, Sample } from "./workloads.ts";

/** The results of one peer in one workload. */
export interface Cell {
  peer: string;
  samples: Sample[];
  /** The reason why there are no samples, or no more. */
  absent?: string;
}

/** One workload in one placement. */
export interface Row {
  name: string;
  title: string;
  unit: string;
  better: "more" | "less";
  placement: Placement;
  cells: Cell[];
}

/** How much better one peer is than another: 1 is equal, 2 is twice as fast (or half the amount). NaN if unknown. */
export function ratio(row: Row, peer: string, to: string): number {
  const [mine, theirs] = [peer, to].map((id) => middle(row, id, "value"));
  return row.better === "more" ? mine / theirs : theirs / mine;
}

/** The median of one of a peer's figures, or NaN if there are none. */
export function middle(row: Row, peer: string, key: keyof Sample): number {
  const samples = row.cells.find((cell) => cell.peer === peer)?.samples ?? [];
  const known = samples.map((sample) => sample[key]).filter((value) => value !== undefined);
  return known.length ? median(known) : NaN;
}
