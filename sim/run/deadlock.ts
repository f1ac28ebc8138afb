// The report of a deadlock: the waiting sockets, and the events that they wait for.

import { POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM } from "../../base/poll.ts";
import type { Network } from "../net/network.ts";
import type { SocketInfo } from "../net/socket_info.ts";
import type { RunningProgram } from "./program.ts";

/** Describes the events that a socket waits for. */
function describeWait({ state, protocol }: SocketInfo, mask: number): string {
  const waits: string[] = [];
  if ((mask & (POLLIN | POLLRDNORM | POLLRDHUP)) !== 0) waits.push(state === "LISTEN" ? "a connection" : "data");
  if ((mask & POLLOUT) !== 0) waits.push(state === "SYN-SENT" ? "the peer's answer" : "room to send");
  if (waits.length === 0) waits.push("an event");
  return `${protocol} ${state} waits for ${waits.join(" or ")}`;
}

function describe(info: SocketInfo): string {
  const ends = info.peer === "" ? info.local : `${info.local === "" ? "unnamed" : info.local} → ${info.peer}`;
  const queues = info.state === "LISTEN"
    ? ""
    : ` (${info.receiveQueue} bytes to read, ${info.sendQueue} bytes not taken by the peer)`;
  return `${ends}${queues}`;
}

/** Returns the lines of a report. */
export function describeWaits(network: Network, programs: Iterable<RunningProgram>, mainRuns: boolean): string {
  const lines: string[] = [];
  if (mainRuns) lines.push("  main has not ended");
  const byHost = new Map<string, RunningProgram[]>();
  for (const running of programs) byHost.set(running.host, [...byHost.get(running.host) ?? [], running]);
  for (const host of network.hosts) {
    const waiting = [...host.kernel.sockets].filter(({ waitsFor }) => waitsFor !== 0);
    const running = byHost.get(host.name) ?? [];
    if (waiting.length === 0 && running.length === 0) continue;
    lines.push(`  ${host.name}${host.isUp ? "" : " (crashed)"}:`);
    for (const { label } of running) lines.push(`    ${label} has not ended`);
    for (const socket of waiting) {
      const info = socket.info();
      lines.push(`    ${describeWait(info, socket.waitsFor)}: ${describe(info)}`);
    }
  }
  return lines.join("\n");
}
