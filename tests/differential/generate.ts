// Random scenarios: some prepared sockets, then calls in any order. Useful calls are more frequent than others.

import { datagramSteps } from "./datagrams.ts";
import { Random } from "./random.ts";
import type { FamilyName, Scenario, Step } from "./scenario.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const SLOTS = [0, 1, 2, 3];
const [OWN, SERVER, PEER, OTHER] = SLOTS;
/** The slot whose address is never bound. */
const FOURTH = 4;

const FAMILIES: readonly (readonly [number, FamilyName])[] = [
  [6, "TCP"],
  [6, "UNIX"],
  [6, "TCP6"],
  [3, "UDP"],
  [1, "UDP6"],
  [3, "UNIX datagrams"],
];

/** How scenarios begin. */
const BEGINNINGS: readonly (readonly [number, Step[]])[] = [
  [1, [["socket", OWN], ["socket", SERVER]]],
  [2, [["socket", SERVER], ["bind", SERVER], ["socket", OWN]]],
  [3, [["socket", SERVER], ["bind", SERVER], ["listen", SERVER, 8], ["socket", OWN]]],
  [
    10,
    [
      ["socket", SERVER],
      ["bind", SERVER],
      ["listen", SERVER, 8],
      ["socket", OWN],
      ["connect", OWN, SERVER],
      ["accept", SERVER, PEER],
    ],
  ],
];

/** The nth scenario of a seed. */
export function generate(seed: number, n: number): Scenario {
  const random = new Random(seed * 1_000_003 + n);
  const family = random.weighed<FamilyName>(FAMILIES);
  if (family.startsWith("UDP") || family === "UNIX datagrams") return { id: n, family, steps: datagramSteps(random) };
  const steps: Step[] = [...random.weighed(BEGINNINGS)];
  for (const slot of SLOTS) {
    if (random.below(2) === 0) steps.push(["settimeout", slot, timeout(random)]);
  }
  for (let left = 3 + random.below(12); left > 0; left--) {
    steps.push(call(random));
  }
  if (random.below(6) === 0) steps.splice(random.below(steps.length), 0, ...peeks(random));
  if (family !== "UNIX" && random.below(6) === 0) steps.splice(random.below(steps.length), 0, ...foreign(random));
  else if (random.below(10) === 0) steps.push(...flood(random));
  return { id: n, family, steps };
}

function timeout(random: Random): number | null {
  return random.weighed([[4, 0], [3, 0.01], [2, null]]);
}

function data(random: Random): string {
  const length = random.weighed([[6, 1 + random.below(8)], [1, 0], [2, 100 + random.below(3000)]]);
  return Array.from({ length }, () => LETTERS[random.below(LETTERS.length)]).join("");
}

function receiveFlags(random: Random): string[] {
  return random.weighed([
    [6, []],
    [2, ["MSG_PEEK"]],
    [2, ["MSG_DONTWAIT"]],
    [1, ["MSG_PEEK", "MSG_DONTWAIT"]],
    [2, ["MSG_WAITALL"]],
  ]);
}

function receive(random: Random, slot: number): [operation: string, slot: number, size: number] {
  return [random.pick(["recv", "recv", "recv_into", "recvfrom", "recvmsg"]), slot, size(random)];
}

function size(random: Random): number {
  return random.weighed([[4, 1 + random.below(6)], [4, 100], [2, 65536], [1, 0]]);
}

/** Peeks at what was sent, then receives less or more than the peek showed, while more data arrives. */
function peeks(random: Random): Step[] {
  const [slot, other] = random.pick([[OWN, PEER], [PEER, OWN]]);
  const steps: Step[] = [["send", slot, data(random), []]];
  for (let left = 2 + random.below(4); left > 0; left--) {
    steps.push(
      random.weighed<() => Step>([
        [3, () => [...receive(random, other), ["MSG_PEEK"]]],
        [4, () => [...receive(random, other), []]],
        [1, () => ["send", slot, data(random), []]],
      ])(),
    );
  }
  return steps;
}

/**
 * A connection whose buffers are full, and the calls whose answer is certain then. No other call follows, because the
 * kernel may or may not have room for a few more bytes.
 */
function flood(random: Random): Step[] {
  const [slot, other] = random.pick([[OWN, PEER], [PEER, OWN]]);
  const after: Step[][] = [
    [["poll", slot, 0x004, 0]],
    [["select", 0, [], [slot], [], 0]],
    [["shutdown", slot, 1], ["send", slot, "x", []]],
    [["receive_all", other], ["poll", slot, 0x004, 10]],
    [["close", other], ["poll", slot, 0x2001, 10]],
  ];
  return [["fill", slot], ...random.pick(after)];
}

/** A connection to the helper, which is told to reset, to reset after data, to half-close or to close. */
function foreign(random: Random): Step[] {
  return [["socket", OWN], ["foreign", OWN], ["sendall", OWN, random.pick(["R", "D", "H", "C"]), []], ["pause", OWN]];
}

/** What happens to a call's memory while the call waits. */
function change(random: Random): string {
  return random.pick(["transferred", "shrunk", "grown"]);
}

/** A call that takes a signal. */
function abortable(random: Random, slot: number): Step {
  return random.weighed<() => Step>([
    [2, () => ["sendall", slot, data(random), []]],
    [3, () => [...receive(random, slot), receiveFlags(random)]],
    [1, () => ["accept", slot, OTHER]],
    [1, () => ["connect", slot, SERVER]],
  ])();
}

/** One call on one of the sockets. */
function call(random: Random): Step {
  const slot = random.weighed([[5, OWN], [2, SERVER], [4, PEER], [1, OTHER]]);
  const end = random.weighed([[5, OWN], [5, PEER], [1, OTHER], [1, SERVER]]);
  const mask = random.pick([0x001, 0x004, 0x2007, 0x2001]);
  return random.weighed<() => Step>([
    [12, () => [random.pick(["send", "send", "sendall"]), end, data(random), random.pick([[], [], ["MSG_DONTWAIT"]])]],
    [1, () => ["sendall", end, data(random), [], change(random)]],
    [2, () => ["recv_into", end, size(random), receiveFlags(random), change(random)]],
    [2, () => ["aborted", end, abortable(random, end)]],
    [
      1,
      () => ["together", end, ["connect", end === SERVER ? OTHER : end, SERVER], [
        "connect",
        end === SERVER ? OTHER : end,
        SERVER,
      ]],
    ],
    [1, () => ["together", end, ["send", end, data(random), []], ["sendall", end, data(random), []]]],
    [1, () => ["together", SERVER, ["accept", SERVER, PEER], ["accept", SERVER, OTHER]]],
    [1, () => ["adopt", slot]],
    [2, () => ["sendmsg", end, [data(random), data(random)], []]],
    [1, () => ["sendto", end, data(random), SERVER]],
    [14, () => [...receive(random, end), receiveFlags(random)]],
    [4, () => ["shutdown", end, random.weighed([[1, 0], [5, 1], [2, 2]])]],
    [2, () => ["close", slot]],
    [1, () => ["detach", slot]],
    [2, () => ["dup", slot, random.pick([OTHER, PEER]), random.pick(["dup", "dup", "fromfd"])]],
    [2, () => ["accept", SERVER, random.pick([PEER, OTHER])]],
    // Not to itself: TCP allows that, but programs do not do it.
    [2, () => ["connect", end === SERVER ? OTHER : end, SERVER]],
    [2, () => ["connect_ex", end === SERVER ? OWN : end, random.pick([SERVER, FOURTH])]],
    [1, () => ["listen", slot, 1 + random.below(8)]],
    [1, () => ["bind", slot]],
    [1, () => ["bind", slot, SERVER]],
    [1, () => ["socket", slot]],
    [3, () => ["settimeout", end, timeout(random)]],
    [2, () => ["getsockopt", slot, random.pick(["SO_ERROR", "SO_TYPE", "SO_ACCEPTCONN"])]],
    [1, () => [random.pick(["getsockname", "getpeername"]), slot]],
    [1, () => [random.pick(["gettimeout", "fileno"]), slot]],
    [5, () => ["poll", slot, mask, random.pick([0, 0, 10])]],
    [2, () => ["epoll", slot, mask & 0x2007, random.pick([0, 0.01])]],
    [3, () => ["select", 0, [OWN, SERVER, PEER], random.pick([[], [OWN, PEER]]), [], random.pick([0, 0, 0.01])]],
  ])();
}
