// Random scenarios of datagram sockets: senders and receivers, connected or not, truncated datagrams, peeks, addresses
// without a socket.

import type { Random } from "./random.ts";
import type { Step } from "./scenario.ts";

const SLOTS = [0, 1, 2];
const [ONE, OTHER, STRANGER] = SLOTS;
/** The slot whose address is never bound. */
const UNBOUND = 4;

/** How scenarios begin. */
const BEGINNINGS: readonly (readonly [number, Step[]])[] = [
  [2, [["bind", ONE], ["bind", OTHER]]],
  [2, [["bind", ONE]]],
  [3, [["bind", ONE], ["bind", OTHER], ["connect", ONE, OTHER], ["connect", OTHER, ONE]]],
  [2, [["bind", ONE], ["connect", OTHER, ONE]]],
];

/** The steps of one scenario. */
export function datagramSteps(random: Random): Step[] {
  const steps: Step[] = SLOTS.map((slot): Step => ["socket", slot]);
  steps.push(...random.weighed(BEGINNINGS));
  for (const slot of SLOTS) {
    if (random.below(3) > 0) steps.push(["settimeout", slot, random.weighed([[3, 0], [3, 0.01]])]);
  }
  for (let left = 4 + random.below(12); left > 0; left--) steps.push(call(random));
  return steps;
}

function data(random: Random): string {
  return random.weighed([[6, "abcdefgh"[random.below(8)].repeat(1 + random.below(8))], [2, ""], [
    2,
    "long ".repeat(50),
  ]]);
}

function receiveFlags(random: Random): string[] {
  return random.weighed([[6, []], [2, ["MSG_PEEK"]], [1, ["MSG_DONTWAIT"]], [1, ["MSG_PEEK", "MSG_DONTWAIT"]]]);
}

/**
 * A receive. Where CPython allocates the buffer, MSG_TRUNC is left out: CPython would return bytes behind the buffer.
 */
function receive(random: Random, slot: number): Step {
  const size = random.weighed([[2, 1 + random.below(6)], [4, 100], [3, 65536], [1, 0]]);
  const operation = random.pick(["recv", "recv_into", "recvfrom_whole", "recvfrom_into", "recvmsg_whole"]);
  const flags = receiveFlags(random);
  if (operation.endsWith("_into") && random.below(3) === 0) flags.push("MSG_TRUNC");
  const step: Step = [operation, slot, size, flags];
  if (operation.endsWith("_into") && random.below(4) === 0) step.push(random.pick(["transferred", "shrunk", "grown"]));
  return step;
}

/** One call on one of the sockets. */
function call(random: Random): Step {
  const slot = random.weighed([[4, ONE], [4, OTHER], [2, STRANGER]]);
  const to = random.weighed([[4, ONE], [4, OTHER], [1, STRANGER], [1, UNBOUND]]);
  const mask = random.pick([0x001, 0x004, 0x2007, 0x2001]);
  return random.weighed<() => Step>([
    [9, () => ["sendto", slot, data(random), to]],
    [6, () => ["send", slot, data(random), random.pick([[], [], ["MSG_DONTWAIT"]])]],
    [1, () => ["sendall", slot, data(random), []]],
    [1, () => ["send", slot, data(random), [], random.pick(["transferred", "shrunk", "grown"])]],
    [2, () => ["aborted", slot, random.pick([receive(random, slot), ["sendto", slot, data(random), to]])]],
    [1, () => ["together", slot, ["sendto", slot, data(random), to], ["send", slot, data(random), []]]],
    [1, () => ["together", slot, ["connect", slot, to], ["connect", slot, random.pick([ONE, OTHER])]]],
    [1, () => ["adopt", slot]],
    [2, () => ["sendmsg", slot, [data(random), data(random)], []]],
    [18, () => receive(random, slot)],
    [3, () => ["connect", slot, to]],
    [1, () => ["connect_ex", slot, to]],
    [2, () => ["disconnect", slot]],
    [1, () => ["shutdown", slot, random.pick([0, 1, 2])]],
    [1, () => ["close", slot]],
    [1, () => ["dup", slot, STRANGER, random.pick(["dup", "dup", "fromfd"])]],
    [1, () => ["bind", slot]],
    [1, () => ["listen", slot, 1]],
    [1, () => ["settimeout", slot, random.pick([0, 0.01, null])]],
    [2, () => ["getsockopt", slot, random.pick(["SO_ERROR", "SO_TYPE"])]],
    [2, () => [random.pick(["getsockname", "getpeername"]), slot]],
    [4, () => ["poll", slot, mask, random.pick([0, 0, 10])]],
    [1, () => ["epoll", slot, mask & 0x2007, random.pick([0, 0.01])]],
    [2, () => ["select", 0, SLOTS, random.pick([[], SLOTS]), [], random.pick([0, 0, 0.01])]],
  ])();
}
