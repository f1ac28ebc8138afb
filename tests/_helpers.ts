// Shared by the tests: running python3 for comparison, and starting programs.

import assert from "node:assert/strict";

const inCi = Deno.env.get("CI") === "true";

/**
 * Whether a program is installed and works. Without it, its tests are skipped with a line that says so, except in CI.
 */
export function available(program: string, ...trial: string[]): boolean {
  const args = trial.length > 0 ? trial : ["--version"];
  try {
    if (new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success) return true;
  } catch {
    // It is not installed.
  }
  if (inCi) throw new Error(`${program} is missing, and CI skips nothing`);
  console.log(`${program} is missing: its tests are skipped`);
  return false;
}

let python: boolean | undefined;

/** Whether python3 is installed. */
export function hasPython(): boolean {
  return python ??= available("python3");
}

/** A test that needs python3. */
export function pythonTest(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, ignore: !hasPython(), fn });
}

/** The time limit of a program of a test, in milliseconds. */
const LONGEST_PROGRAM = 180_000;

/** A program at the other end of a test. It reads lines from its standard input and prints lines. */
export class Program {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #errors: Promise<string>;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #rest = "";
  #ended = false;

  /** Starts it. It is killed after `longest` milliseconds, or never for Infinity. */
  constructor(program: string, args: string[], longest: number = LONGEST_PROGRAM) {
    this.#child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#errors = new Response(this.#child.stderr).text();
    // A pending call of `line` rejects then.
    if (longest < Infinity) this.#deadline = setTimeout(() => this.#kill(), longest);
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Sends one line. */
  async write(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(line + "\n"));
  }

  /** The next line that it prints. If it ends instead, rejects with what it wrote to standard error. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#output.read();
      if (done) throw new Error(`the program ended: ${this.#rest}${await this.#errors}`);
      this.#rest += value;
    }
  }

  /** The next line as JSON. */
  async json(): Promise<any> {
    return JSON.parse(await this.line());
  }

  /** Closes its standard input. */
  async closeInput(): Promise<void> {
    await this.#input.close().catch(() => {});
  }

  /** Waits for its end. Returns its exit code and the rest of its output. */
  async end(): Promise<{ code: number; stdout: string; stderr: string }> {
    await this.closeInput();
    for (;;) {
      const { value, done } = await this.#output.read();
      if (done) break;
      this.#rest += value;
    }
    const [{ code }, stderr] = await Promise.all([this.#child.status, this.#errors]);
    this.#ended = true;
    clearTimeout(this.#deadline);
    return { code, stdout: this.#rest, stderr };
  }

  /** Kills it if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#kill();
    await this.end();
  }
}

/** Starts python3 with a program text. */
export function runPython(source: string, ...args: (string | number)[]): Program {
  return new Program("python3", ["-u", "-c", source, ...args.map(String)]);
}

/** How often python3 is asked where it finds no free port, and the milliseconds between. */
const TRIES = 5;
const BETWEEN_TRIES = 500;

/**
 * Runs python3 to its end and returns what it printed, as JSON.
 *
 * On a busy machine connections in TIME_WAIT can hold all ports for a moment. Then bind to port 0 is EADDRINUSE, and
 * python3 is asked again.
 */
export async function askPython(source: string, ...args: (string | number)[]): Promise<any> {
  for (let tries = 1;; tries++) {
    await using program = runPython(source, ...args);
    const { code, stdout, stderr } = await program.end();
    if (code === 0) return JSON.parse(stdout);
    if (tries === TRIES || !stderr.includes("OSError: [Errno 98]")) assert.fail(stderr);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES));
  }
}

/** Runs a program text in another Deno process, with all permissions. */
export async function runDeno(source: string, ...flags: string[]): Promise<Program> {
  const program = new Program(Deno.execPath(), ["run", "-A", "--unstable-net", "--no-lock", ...flags, "--ext=ts", "-"]);
  await program.write(source);
  await program.closeInput();
  return program;
}

/** A directory for Unix sockets. It is removed with its content when it is disposed of. */
export class TemporaryDirectory {
  readonly path: string = Deno.makeTempDirSync({ prefix: "berkeley_" });
  #count = 0;

  /** An unused path in it. */
  fresh(): string {
    return `${this.path}/${++this.#count}`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
