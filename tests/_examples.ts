// Starts the examples with the flags that their headers state.

import { Program } from "./_helpers.ts";

const folder = new URL("../examples/", import.meta.url);

/** One run line: `[sudo] deno run flags… examples/file args…`, as the example's header has it. */
export interface RunLine {
  /** Whether it needs root. */
  root: boolean;
  flags: string[];
  args: string[];
}

/** The names of all examples. */
export function examples(): string[] {
  const names = Array.from(Deno.readDirSync(folder), (entry) => entry.name);
  return names.filter((name) => name.endsWith(".ts") && !name.startsWith("_")).sort();
}

/**
 * The run lines in the comment at the top of an example. A backslash continues a line, and brackets enclose optional
 * parts.
 */
export function runLines(example: string): RunLine[] {
  const source = Deno.readTextFileSync(new URL(example, folder));
  const header = source.slice(0, source.search(/^(?!\/\/)/m)).replaceAll(/\s*\\\n\/\/\s*/g, " ");
  const commands = header.matchAll(/^\/\/ +(sudo )?deno run (.*)$/gm);
  return Array.from(commands, ([, sudo, command]) => {
    // The path of libc in the header is that of x86-64.
    const here = command.replaceAll("x86_64-linux", `${Deno.build.arch}-linux`);
    const words = here.replaceAll(/ \[[^\]]*\]/g, "").split(/ +/);
    const file = words.indexOf(`examples/${example}`);
    if (file < 0) throw new Error(`a run line of ${example} does not start it: ${words.join(" ")}`);
    return { root: sudo !== undefined, flags: words.slice(0, file), args: words.slice(file + 1) };
  });
}

/**
 * Whether an example can run here. If not, its tests are skipped with a line that says so. In CI only a lack of root
 * permits that.
 */
export function runnable(example: string): boolean {
  if (example.startsWith("native_") && Deno.build.os !== "linux") {
    console.log(`${example} needs Linux: its tests are skipped`);
    return false;
  }
  if (!runLines(example).some(({ root }) => root) || Deno.uid() === 0) return true;
  if (Deno.env.get("CI") === "true") throw new Error(`${example} needs root, and CI skips nothing`);
  console.log(`${example} needs root: its tests are skipped`);
  return false;
}

/** Starts a program of examples/. Deno never asks for permissions: those that are not stated are refused. */
export function start(example: string, flags: string[], args: string[]): Program {
  const file = new URL(example, folder).pathname;
  return new Program(Deno.execPath(), ["run", "--no-prompt", "--no-lock", ...flags, file, ...args]);
}

/**
 * A free port, for programs that cannot use port 0. It lies below the ephemeral ports, because the system could give
 * one of those to a client before the program binds it.
 */
export function freePort(): number {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("no free port among 100");
}

/** The run line with another port or path. The permission and the option both get it. */
export function elsewhere(line: RunLine, option: string, usual: string | number, other: string | number): RunLine {
  const flags = line.flags.map((flag) => flag.replaceAll(String(usual), String(other)));
  return { ...line, flags, args: [...line.args, option, String(other)] };
}

/**
 * Starts a server on a free port and waits until it prints that it listens. If another program takes the port first, it
 * tries again.
 */
export async function serve(
  example: string,
  usual: number,
  ...more: string[]
): Promise<{ server: Program; port: number }> {
  for (let tries = 3;; tries--) {
    const port = freePort();
    const { flags, args } = elsewhere(runLines(example)[0], "--port", usual, port);
    const server = start(example, flags, [...args, ...more]);
    try {
      const first = await server.line();
      if (!first.includes(String(port))) throw new Error(`${example} does not tell where it listens: ${first}`);
      return { server, port };
    } catch (error) {
      await server[Symbol.asyncDispose]();
      if (tries === 1 || !(error as Error).message.includes("is taken")) throw error;
    }
  }
}

/** Starts a client with its first run line, connecting to a port. */
export function call(example: string, usual: number, port: number, ...more: string[]): Program {
  const { flags, args } = elsewhere(runLines(example)[0], "--port", usual, port);
  return start(example, flags, [...args, ...more]);
}

/** The time limit of an example, long enough for a slow machine. */
const PATIENCE_MS = 30_000;

/**
 * Types lines into a program and returns everything that it printed. The program must end by itself, without an error.
 */
export async function converse(program: Program, ...lines: string[]): Promise<string> {
  const timer = setTimeout(() => Deno.kill(program.pid, "SIGKILL"), PATIENCE_MS);
  // A program that ended early fails later, by its exit code.
  for (const line of lines) await program.write(line).catch(() => {});
  const { code, stdout, stderr } = await program.end();
  clearTimeout(timer);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return stdout;
}

/**
 * Waits until the kernel lists a port as listening, or as bound for UDP. It is for servers that print nothing. Linux
 * only.
 */
export async function untilBound(port: number): Promise<void> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (let tries = 0; tries < 500; tries++) {
    for (const [table, state] of [["tcp", "0A"], ["udp", "07"]]) {
      for (const line of Deno.readTextFileSync(`/proc/net/${table}`).split("\n")) {
        const [, address, , held] = line.trim().split(/\s+/);
        if (address?.endsWith(local) && held === state) return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`nothing listens on ${port}`);
}
