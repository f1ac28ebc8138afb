// Runs peer.py in one process for many connections.

import { Program } from "../_helpers.ts";

/** One step of a connection; see peer.py. */
export type Step = { do: string; text?: string; size?: number };

/** The settings of a connection. */
export interface PeerOptions {
  steps: (Step | string)[];
  cert?: string;
  key?: string;
  ca?: string;
  version?: "TLSv1_2" | "TLSv1_3";
  alpn?: string[];
  host?: string;
  unverified?: boolean;
  no_tickets?: boolean;
  times?: number;
}

/** The outcome of a connection. */
export interface PeerOutcome {
  // deno-lint-ignore no-explicit-any -- the answers of any steps
  log: any[];
  error?: string;
  message?: string;
  verify_code?: number | null;
  verify_message?: string | null;
}

interface Answer extends PeerOutcome {
  id: number;
  port?: number;
}

/** CPython as the peer. */
export class PythonPeer implements AsyncDisposable {
  readonly #program: Program;
  readonly #answers = new Map<number, { waiting: ((answer: Answer) => void)[]; early: Answer[] }>();
  readonly #reading: Promise<void>;
  #next = 0;

  constructor(python = "python3") {
    this.#program = new Program(python, [new URL("peer.py", import.meta.url).pathname]);
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    for (;;) {
      let line;
      try {
        line = await this.#program.line();
      } catch {
        return;
      }
      const answer: Answer = JSON.parse(line);
      const queue = this.#queue(answer.id);
      const waiting = queue.waiting.shift();
      if (waiting) waiting(answer);
      else queue.early.push(answer);
    }
  }

  #queue(id: number) {
    let queue = this.#answers.get(id);
    if (queue === undefined) this.#answers.set(id, queue = { waiting: [], early: [] });
    return queue;
  }

  #answer(id: number): Promise<Answer> {
    const queue = this.#queue(id);
    const early = queue.early.shift();
    if (early) return Promise.resolve(early);
    return new Promise((resolve) => queue.waiting.push(resolve));
  }

  async #command(options: PeerOptions, more: Record<string, unknown>): Promise<number> {
    const id = this.#next++;
    const steps = options.steps.map((step) => typeof step === "string" ? { do: step } : step);
    await this.#program.write(JSON.stringify({ ...options, steps, ...more, id }));
    return id;
  }

  /** Accepts one connection, or `times` connections. */
  async serve(options: PeerOptions): Promise<{ port: number; outcome: () => Promise<PeerOutcome> }> {
    const id = await this.#command(options, { server: true });
    const { port } = await this.#answer(id);
    return { port: port!, outcome: () => this.#answer(id) };
  }

  /** Makes one connection. */
  async connect(port: number, options: PeerOptions): Promise<PeerOutcome> {
    return await this.#answer(await this.#command(options, { server: false, port }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await this.#reading;
  }
}

/** The bytes that peer.py sends. */
export function pattern(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, index) => index & 0xff);
}

/** The SHA-256 of some bytes, in hexadecimal. */
export async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
