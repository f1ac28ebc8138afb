// Programs that are started, pinned to CPUs, listened to line by line, and ended by their own id.

import { TextLineStream } from "./lines.ts";

/** A program that is running. */
export interface Program {
  /** The next line that it prints; rejects with its last words when it ends or is silent for too long. */
  line(): Promise<string>;
  /** CPU seconds that it has used, all threads. */
  cpuTime(): number;
  /** Resident bytes. */
  memory(): number;
  /** Waits for it to end by itself; rejects when it fails. */
  ended(): Promise<void>;
  /** Ends it. */
  stop(): Promise<void>;
}

const SILENCE = 30_000;
const GRACE = 2000;
const running = new Set<Program>();

/** Whether programs can be pinned. */
export const canPin: boolean = await new Deno.Command("taskset", { args: ["-p", String(Deno.pid)], stdout: "null" })
  .output().then(({ success }) => success, () => false);

/** Starts a program, on one CPU where that is given and possible. */
export function start(command: string[], cpu?: number): Program {
  const [name, ...args] = cpu === undefined || !canPin ? command : ["taskset", "-c", String(cpu), ...command];
  // Its stdin stays open for as long as this process lives: the programs end with it.
  const child = new Deno.Command(name, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  const complaints = new Response(child.stderr).text();
  const title = command.map((word) => word.replace(/.*\//, "")).join(" ");

  const program: Program = {
    async line() {
      let timer;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${title}: silent for ${SILENCE / 1000} s`)), SILENCE);
      });
      try {
        const { value, done } = await Promise.race([lines.read(), silence]);
        if (done) throw new Error(`${title}: ${lastWords(await complaints)}`);
        return value;
      } finally {
        clearTimeout(timer);
      }
    },
    cpuTime() {
      // Fields 14 and 15 of proc(5)'s stat, in ticks of 10 ms; the name before them may hold anything.
      const fields = Deno.readTextFileSync(`/proc/${child.pid}/stat`).replace(/.*\) /s, "").split(" ");
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    memory() {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
    },
    async ended() {
      const { success } = await child.status;
      if (!success) throw new Error(`${title}: ${lastWords(await complaints)}`);
    },
    async stop() {
      running.delete(program);
      // All of them end with their stdin; one that hangs is killed, by its own id.
      const timer = setTimeout(() => child.kill("SIGKILL"), GRACE);
      await Promise.allSettled([child.stdin.close(), lines.cancel(), child.status, complaints]);
      clearTimeout(timer);
    },
  };
  running.add(program);
  return program;
}

/** CPU seconds that all programs together have used, on all CPUs, and what the hypervisor took from them. */
export function machineTime(): number {
  const [user, nice, system, _idle, _wait, irq, softirq, steal] = Deno.readTextFileSync("/proc/stat")
    .split("\n")[0].split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / 100;
}

/** Ends whatever still runs; for an interrupted benchmark. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop()));
}

// deno-lint-ignore no-control-regex
const COLOURS = /\x1b\[[0-9;]*m/g;

/** The line of a program's complaint that names the error. */
function lastWords(text: string): string {
  const lines = text.replace(COLOURS, "").trim().split("\n").filter((line) => !/^\s+at /.test(line));
  return (lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "").trim().slice(0, 200) ||
    "ended without a word";
}
