// Programs that run on hosts, and their context.

import type { Host } from "./host.ts";
import type { SocketModule } from "./module.ts";

/** The argument of a program. */
export interface ProgramContext {
  /** The socket module of the host: the same names as `@berkeley/socket`. */
  readonly socket: SocketModule;
  /** The host that the program runs on. */
  readonly host: Host;
  /** Waits for some seconds. */
  sleep(seconds: number): Promise<void>;
  /** The host's wall clock: seconds since 1970, by the run's epoch and the host's skew. As Python's `time.time()`. */
  time(): number;
  /** A random number from 0 up to, but not including, 1. The host's own sequence, by the seed. */
  random(): number;
  /** Waits for something outside of the simulation (a file, fetch, an import). Virtual time stands still meanwhile. */
  outside<T>(promise: PromiseLike<T>): Promise<T>;
}

/** A program that runs on a host. */
export type Program<T = unknown> = (context: ProgramContext) => T | PromiseLike<T>;

/** A program that has been started. */
export interface Running {
  readonly host: string;
  /** "host.run" or "host.serve", and the function's name where it has one. */
  readonly label: string;
}

/** A name for a started program. */
export function labelOfProgram(how: "run" | "serve", program: Program): string {
  return program.name === "" ? `host.${how}(…)` : `host.${how}(${program.name})`;
}
