// The targets of the module, as ratios between peers of one run.

import { middle, ratio, type Row } from "./rows.ts";

/** One target and its result. NaN if the run did not measure it. */
export interface Target {
  title: string;
  value: number;
  least: number;
}

/** The targets: a peer, the peer that it is compared with, the least ratio, and the workloads. */
const aims: [peer: string, against: string, least: number, workloads: string[]][] = [
  [
    "default",
    "deno",
    0.95,
    ["echo64", "echo512", "receive", "receive_into", "send", "client1", "client32", "accept", "udp"],
  ],
  ["native", "deno", 1.25, ["echo64", "echo512"]],
  ["native", "deno", 1, ["accept", "udp"]],
  ["native", "c", 0.85, ["echo64", "echo512"]],
  ["native", "c", 0.9, ["receive_into", "send"]],
  ["native", "c", 0.65, ["udp"]],
  ...["deno", "deno-node", "node", "asyncio", "asyncio-sock", "py-select", "py-epoll"].map((
    peer,
  ): [string, string, number, string[]] => [
    "native",
    peer,
    1,
    ["echo1", "echo64", "echo512", "receive", "send", "client1", "client32", "accept", "udp"],
  ]),
];

for (const peer of ["default", "native"]) {
  aims.push([peer, "py-select", 1, ["select100", "select1000", "select-ready100", "select-ready1000"]]);
  aims.push([peer, "py-epoll", 1, [
    "epoll10",
    "epoll100",
    "epoll1000",
    "epoll-ready10",
    "epoll-ready100",
    "epoll-ready1000",
  ]]);
}

/** A wait over 1,000 sockets may cost 1.3 times as much as one over 10. */
function flatness(rows: Row[]): Target[] {
  return ["default", "native"].map((peer) => {
    const [few, many] = ["epoll10", "epoll1000"].map((name) => rows.find((row) => row.name === name));
    const value = few && many ? middle(few, peer, "value") / middle(many, peer, "value") : NaN;
    return { title: `epoll10 / epoll1000: ${peer}`, value, least: 0.77 };
  });
}

/** Evaluates a run, in every placement that it measured. */
export function targets(rows: Row[]): Target[] {
  return aims.flatMap(([peer, against, least, workloads]) =>
    rows.filter((row) => workloads.includes(row.name)).map((row) => ({
      title: `${row.name} ${row.placement}: ${peer} / ${against}`,
      value: ratio(row, peer, against),
      least,
    }))
  ).concat(flatness(rows));
}
