// The workloads. Each is one run of one peer in one placement. main.ts repeats and interleaves the runs.

import { compiled } from "./build.ts";
import type { Peer } from "./peers.ts";
import { machineTime, type Program, start } from "./processes.ts";

/** The CPUs of the two programs. Waking an idle CPU costs about 40 µs, so the placement is always fixed. */
export type Placement = "alone" | "shared" | "free";

/** A placement in words. */
export const placements: Record<Placement, string> = {
  alone: "under test alone on CPU 1, counterpart polling on CPU 0",
  shared: "both on CPU 1",
  free: "not pinned",
};

/** How long a run is, in seconds. */
export interface Timing {
  warmup: number;
  seconds: number;
}

/** The outcome of one run. */
export interface Sample {
  value: number;
  /** CPU time of the program under test per operation, in microseconds. */
  cost?: number;
  /**
   * The share of the time in which the program under test used its CPU. If it is near 1, the program limited the run.
   */
  busy?: number;
  /**
   * The share of the time in which a polling load found nothing to do. If it is above 0, the load did not limit the
   * run.
   */
  idle?: number;
  /** The number of CPUs that other programs used meanwhile. They disturb the measurement. */
  others?: number;
}

/** One thing to measure. */
export interface Workload {
  name: string;
  title: string;
  unit: string;
  better: "more" | "less";
  placements: Placement[];
  /** Runs only if it is named: it shows how the cost grows, and does not compare peers. */
  extra?: true;
  run(command: string[], placement: Placement, timing: Timing): Promise<Sample>;
}

const QUIET = 0.15;

/** Runs a workload. Repeats it a few times if other programs used too much of the machine. */
export async function runQuietly(
  workload: Workload,
  command: string[],
  placement: Placement,
  timing: Timing,
  tries = 4,
): Promise<Sample> {
  for (let left = tries;; left--) {
    const sample = await workload.run(command, placement, timing);
    if ((sample.others ?? 0) < QUIET || left === 1) return sample;
  }
}

/** The reason why a peer cannot run a workload, or undefined. */
export function obstacle(peer: Peer, workload: Workload): string | undefined {
  if ("absent" in peer.command) return peer.command.absent;
  if (peer.cannot?.workloads.test(workload.name)) return peer.cannot.why;
}

const UNDER_TEST = 1;
const otherCpu = (placement: Placement) => placement === "alone" ? 0 : 1;

async function inC(name: "load" | "peer"): Promise<string> {
  const path = await compiled(name);
  if (!path) throw new Error("the load is written in C and there is no cc");
  return path;
}

/** Reads the two lines of the measuring program, and measures the CPU use between them. */
async function observe(
  measuring: Program,
  underTest: Program,
  counterpart: Program,
): Promise<Omit<Sample, "value"> & { report: Report }> {
  const times = () => [underTest.cpuTime(), counterpart.cpuTime(), machineTime()];
  await until(measuring, "start");
  const before = times();
  const report: Report = JSON.parse(await measuring.line());
  const [mine, theirs, all] = times().map((time, i) => time - before[i]);
  return {
    report,
    busy: mine / report.seconds,
    cost: mine / report.operations * 1e6,
    others: (all - mine - theirs) / report.seconds,
  };
}

interface Report {
  operations: number;
  bytes: number;
  lost: number;
  seconds: number;
  idle: number;
}

async function until(program: Program, word: string): Promise<void> {
  while (await program.line() !== word);
}

/** A server under test, and a load with some connections and messages of some size. */
function server(
  name: string,
  title: string,
  [mode, count, size]: [mode: string, count: number, size: number],
  role = mode,
): Workload {
  const bulk = mode === "receive" || mode === "send";
  return {
    name,
    title,
    unit: bulk ? "MB/s" : "k/s",
    better: "more",
    placements: ["alone", "shared"],
    async run(command, placement, { warmup, seconds }) {
      const underTest = start([...command, role], UNDER_TEST);
      try {
        const port = await underTest.line();
        const words = [mode, port, count, size, warmup, seconds, placement === "alone" ? "poll" : "sleep"];
        const load = start([await inC("load"), ...words.map(String)], otherCpu(placement));
        try {
          const { report, ...sample } = await observe(load, underTest, load);
          if (report.lost > 0) console.error(`${name}: ${report.lost} datagrams lost`);
          const value = bulk ? report.bytes / report.seconds / 1e6 : report.operations / report.seconds / 1e3;
          return { ...sample, value, idle: placement === "alone" ? report.idle : undefined };
        } finally {
          await load.stop();
        }
      } finally {
        await underTest.stop();
      }
    },
  };
}

/** A forwarder under test, between a load that echoes over some connections and an echo server in C. */
function forwarder(name: string, title: string, [count, size]: [count: number, size: number], role: string): Workload {
  return {
    name,
    title,
    unit: "k/s",
    better: "more",
    placements: ["alone"],
    async run(command, placement, { warmup, seconds }) {
      const target = start([await inC("peer"), "echo"], otherCpu(placement));
      try {
        const underTest = start([...command, role, await target.line()], UNDER_TEST);
        try {
          const words = ["echo", await underTest.line(), count, size, warmup, seconds, "sleep"];
          const load = start([await inC("load"), ...words.map(String)], otherCpu(placement));
          try {
            const { report, ...sample } = await observe(load, underTest, load);
            return { ...sample, value: report.operations / report.seconds / 1e3, others: undefined };
          } finally {
            await load.stop();
          }
        } finally {
          await underTest.stop();
        }
      } finally {
        await target.stop();
      }
    },
  };
}

/** A client under test with some connections to an echo server in C. */
function client(connections: number): Workload {
  return {
    name: `client${connections}`,
    title: `client: 64-byte ping-pong over ${connections} connection${connections > 1 ? "s" : ""}`,
    unit: "k/s",
    better: "more",
    placements: ["alone", "shared"],
    async run(command, placement, { warmup, seconds }) {
      const words = [await inC("peer"), "echo", ...placement === "alone" ? ["poll"] : []];
      const counterpart = start(words, otherCpu(placement));
      try {
        const port = await counterpart.line();
        const underTest = start(
          [...command, ...["client", port, connections, 64, warmup, seconds].map(String)],
          UNDER_TEST,
        );
        try {
          const { report, ...sample } = await observe(underTest, underTest, counterpart);
          return { ...sample, value: report.operations / report.seconds / 1e3 };
        } finally {
          await underTest.stop();
        }
      } finally {
        await counterpart.stop();
      }
    },
  };
}

/** The memory of an open connection that has echoed once and waits in recv. */
function memory(connections: number): Workload {
  return {
    name: `memory${connections}`,
    title: `memory per idle connection at ${connections.toLocaleString("en")}`,
    unit: "KiB",
    better: "less",
    placements: ["free"],
    async run(command) {
      const underTest = start([...command, "echo"]);
      const hold = async (port: string, count: number) => {
        const load = start([await inC("load"), ...["hold", port, count, 1024, 0, 0, "sleep"].map(String)]);
        await until(load, "start");
        return load;
      };
      try {
        const port = await underTest.line();
        // The first connections also pay for code and buffers that all share.
        await (await hold(port, 100)).stop();
        const before = underTest.memory();
        const load = await hold(port, connections);
        try {
          return { value: (underTest.memory() - before) / connections / 1024 };
        } finally {
          await load.stop();
        }
      } finally {
        await underTest.stop();
      }
    },
  };
}

/** The time from the start of the process to its end, with the import, one connection and one exchange. */
const startup: Workload = {
  name: "startup",
  title: "start-up: process, import, first connection, one exchange, exit",
  unit: "ms",
  better: "less",
  placements: ["free"],
  async run(command) {
    const counterpart = start([await inC("peer"), "echo"], 0);
    try {
      const port = await counterpart.line();
      const begin = performance.now();
      const program = start([...command, "first", port]);
      await program.ended();
      const value = performance.now() - begin;
      await program.stop();
      return { value };
    } finally {
      await counterpart.stop();
    }
  },
};

/** All workloads. */
export const workloads: Workload[] = [
  ...[1, 64, 512].map((n) =>
    server(`echo${n}`, `TCP echo: 64 bytes over ${n} connection${n > 1 ? "s" : ""}`, ["echo", n, 64])
  ),
  ...[16, 64].flatMap((kib) => [
    server(`large${kib}`, `TCP echo: ${kib} KiB over 8 connections`, ["echo", 8, kib * 1024]),
    server(
      `large${kib}_into`,
      `TCP echo through one buffer (recv_into): ${kib} KiB over 8 connections`,
      ["echo", 8, kib * 1024],
      "echo_into",
    ),
    forwarder(`forward${kib}`, `forwarding: ${kib} KiB over 8 connections`, [8, kib * 1024], "forward"),
    forwarder(
      `forward${kib}_into`,
      `forwarding through one buffer (recv_into): ${kib} KiB over 8 connections`,
      [8, kib * 1024],
      "forward_into",
    ),
  ]),
  server("receive", "bulk receive, each piece in memory of its own: 64 KiB pieces", ["receive", 1, 65536]),
  server(
    "receive_into",
    "bulk receive into one buffer (recv_into): 64 KiB pieces",
    ["receive", 1, 65536],
    "receive_into",
  ),
  server("send", "bulk send: 64 KiB pieces", ["send", 1, 65536]),
  client(1),
  client(32),
  server("accept", "connections accepted and closed", ["accept", 64, 1]),
  server("udp", "UDP echo over a buffer (recvfrom_into): 64 bytes, 64 datagrams under way", ["udp", 64, 64]),
  server("udp_recvfrom", "UDP echo (recvfrom): 64 bytes, 64 datagrams under way", ["udp", 64, 64], "udp_recvfrom"),
  memory(2000),
  memory(10000),
  startup,
  ...[1, 8, 64, 512, 2000].map((n): Workload => ({
    ...server(`connections${n}`, `growth: echo of 64 bytes over ${n} connections`, ["echo", n, 64]),
    extra: true,
  })),
  ...[64, 1024, 4096, 16384, 65536].map((n): Workload => ({
    ...server(`size${n}`, `growth: echo of ${n} bytes over 64 connections`, ["echo", 64, n]),
    extra: true,
  })),
];
