// The peers: the same small program on different platforms.

import { compiled } from "./build.ts";

/** One platform. */
export interface Peer {
  id: string;
  title: string;
  /** The command that runs a role, or the reason why this machine has none. */
  command: string[] | { absent: string };
  /** Workloads that it cannot run, with the reason. */
  cannot?: { workloads: RegExp; why: string };
}

const root = new URL("..", import.meta.url).pathname;
const servers = `${root}bench/servers/`;

/** The path of the real Python. A shim would be timed as a part of it. */
export async function python(): Promise<string | undefined> {
  return await firstLine("python3", "-c", "import sys; print(sys.executable)");
}

/** The first line that a program prints, or undefined if it fails or is not installed. */
export async function firstLine(command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
    if (success) return new TextDecoder().decode(stdout).split("\n")[0];
  } catch { /* not installed */ }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function deno(...words: string[]): string[] {
  return [Deno.execPath(), "run", "--quiet", "--no-prompt", "--unstable-net", "--allow-net", ...words];
}

/** The two peers of this module in a source tree. */
export function peersOf(tree: string): Peer[] {
  const command = (entry: string, ...flags: string[]) =>
    exists(`${tree}${entry}`)
      ? deno(...flags, `${tree}bench/servers/${entry.replace("mod", "default")}`)
      : { absent: `no ${entry}` };
  return [
    { id: "default", title: "this module", command: command("mod.ts") },
    { id: "native", title: "this module, native", command: command("native.ts", "--allow-ffi") },
  ];
}

/** Finds the peers that this machine has. */
export async function findPeers(): Promise<Peer[]> {
  const noForwarder = { workloads: /^forward/, why: "forwarders are compared in bench/apps/" };
  const snake = await python();
  const inPython = (...words: string[]) => snake ? [snake, ...words] : { absent: "no python3" };
  const c = await compiled("peer");
  return [
    ...peersOf(root),
    { id: "deno", title: "Deno's own API", command: deno(`${servers}deno.ts`) },
    {
      id: "deno-node",
      title: "node:net on Deno",
      command: deno("--allow-read", "--allow-env", `${servers}node.mjs`),
      cannot: noForwarder,
    },
    {
      id: "node",
      title: "Node",
      command: await firstLine("node", "--version") ? ["node", `${servers}node.mjs`] : { absent: "no node" },
      cannot: noForwarder,
    },
    {
      id: "asyncio",
      title: "CPython asyncio Protocol",
      command: inPython(`${servers}asyncio_protocol.py`),
      cannot: noForwarder,
    },
    {
      id: "asyncio-sock",
      title: "CPython asyncio sock_*",
      command: inPython(`${servers}asyncio_sock.py`),
      cannot: noForwarder,
    },
    {
      id: "py-select",
      title: "CPython select.select",
      command: inPython(`${servers}polling.py`, "select"),
      cannot: {
        workloads: /^(memory|forward)/,
        why: "select(2) ends at 1,024 descriptors, and forwarders are in bench/apps/",
      },
    },
    {
      id: "py-epoll",
      title: "CPython select.epoll",
      command: inPython(`${servers}polling.py`, "epoll"),
      cannot: noForwarder,
    },
    { id: "c", title: "C with epoll", command: c ? [c] : { absent: "no C compiler (cc)" }, cannot: noForwarder },
  ];
}

/** The machine and the versions that the figures were made with. */
export async function describeMachine(): Promise<Record<string, string>> {
  const cpu = /model name\s*: (.*)/.exec(await Deno.readTextFile("/proc/cpuinfo").catch(() => ""))?.[1] ?? "unknown";
  return {
    cpu: `${navigator.hardwareConcurrency} × ${cpu.trim()}`,
    system: `${Deno.build.os} ${Deno.osRelease()}`,
    deno: Deno.version.deno,
    node: await firstLine("node", "--version") ?? "absent",
    python: await firstLine("python3", "--version") ?? "absent",
    cc: await firstLine("cc", "--version") ?? "absent",
  };
}

/** The commit that is measured, with "-dirty" if the tree has changes. */
export async function describeCommit(): Promise<string> {
  const args = ["describe", "--always", "--dirty"];
  const { stdout } = await new Deno.Command("git", { args, cwd: new URL("..", import.meta.url) }).output();
  return new TextDecoder().decode(stdout).trim();
}
