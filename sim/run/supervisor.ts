// The programs of a network: which of them still run, and the first failure.

import type { OutsideWaits } from "../time/outside.ts";
import type { Running } from "./program.ts";

/** What hosts need of the run, or of the world, that they belong to. */
export interface Supervisor {
  /** Waits for something that real time decides. */
  readonly outside: OutsideWaits;
  /** What to do with sockets that are garbage-collected while open. */
  readonly collected: "closed" | "kept";
  /** The start of the time, in seconds since 1970. */
  readonly epoch: number;
  /** Notes that a program has started. `counts`: the run does not end before it. */
  started(running: Running, counts: boolean): void;
  /** Notes that a program has ended, or that its host crashed. */
  ended(running: Running): void;
  /** Notes that a program has failed. */
  failed(running: Running, error: unknown): void;
  /** Returns what to call before a program of a host may go on; undefined for nothing. */
  beforeWork(host: { readonly skew: number }): (() => void) | undefined;
}
