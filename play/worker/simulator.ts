// The adapter between the page's Worker and sim.ts. No other file in play/ uses the simulator.

import { failedRun, simulate as simulateNet } from "../../sim.ts";
import type { Host, Net, PacketEntry, Run } from "../../sim.ts";
import type { Ending, Packet, SocketRow } from "../protocol.ts";
import type { Network, Outcome, Simulate } from "./network.ts";

/** The virtual seconds after which a run is stopped. */
const LIMIT = 600;

function packetOf(entry: PacketEntry): Packet {
  const { time, arrival, from, to, protocol, flags, seq, ack, window, data, fate, retransmission } = entry;
  return {
    time,
    arrival,
    from,
    to,
    source: `${entry.source}:${entry.sourcePort}`,
    destination: `${entry.destination}:${entry.destinationPort}`,
    protocol,
    flags: protocol === "TCP" ? flags.split(",") : [],
    note: protocol === "TCP" ? "" : flags,
    seq,
    ack,
    window,
    data,
    fate,
    retransmission,
  };
}

/** The TCP and UDP sockets of a host that are in use, as `ss` lists them. */
function rowsOf(host: Host): SocketRow[] {
  const rows: SocketRow[] = [];
  for (const { protocol, state, local, peer, receiveQueue, sendQueue } of host.sockets()) {
    if (protocol !== "tcp" && protocol !== "udp") continue;
    // `ss` does not list a TCP socket that was never used, or a UDP socket without an address.
    if (protocol === "tcp" ? state === "UNCONN" : local === "" || local.endsWith(":*")) continue;
    rows.push({
      host: host.name,
      id: `${host.name} ${protocol} ${local} ${peer}`,
      protocol,
      state,
      received: receiveQueue,
      sent: sendQueue,
      local,
      peer: peer === "" ? "*:*" : peer,
    });
  }
  return rows;
}

function networkOf(net: Net): Network {
  return {
    get time() {
      return net.time;
    },
    host: (name) => ({ ...net.host(name).socket }),
    cut: (name) => net.partition(name, net.hosts.filter((host) => host.name !== name)),
    sleep: (seconds) => net.sleep(seconds),
    outside: (promise) => net.outside(promise),
    get count() {
      return net.packets.length;
    },
    packet: (index) => packetOf(net.packets[index]),
    sockets: () => net.hosts.flatMap(rowsOf),
  };
}

function outcomeOf(run: Run | undefined, reason: Ending, message: string): Outcome {
  return {
    reason,
    message,
    time: run?.time ?? 0,
    fingerprint: run?.fingerprint ?? "",
    pcapng: run?.pcapng() ?? new Uint8Array(),
  };
}

/** The reason why a run was stopped, from the message of the error of `simulate`. */
function reasonOf(message: string): Ending {
  if (message.startsWith("deadlock:")) return "waiting";
  return message.startsWith("not done after") ? "too long" : "failed";
}

export const simulate: Simulate = async ({ latency, loss, bandwidth, seed }, main, settled) => {
  const link = { latency, loss, bandwidth: bandwidth === 0 ? Infinity : bandwidth };
  let network: Network | undefined;
  const of = (net: Net) => network ??= networkOf(net);
  const observe = (net: Net) => settled(of(net));
  try {
    const run = await simulateNet({ seed, link, limit: LIMIT, globals: true, observe }, (net) => main(of(net)));
    return outcomeOf(run, "ended", "");
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return outcomeOf(failedRun(error), reasonOf(message), message);
  }
};
