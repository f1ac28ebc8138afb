// Starts programs, pins them to CPUs, reads their lines and ends them by their process ids.

import { TextLineStream } from "./lines.ts";

/** A program that is running. */
export interface Program {
  /** The next line that it prints. Rejects with its last error line if it ends or prints nothing for too long. */
  line(): Promise<string>;
  /** The CPU time in seconds of all its threads. */
  cpuTime(): number;
  /** The resident memory in bytes. */
  memory(): number;
  /** Waits until it ends by itself. Rejects if it fails. */
  ended(): Promise<void>;
  /** Ends it. */
  stop(): Promise<void>;
}

const SILENCE = 30_000;
const GRACE = 2000;
const running = new Set<Program>();

/** Whether programs can be pinned to a CPU. */
export const canPin: boolean = await new Deno.Command("taskset", { args: ["-p", String(Deno.pid)], stdout: "null" })
  .output().then(({ success }) => success, () => false);

/** Starts a program, pinned to a CPU if that is given and possible. */
export function start(command: string[], cpu?: number): Program {
  const [name, ...args] = cpu === undefined || !canPin ? command : ["taskset", "-c", String(cpu), ...command];
  // Its stdin stays open as long as this process lives, and it ends with its stdin.
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
      // Fields 14 and 15 of proc(5)'s stat, in ticks of 10 ms. The name before them may contain anything.
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
      // All programs end with their stdin. A program that hangs is killed by its process id.
      const timer = setTimeout(() => child.kill("SIGKILL"), GRACE);
      await Promise.allSettled([child.stdin.close(), lines.cancel(), child.status, complaints]);
      clearTimeout(timer);
    },
  };
  running.add(program);
  return program;
}

/** The CPU time in seconds of all programs on all CPUs, and the time that the hypervisor took. */
export function machineTime(): number {
  const [user, nice, system, _idle, _wait, irq, softirq, steal] = Deno.readTextFileSync("/proc/stat")
    .split("\n")[0].split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / 100;
}

/** Ends all programs that still run, after an interrupt. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop()));
}

// deno-lint-ignore no-control-regex
const COLOURS = /\x1b\[[0-9;]*m/g;

/** The line of a program's error output that names the error. */
function lastWords(text: string): string {
  const lines = text.replace(COLOURS, "").trim().split("\n").filter((line) => !/^\s+at /.test(line));
  return (lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "").trim().slice(0, 200) ||
    "ended without a word";
}
