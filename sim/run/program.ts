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
  /**
   * Returns the time of the host's wall clock in seconds since 1970, as Python's `time.time()`. It is the sum of the run's
   * epoch, the virtual time and the host's skew.
   */
  time(): number;
  /** Returns a random number that is at least 0 and less than 1. Each host has its own sequence, which the seed decides. */
  random(): number;
  /**
   * Waits for something outside of the simulation, such as a file, fetch or an import. Virtual time stands still until
   * the promise settles.
   */
  outside<T>(promise: PromiseLike<T>): Promise<T>;
}

/** A program that runs on a host. */
export type Program<T = unknown> = (context: ProgramContext) => T | PromiseLike<T>;

/** A program that has been started. */
export interface RunningProgram {
  readonly host: string;
  /** "host.run" or "host.serve", and the function's name if it has one. */
  readonly label: string;
}

/** Returns the label of a started program. */
export function labelOfProgram(how: "run" | "serve", program: Program): string {
  return program.name === "" ? `host.${how}(…)` : `host.${how}(${program.name})`;
}
