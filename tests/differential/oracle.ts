// CPython as the reference: a python3 process that runs scenarios.

import { Program } from "../_helpers.ts";
import type { Entry, FamilyName, Scenario } from "./scenario.ts";

/** How many scenarios python3 runs at once. They mostly wait. */
const THREADS = 16;

/** A python3 process that answers scenarios with traces. */
export class Oracle implements AsyncDisposable {
  readonly #program: Program;
  #next = 0;
  /** The addresses of its helper, which resets connections on demand. */
  readonly foreign: Record<FamilyName, any>;

  private constructor(program: Program, foreign: Record<FamilyName, any>) {
    this.#program = program;
    this.foreign = foreign;
  }

  static async start(): Promise<Oracle> {
    const source = await Deno.readTextFile(new URL("interpreter.py", import.meta.url));
    // It has no time limit of its own, because the test has one.
    const program = new Program("python3", ["-u", "-c", source, String(THREADS)], Infinity);
    return new Oracle(program, await program.json());
  }

  /** Runs scenarios. Returns their traces in the same order. */
  async run(scenarios: Scenario[]): Promise<Entry[][]> {
    const traces: Entry[][] = [];
    const base = this.#next;
    this.#next += scenarios.length;
    const lines = scenarios.map((scenario, n) => JSON.stringify({ ...scenario, id: base + n }));
    const writing = this.#program.write(lines.join("\n"));
    for (let n = 0; n < scenarios.length; n++) {
      const { id, trace } = await this.#program.json();
      traces[id - base] = trace;
    }
    await writing;
    return traces;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
