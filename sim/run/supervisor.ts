// What a host tells its run or world about its programs.

import type { OutsideWaits } from "../time/outside.ts";
import type { Running } from "./program.ts";

/** What a host needs from its run or world. */
export interface Supervisor {
  /** The waits for promises outside of the simulation. */
  readonly outside: OutsideWaits;
  /** What to do with sockets that are garbage-collected while open. */
  readonly collected: "closed" | "kept";
  /** The wall clock at time 0, in seconds since 1970. */
  readonly epoch: number;
  /** Notes that a program has started. If `counts` is set, the run does not end before the program. */
  started(running: Running, counts: boolean): void;
  /** Notes that a program has ended, or that its host crashed. */
  ended(running: Running): void;
  /** Notes that a program has failed. */
  failed(running: Running, error: unknown): void;
  /** Returns what to call before a program of a host may go on; undefined for nothing. */
  beforeWork(host: { readonly skew: number }): (() => void) | undefined;
}
