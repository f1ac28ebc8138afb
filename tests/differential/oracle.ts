// CPython as the judge: a python3 process that runs scenarios.

import { Program } from "../_helpers.ts";
import type { Entry, FamilyName, Scenario } from "./scenario.ts";

/** How many scenarios python3 runs at once: most of their time is spent waiting for nothing. */
const THREADS = 16;

/** A python3 process that answers scenarios with traces. */
export class Oracle implements AsyncDisposable {
  readonly #program: Program;
  #next = 0;
  /** Where its helper listens that resets connections on demand. */
  readonly foreign: Record<FamilyName, any>;

  private constructor(program: Program, foreign: Record<FamilyName, any>) {
    this.#program = program;
    this.foreign = foreign;
  }

  static async start(): Promise<Oracle> {
    const source = await Deno.readTextFile(new URL("interpreter.py", import.meta.url));
    // It runs for as long as the test does, which has a deadline of its own.
    const program = new Program("python3", ["-u", "-c", source, String(THREADS)], Infinity);
    return new Oracle(program, await program.json());
  }

  /** Runs scenarios; returns their traces in the same order. */
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
