// Compares TLS servers in one run: this module's two backends, Deno.listenTls, node:tls and CPython's ssl. Each server has
// its own process, and the client is always the same (Deno.connectTls).
//
//   deno run -A bench/tls.ts [--rounds 5] [--seconds 1] [--peers default,deno]
//   deno run -A bench/tls.ts --write     # also writes the figures in docs
//
// It prints two figures for each: the units per second, and the server's CPU time per unit. On a machine with other load,
// compare the second figure.

import { parseArgs } from "node:util";
import { selfSigned } from "../examples/_certificate.ts";
import { describeCommit, describeMachine } from "./peers.ts";
import { figure, summarize } from "./statistics.ts";
import { writeTlsFigures } from "./tls_figures.ts";
import type { TlsRow, TlsSample } from "./tls_figures.ts";

const here = (file: string) => new URL(`tls/${file}`, import.meta.url).pathname;
const deno = (file: string) => [Deno.execPath(), "run", "-A", "--unstable-net", "--no-check", here(file)];
const PEERS: Record<string, string[]> = {
  deno: deno("deno.ts"),
  default: deno("default.ts"),
  native: deno("native.ts"),
  node: ["node", here("node.mjs")],
  cpython: ["python3", here("cpython.py")],
};

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    peers: { type: "string", default: Object.keys(PEERS).join(",") },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const peers = values.peers.split(",");
const complete = rounds >= 3 && Object.keys(PEERS).every((peer) => peers.includes(peer));
if (values.write && !complete) throw new Error("--write needs all peers and three rounds");

interface Workload {
  unit: string;
  rate: string;
  /** Runs the workload over a connection until `end`. Returns the number of units. */
  run: (conn: Deno.TlsConn, end: number) => Promise<number>;
}

/** The workloads. */
const WORKLOADS: Record<string, Workload> = {
  "ping-pong, 64 bytes": { unit: "round trip", rate: "round trips/s", run: pingPong },
  "upload": { unit: "MB", rate: "MB/s", run: upload },
  "download": { unit: "MB", rate: "MB/s", run: download },
};

async function pingPong(conn: Deno.TlsConn, end: number): Promise<number> {
  await conn.write(new TextEncoder().encode("e"));
  const data = new Uint8Array(64);
  let count = 0;
  for (; performance.now() < end; count++) {
    await conn.write(data);
    for (let got = 0; got < 64;) got += (await conn.read(data))!;
  }
  return count;
}

async function upload(conn: Deno.TlsConn, end: number): Promise<number> {
  await conn.write(new TextEncoder().encode("u"));
  const data = new Uint8Array(262144);
  let sent = 0;
  while (performance.now() < end) sent += await conn.write(data);
  return sent / 1e6;
}

async function download(conn: Deno.TlsConn, end: number): Promise<number> {
  await conn.write(new TextEncoder().encode("d"));
  const data = new Uint8Array(262144);
  let got = 0;
  while (performance.now() < end) got += (await conn.read(data))!;
  return got / 1e6;
}

/** Returns the CPU time that a process has used, in seconds. */
function cpuTime(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function sample(peer: string, workload: string, paths: string[], ca: string): Promise<TlsSample> {
  const [command, ...args] = PEERS[peer];
  const child = new Deno.Command(command, { args: [...args, ...paths], stdout: "piped", stderr: "inherit" }).spawn();
  const reader = child.stdout.getReader();
  const port = Number(new TextDecoder().decode((await reader.read()).value));
  const conn = await Deno.connectTls({ hostname: "localhost", port, caCerts: [ca] });
  const { run } = WORKLOADS[workload];
  // The first connection warms up.
  const warm = await Deno.connectTls({ hostname: "localhost", port, caCerts: [ca] });
  await run(warm, performance.now() + 500 * seconds);
  warm.close();
  const before = cpuTime(child.pid);
  const start = performance.now();
  const count = await run(conn, start + 1000 * seconds);
  const elapsed = (performance.now() - start) / 1000;
  const used = cpuTime(child.pid) - before;
  conn.close();
  child.kill("SIGKILL");
  await reader.cancel();
  await child.status;
  return { perSecond: count / elapsed, microseconds: used * 1e6 / count };
}

const machine = await describeMachine();
const commit = await describeCommit();
for (const [name, value] of Object.entries({ ...machine, commit })) console.log(`${name.padEnd(8)}${value}`);
const rows: TlsRow[] = [];

const { cert, key } = await selfSigned(["localhost"]);
const folder = Deno.makeTempDirSync();
const paths = [`${folder}/cert.pem`, `${folder}/key.pem`];
Deno.writeTextFileSync(paths[0], cert);
Deno.writeTextFileSync(paths[1], key);
try {
  for (const workload of Object.keys(WORKLOADS)) {
    const samples: Record<string, TlsSample[]> = Object.fromEntries(peers.map((peer) => [peer, []]));
    for (let round = 0; round < rounds; round++) {
      // The order rotates with the rounds.
      for (let i = 0; i < peers.length; i++) {
        const peer = peers[(i + round) % peers.length];
        samples[peer].push(await sample(peer, workload, paths, cert));
      }
    }
    const { unit, rate } = WORKLOADS[workload];
    rows.push({ title: workload, unit, rate, samples });
    console.log(`\n${workload}`.padEnd(24) + rate.padStart(28) + `µs of CPU per ${unit}`.padStart(36));
    for (const peer of peers) {
      const speed = summarize(samples[peer].map((each) => each.perSecond));
      const cost = summarize(samples[peer].map((each) => each.microseconds));
      const show = ({ median, min, max }: typeof speed) => `${figure(median)} (${figure(min)} to ${figure(max)})`;
      console.log(peer.padEnd(16) + show(speed).padStart(36) + show(cost).padStart(36));
    }
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
if (values.write) {
  await writeTlsFigures({ date: new Date().toISOString(), commit, machine, rounds, seconds, rows });
  console.log("\nwritten: docs/performance.md, docs/performance-details.md");
}
