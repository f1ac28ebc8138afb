// The applications with their peers, and the loads that measure them.

import { compiled } from "../build.ts";
import { firstLine, python } from "../peers.ts";
import { type Program, start } from "../processes.ts";
import { startNginx } from "./nginx.ts";

/** The outcome of one run. */
export interface Result {
  value: number;
  /** CPU time of the program under test per operation, in microseconds. */
  cost?: number;
}

/** One run of a peer for some seconds, or the reason why this machine cannot run it. */
export type Run = ((seconds: number) => Promise<Result>) | { absent: string };

/** One application. */
export interface Application {
  name: string;
  title: string;
  unit: string;
  peers: { title: string; run: Run }[];
}

const UNDER_TEST = 1;
const LOAD = 0;
const here = new URL(".", import.meta.url).pathname;

/** A program that prints its port, or the reason why this machine cannot run it. */
type Command = string[] | { absent: string };

/** Measures a program under test: the number of answers per second, and its CPU time for each. */
type Measure = (port: string, underTest: Program, seconds: number) => Promise<Result>;

function runOf(command: Command, measure: Measure): Run {
  if ("absent" in command) return command;
  return async (seconds) => {
    const underTest = start(command, UNDER_TEST);
    try {
      return await measure(await underTest.line(), underTest, seconds);
    } finally {
      await underTest.stop();
    }
  };
}

/** Runs a program to its end and returns its output. */
async function output(...command: string[]): Promise<string> {
  const [name, ...args] = ["taskset", "-c", String(LOAD), ...command];
  const { success, stdout, stderr } = await new Deno.Command(name, { args }).output();
  const [text, complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${command[0]}: ${complaint.trim() || text.trim().slice(-200)}`);
  return text;
}

/** HTTP requests of wrk, over 64 persistent connections. */
const measureHttp: Measure = async (port, underTest, seconds) => {
  const load = (seconds: number) =>
    output("wrk", "-t1", "-c64", `-d${Math.max(1, Math.round(seconds))}s`, `http://127.0.0.1:${port}/`);
  await load(1);
  const before = underTest.cpuTime();
  const text = await load(seconds);
  const spent = underTest.cpuTime() - before;
  const requests = Number(/(\d+) requests in/.exec(text)![1]);
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(/.*(?:Non-2xx|Socket errors).*/.exec(text)![0].trim());
  return { value: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)![1]) / 1e3, cost: spent / requests * 1e6 };
};

/** A load of bench/c/load.c. */
function measureInC(mode: string, count: number, size: number): Measure {
  return async (port, underTest, seconds) => {
    const path = await compiled("load");
    if (path === undefined) throw new Error("the load is written in C and there is no cc");
    const load = start([path, ...[mode, port, count, size, 0.5, seconds, "sleep"].map(String)], LOAD);
    try {
      while (await load.line() !== "start");
      const before = underTest.cpuTime();
      const report: { operations: number; seconds: number } = JSON.parse(await load.line());
      const spent = underTest.cpuTime() - before;
      return { value: report.operations / report.seconds / 1e3, cost: spent / report.operations * 1e6 };
    } finally {
      await load.stop();
    }
  };
}

/** Starts iperf3's server and returns its port. */
async function startSink(): Promise<[Program, string]> {
  const { port } = freePort();
  const sink = start(["iperf3", "--server", "--one-off", "--forceflush", "--port", port], LOAD);
  for (let line = ""; !line.includes("listening");) line = await sink.line();
  return [sink, port];
}

function freePort(): { port: string } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return { port: String(port) };
}

/** Opens a forwarder to a port. */
type OpenForwarder = (target: string) => Promise<{ port: string; cpuTime(): number; stop(): Promise<void> }>;

/** iperf3's bytes through a forwarder, over four connections. */
function forwarding(open: OpenForwarder): Run {
  return async (seconds) => {
    const [sink, target] = await startSink();
    try {
      const forwarder = await open(target);
      try {
        const before = forwarder.cpuTime();
        const client = ["--client", "127.0.0.1", "--port", forwarder.port, "--parallel", "4", "--json"];
        const text = await output("iperf3", ...client, "--time", String(Math.max(1, Math.round(seconds))));
        const { end } = JSON.parse(text) as { end: { sum_received: { bytes: number; bits_per_second: number } } };
        const pieces = end.sum_received.bytes / 65536;
        const spent = forwarder.cpuTime() - before;
        return { value: end.sum_received.bits_per_second / 8e6, cost: spent / pieces * 1e6 };
      } finally {
        await forwarder.stop();
      }
    } finally {
      await sink.stop();
    }
  };
}

/** A forwarder of this project: a program that prints its port. */
function program(command: string[]): OpenForwarder {
  return async (target) => {
    const underTest = start([...command, "forward", target], UNDER_TEST);
    return { port: await underTest.line(), cpuTime: underTest.cpuTime, stop: underTest.stop };
  };
}

/** socat makes a process for each connection. The first process does not show their CPU time. */
const socat: OpenForwarder = async (target) => {
  const { port } = freePort();
  const words = [`TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`, `TCP:127.0.0.1:${target}`];
  const child = new Deno.Command("taskset", { args: ["-c", String(UNDER_TEST), "socat", "-b65536", ...words] }).spawn();
  await untilListening(port);
  return {
    port,
    cpuTime: () => NaN,
    async stop() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
};

const nginx: OpenForwarder = async (target) => {
  const { port } = freePort();
  const server = await startNginx(port, target, UNDER_TEST);
  await untilListening(port);
  return { port, ...server };
};

/** Waits until a port is in the kernel's table of listeners. A connect would start a session. */
async function untilListening(port: string): Promise<void> {
  const entry = new RegExp(`:${Number(port).toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`);
  for (let tries = 0; !entry.test(await Deno.readTextFile("/proc/net/tcp")); tries++) {
    if (tries === 500) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a program is installed. */
async function has(name: string, ...args: string[]): Promise<boolean> {
  return await firstLine(name, ...args) !== undefined;
}

/** Finds the applications and peers that this machine can run. */
export async function applications(): Promise<Application[]> {
  const deno = [Deno.execPath(), "run", "--quiet", "--no-prompt", "--unstable-net", "--allow-net", "--allow-env"];
  const snake = await python();
  const py: string[] | { absent: string } = snake ? [snake, `${here}apps.py`] : { absent: "no python3" };
  const node: string[] | { absent: string } = await has("node", "--version")
    ? ["node", `${here}node.mjs`]
    : { absent: "no node" };
  const own: [title: string, command: string[]][] = [
    ["this module", [...deno, `${here}default.ts`]],
    ["this module, native", [...deno, "--allow-ffi", `${here}native.ts`]],
  ];
  const straight = [...deno, `${here}deno.ts`];
  const onDeno = [...deno, "--allow-read", `${here}node.mjs`];
  const play = (command: Command, role: string): Command => "absent" in command ? command : [...command, role];
  const peers = (role: string, measure: Measure, ...others: [title: string, command: Command][]) =>
    [...own, ...others].map(([title, command]) => ({ title, run: runOf(play(command, role), measure) }));

  const wrk = await has("sh", "-c", "command -v wrk");
  const iperf = await has("iperf3", "--version");
  const withLoad = (present: boolean, load: string, run: Run): Run => present ? run : { absent: `no ${load}` };

  const http = peers(
    "http",
    measureHttp,
    ["Deno.serve", straight],
    ["node:http on Deno", onDeno],
    ["node:http on Node", node],
    ["CPython asyncio", py],
  ).map(({ title, run }) => ({ title, run: withLoad(wrk, "wrk, which is the load", run) }));
  const forwarders: [title: string, run: Run][] = [
    ...own.map(([title, command]): [string, Run] => [title, forwarding(program(command))]),
    ["Deno's own API", forwarding(program(straight))],
    ["socat", await has("socat", "-V") ? forwarding(socat) : { absent: "no socat" }],
    ["nginx's stream module", await startNginx.absent() ?? forwarding(nginx)],
  ];
  const chat = (kind: "select" | "epoll"): Application => ({
    name: `chat-${kind}`,
    title: `Chat of 1,000 clients over ${kind}: each line goes to all others`,
    unit: "1,000 deliveries/s",
    peers: peers(`chat-${kind}`, measureInC("chat", 1000, 64), [`CPython select.${kind}`, py]),
  });
  return [
    { name: "http", title: "HTTP/1.1 keep-alive: 64 connections of wrk", unit: "1,000 requests/s", peers: http },
    {
      name: "forward",
      title: "TCP forwarder: 4 connections of iperf3 (CPU time per 64 KiB)",
      unit: "MB/s",
      peers: forwarders.map(([title, run]) => ({ title, run: withLoad(iperf, "iperf3, which is the load", run) })),
    },
    {
      name: "dns",
      title: "DNS-like responder: 64 queries under way",
      unit: "1,000 answers/s",
      peers: peers(
        "dns",
        measureInC("dns", 64, 64),
        ["Deno.listenDatagram", straight],
        ["node:dgram on Deno", onDeno],
        ["node:dgram on Node", node],
        ["CPython asyncio", py],
      ),
    },
    chat("select"),
    chat("epoll"),
  ];
}
