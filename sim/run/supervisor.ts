// The interface between a host and its run or world.

import type { Kernel } from "../net/kernel.ts";
import type { OutsideWaits } from "../time/outside.ts";
import type { RunningProgram } from "./program.ts";

/** A run or world, as its hosts see it. */
export interface Supervisor {
  /** The waits for promises outside of the simulation. */
  readonly outside: OutsideWaits;
  /** Whether open sockets that are garbage-collected are closed. */
  readonly collected: "closed" | "kept";
  /** The wall clock at time 0, in seconds since 1970. */
  readonly epoch: number;
  /** Whether the run has failed or ended. Promises of `host.run` that are pending then stay pending. False in a world. */
  readonly isOver: boolean;
  /** Notes that a program has started. If `counts` is set, the run does not end before the program. */
  started(running: RunningProgram, counts: boolean): void;
  /** Notes that a program has ended, or that its host crashed. */
  ended(running: RunningProgram): void;
  /** Notes that a program has failed. */
  failed(running: RunningProgram, error: unknown): void;
  /** Calls a program of a kernel. */
  startOn<T>(kernel: Kernel, program: () => T): T;
  /** Notes that a kernel has crashed. */
  crashed(kernel: Kernel): void;
}
