// The intended differences from CPython. Each is a rule with the name that docs/known-differences.md uses. A rule
// excuses certain answers of certain calls. A difference without a rule fails the test.

import { isError } from "./scenario.ts";
import type { Entry, Scenario, Step } from "./scenario.ts";

/** The backends that are compared. */
export type BackendName = "deno" | "native" | "sim";

/** A step that the two sides answered differently. */
export interface Parting {
  scenario: Scenario;
  step: Step;
  /** The steps before it. */
  before: Step[];
  /** CPython's answers to those steps. */
  answers: Entry[];
  python: Entry;
  ours: Entry;
}

type Rule = (parting: Parting) => boolean;

const [POLLIN, POLLERR, POLLHUP, POLLRDHUP] = [0x001, 0x008, 0x010, 0x2000];
const [EPERM, ENOENT, EAGAIN, EINVAL, EPIPE, EOPNOTSUPP, EADDRINUSE, EDESTADDRREQ] = [1, 2, 11, 22, 32, 95, 98, 89];
const [EALREADY, ECONNABORTED, ECONNRESET, EISCONN, ENOTCONN, ECONNREFUSED, EINPROGRESS] = [
  114,
  103,
  104,
  106,
  107,
  111,
  115,
];

/** The errno that a step threw, or that connect_ex returned. */
function errnoOf({ step }: Parting, entry: Entry): number | null {
  if (isError(entry)) return entry.errno;
  return step[0] === "connect_ex" && typeof entry === "number" ? entry : null;
}

function timedOut(entry: Entry): boolean {
  return isError(entry) && entry.error === "TimeoutError" && entry.errno === null;
}

/** The events that a poll or epoll returned. */
function levelOf(entry: Entry): number {
  return Array.isArray(entry) && typeof entry[0] === "number" ? entry[0] : 0;
}

function is({ step }: Parting, ...operations: string[]): boolean {
  return operations.includes(step[0]);
}

function was({ before }: Parting, test: (step: Step) => boolean): boolean {
  return before.some(test);
}

const SENDS = ["send", "sendall", "sendmsg", "sendto", "fill"];
const RECEIVES = [
  "recv",
  "recv_into",
  "recvfrom",
  "recvmsg",
  "recvfrom_whole",
  "recvfrom_into",
  "recvmsg_whole",
  "receive_all",
];

function isDatagrams({ scenario: { family } }: Parting): boolean {
  return family.startsWith("UDP") || family === "UNIX datagrams";
}

/** Whether a receive returned no data and no address. */
function isNothing(entry: Entry): boolean {
  return entry === "" || Array.isArray(entry) && entry.every((part) => part === "" || part === 0 || part === null);
}

/** Whether a socket is or was connected. From then on it receives only from its peer. */
function wasConnected(p: Parting): boolean {
  return was(p, ([operation]) => operation.startsWith("connect"));
}

/** Whether the results of a receive differ only in the sender's address, which is empty in CPython. */
function differsInUnnamed({ python, ours }: Parting): boolean {
  if (!Array.isArray(python) || !Array.isArray(ours) || python.at(-1) !== null) return false;
  return JSON.stringify(python.slice(0, -1)) === JSON.stringify(ours.slice(0, -1)) &&
    isUnguessable(ours.at(-1));
}

/** Whether an address is one that this module gives to sockets that have none in the kernel. */
function isUnguessable(address: unknown): boolean {
  return typeof address === "string" && address.startsWith("\0berkeley-");
}

/** Whether a receive or a wait found less than it does here. */
function foundLess(p: Parting): boolean {
  if (is(p, ...RECEIVES)) {
    const nothing = p.python === "pending" || timedOut(p.python) || errnoOf(p, p.python) === EAGAIN;
    return nothing && !isError(p.ours) && p.ours !== "pending";
  }
  if (is(p, "select")) return (p.python as number[][])[0].length < (p.ours as number[][])[0].length;
  return is(p, "poll", "epoll") && (levelOf(p.ours) & ~levelOf(p.python)) === POLLIN;
}

function receivesAll([, , , flags]: Step): boolean {
  return Array.isArray(flags) && flags.includes("MSG_WAITALL");
}

function receivingSideShut(step: Step): boolean {
  return step[0] === "shutdown" && (step[2] === 0 || step[2] === 2);
}

/**
 * Whether a receive returns more than CPython's on a TCP socket whose two sides were shut down. In CPython the data
 * causes a reset there.
 */
function goesOnAfterBoth(p: Parting): boolean {
  return p.scenario.family !== "UNIX" && was(p, ([operation, , how]) => operation === "shutdown" && how === 2) &&
    typeof p.python === "string" && typeof p.ours === "string" && p.ours.startsWith(p.python);
}

/** Whether the socket in a slot was connected before a step. */
function isConnectedAt(slot: number, place: number, p: Parting): boolean {
  for (let n = place - 1; n >= 0; n--) {
    const [operation, one, into] = p.before[n];
    const succeeded = !isError(p.answers[n]) && p.answers[n] !== "pending";
    if (operation === "socket" && one === slot) return false;
    if (!succeeded) continue;
    if (operation === "accept" && into === slot) return true;
    if (operation === "dup" && into === slot) return isConnectedAt(one, n, p);
    if (one === slot && ["connect", "connect_ex", "foreign"].includes(operation) && !p.answers[n]) return true;
  }
  return false;
}

/**
 * Whether this socket was shut down before it was connected, or was never connected. With duplicates or a select, any
 * socket counts.
 */
function shutUnconnected(p: Parting): boolean {
  const any = p.step[0] === "select" || was(p, ([operation]) => operation === "dup");
  return p.before.some(([operation, slot], place) =>
    operation === "shutdown" && (slot === p.step[1] || any) && !isConnectedAt(slot, place, p)
  );
}

/** Operations that may close the socket that was in a slot. */
const CLOSES = ["close", "detach", "socket", "accept", "dup"];

/** Whether a duplicate of this socket got a timeout. In CPython that makes this socket non-blocking too. */
function hasDuplicateInAnotherMode(p: Parting): boolean {
  const duplicates = duplicatesOf(p);
  return duplicates.size > 1 &&
    was(p, ([operation, one, timeout]) => operation === "settimeout" && timeout !== null && duplicates.has(one));
}

/** Whether the socket of this step is a duplicate. */
function isDuplicate({ step: [, slot], before }: Parting): boolean {
  return before.some(([operation, , into]) => operation === "dup" && into === slot);
}

/** Whether a connect was still under way when its call ended. */
function connectWasUnderWay(p: Parting): boolean {
  const duplicates = duplicatesOf(p);
  return p.before.some(([operation, slot], n) => {
    if (!operation.startsWith("connect") || !duplicates.has(slot)) return false;
    const answer = p.answers[n];
    return answer === EINPROGRESS || isError(answer) && answer.errno === EINPROGRESS;
  });
}

/** Whether a duplicate was set to blocking. In CPython this socket blocks too then, in any mode. */
function hasBlockingDuplicate(p: Parting): boolean {
  const duplicates = duplicatesOf(p);
  return duplicates.size > 1 &&
    was(
      p,
      ([operation, one, timeout]) =>
        duplicates.has(one) && (operation === "adopt" || operation === "settimeout" && timeout === null),
    );
}

/** The slots of this step's socket and its duplicates, earlier ones included. */
function duplicatesOf({ step: [, slot], before }: Parting): Set<number> {
  const duplicates = new Set([slot]);
  // Twice, because the duplicate that is found first may be the last that was made.
  for (const [operation, from, into] of [...before, ...before]) {
    if (operation === "dup" && (duplicates.has(from) || duplicates.has(into))) duplicates.add(from).add(into);
  }
  return duplicates;
}

/** Whether a socket was closed after a call that may have left a read or an accept parked. */
function closedWhileUnderWay({ before, answers }: Parting): boolean {
  const gaveUp = (answer: Entry) =>
    answer === "pending" || timedOut(answer) || isError(answer) && answer.errno === EAGAIN;
  const left = before.findIndex(([operation], place) =>
    ["poll", "epoll", "select"].includes(operation) ||
    [...RECEIVES, "accept"].includes(operation) && (gaveUp(answers[place]) || looksAhead(before[place]))
  );
  return left >= 0 && before.slice(left).some(([operation]) => CLOSES.includes(operation) || operation === "shutdown");
}

/** Whether a receive peeks. A peek reads ahead, to show all available data. */
function looksAhead([, , , flags]: Step): boolean {
  return Array.isArray(flags) && flags.includes("MSG_PEEK");
}

/** Whether a socket connects to one that is bound but does not listen. */
function connectsBeforeListen({ step, before, answers }: Parting): boolean {
  return [...before, step].some(([operation, , target], place) => {
    if (!operation.startsWith("connect")) return false;
    const opened = before.findLastIndex(([name, one], n) => n < place && name === "socket" && one === target);
    return !before.some(([name, one], n) =>
      n > opened && n < place && name === "listen" && one === target && answers[n] === null
    );
  });
}

/** Whether an answer lacks some of these events and has no other difference. */
function lacks({ python, ours }: Parting, events: number): boolean {
  return levelOf(ours) !== levelOf(python) && (levelOf(ours) | events) === (levelOf(python) | events) &&
    (levelOf(ours) & ~levelOf(python)) === 0;
}

/** Differences on all backends. */
const COMMON: Record<string, Rule> = {
  "refused at once": (p) => timedOut(p.python) && isError(p.ours) && !timedOut(p.ours),
  "a duplicate has a mode of its own": (p) =>
    is(p, "connect", "connect_ex") && errnoOf(p, p.ours) === EINPROGRESS && hasBlockingDuplicate(p) ||
    hasDuplicateInAnotherMode(p) && is(p, ...SENDS, ...RECEIVES, "accept", "connect", "connect_ex") &&
      (p.python === "pending" || isError(p.python) && p.python.error === "BlockingIOError") ||
    // A receive of nothing that may wait ends with CPython's patience, and one that may not with EAGAIN.
    hasDuplicateInAnotherMode(p) && is(p, "recvfrom", "recvmsg") && p.step[2] === 0 && !isError(p.python) &&
      errnoOf(p, p.ours) === EAGAIN,
  "accept on a Unix listener that was shut down": (p) =>
    p.scenario.family === "UNIX" && is(p, "accept") && errnoOf(p, p.python) === EINVAL && was(p, receivingSideShut),
  "a connected socket says so at once": (p) =>
    is(p, "connect", "connect_ex") && errnoOf(p, p.ours) === EISCONN &&
    (p.python === null || p.python === 0 || errnoOf(p, p.python) === ECONNRESET),
  "connect after a failed shutdown": (p) =>
    is(p, "connect", "connect_ex") &&
    (shutUnconnected(p) && errnoOf(p, p.ours) === ECONNABORTED ||
      errnoOf(p, p.python) === EINVAL && was(p, ([operation]) => operation === "shutdown")),
  "settimeout on a closed socket": (p) =>
    is(p, "gettimeout") && was(p, ([operation]) => operation === "close" || operation === "detach"),
  "MSG_WAITALL under a timeout": (p) =>
    was(p, receivesAll) &&
    (is(p, "poll") && levelOf(p.ours) === (levelOf(p.python) | POLLERR) ||
      is(p, "getsockopt") && p.python === 0 && p.ours === ECONNRESET),
  "MSG_WAITALL collects here": (p) => (is(p, ...SENDS, ...RECEIVES, "poll", "epoll") &&
      was(
        p,
        (step) => receivesAll(step) && duplicatesOf(p).has(step[1]) && (step[1] !== p.step[1] || isDuplicate(p)),
      ) ||
    p.before.some((step, n) => receivesAll(step) && p.answers[n] === "pending") &&
      was(p, ([operation]) => CLOSES.includes(operation)) &&
      (errnoOf(p, p.python) === ECONNRESET || is(p, "poll", "epoll") && lacks(p, POLLERR | POLLHUP) ||
        is(p, "shutdown", "getpeername") && errnoOf(p, p.python) === ENOTCONN && !isError(p.ours) ||
        is(p, "bind") && p.python === null && errnoOf(p, p.ours) === EINVAL) ||
    was(p, receivesAll) &&
      (is(p, ...SENDS) && errnoOf(p, p.python) === ECONNRESET && errnoOf(p, p.ours) === EPIPE ||
        is(p, "poll", "epoll") && lacks(p, POLLERR) ||
        p.scenario.family === "UNIX" && is(p, ...RECEIVES) && p.python === "" && errnoOf(p, p.ours) === ECONNRESET)),
  "a datagram socket that was shut down is at its end": (p) =>
    isDatagrams(p) && is(p, ...RECEIVES) && was(p, receivingSideShut) && isNothing(p.ours) &&
    (timedOut(p.python) || errnoOf(p, p.python) === EAGAIN),
  "a refused connect under a timeout leaves no mark": (p) =>
    was(p, ([operation]) => operation.startsWith("connect")) &&
    (is(p, "poll", "epoll") && levelOf(p.ours) === (levelOf(p.python) & ~(POLLIN | POLLRDHUP)) ||
      is(p, "connect", "connect_ex") && errnoOf(p, p.python) === ECONNABORTED ||
      is(p, "listen") && errnoOf(p, p.python) === EINVAL ||
      is(p, "getsockname") && Array.isArray(p.ours) && ["::", "0.0.0.0"].includes(p.ours[0]) ||
      is(p, ...RECEIVES) && (isNothing(p.python) || p.python === false) && errnoOf(p, p.ours) === ENOTCONN),
};

/** Differences on the default backend. */
const DENO: Record<string, Rule> = {
  "a bound address can be connected to": (p) =>
    connectsBeforeListen(p) &&
      (errnoOf(p, p.python) === ECONNREFUSED || (levelOf(p.python) & POLLERR) !== 0 || is(p, "select")) ||
    is(p, "connect", "connect_ex") && errnoOf(p, p.python) === ECONNREFUSED && (p.ours === null || p.ours === 0) &&
      was(p, receivingSideShut),
  "Deno sets SO_REUSEADDR": (p) =>
    p.scenario.family !== "UNIX" && is(p, "bind") && errnoOf(p, p.python) === EADDRINUSE && p.ours === null,
  "Deno removes a listener's path": (p) =>
    p.scenario.family === "UNIX" && was(p, ([operation]) =>
      ["close", "detach", "shutdown", "socket"].includes(operation)) &&
    (is(p, "bind") && p.ours === null && errnoOf(p, p.python) === EADDRINUSE ||
      is(p, "connect", "connect_ex") && errnoOf(p, p.ours) === ENOENT && errnoOf(p, p.python) === ECONNREFUSED),
  "a close takes a moment": (p) =>
    closedWhileUnderWay(p) &&
    (is(p, ...SENDS) && [EPIPE, ECONNRESET, ECONNREFUSED].includes(errnoOf(p, p.python)!) && !isError(p.ours) ||
      is(p, "bind") && p.python === null && errnoOf(p, p.ours) === EADDRINUSE ||
      // A Unix socket that is closed just when data arrives leaves its peer a pending error.
      p.scenario.family === "UNIX" && was(p, ([operation]) => SENDS.includes(operation)) && is(p, "poll", "epoll") &&
        levelOf(p.python) !== 0 && levelOf(p.ours) === (levelOf(p.python) | POLLERR) ||
      is(p, "connect", "connect_ex", ...SENDS, ...RECEIVES) && errnoOf(p, p.python) === ECONNREFUSED &&
        errnoOf(p, p.ours) === ECONNRESET),
  "a stranger's datagram is dropped here": (p) =>
    isDatagrams(p) && wasConnected(p) &&
    (errnoOf(p, p.python) === EPERM && !isError(p.ours) ||
      is(p, ...RECEIVES) && !isError(p.python) && JSON.stringify(p.python) !== JSON.stringify(p.ours)),
  "a UDP peer's refusal is not learned": (p) =>
    p.scenario.family.startsWith("UDP") && wasConnected(p) &&
    (errnoOf(p, p.python) === ECONNREFUSED || is(p, "getsockopt") && p.python === ECONNREFUSED ||
      is(p, "poll", "epoll") && lacks(p, POLLERR | POLLIN)),
  "a Unix datagram socket has a name": (p) =>
    p.scenario.family === "UNIX datagrams" &&
    (is(p, ...RECEIVES) && differsInUnnamed(p) || is(p, "getsockname") && p.python === "" && isUnguessable(p.ours)),
  "connect(AF_UNSPEC) keeps the port and the queue": (p) =>
    was(p, ([operation]) => operation === "disconnect" || operation.startsWith("connect")) && isDatagrams(p) &&
    (is(p, "getsockname") && Array.isArray(p.python) &&
        (p.python[1] === 0 || was(p, ([operation]) => operation === "disconnect")) ||
      // The peer is the address that this socket had before its port changed.
      is(p, "getpeername") && Array.isArray(p.python) && Array.isArray(p.ours) && p.python[0] === p.ours[0] &&
        was(p, ([operation]) => operation === "disconnect") ||
      foundLess(p) ||
      p.scenario.family === "UNIX datagrams" && errnoOf(p, p.python) === ECONNRESET),
  "a Unix peer that has gone is not forgotten": (p) =>
    p.scenario.family === "UNIX datagrams" && wasConnected(p) && is(p, ...SENDS, "getpeername") &&
    errnoOf(p, p.python) === ENOTCONN && (!isError(p.ours) || errnoOf(p, p.ours) === ECONNREFUSED),
  "a send to nowhere binds nothing": (p) =>
    p.scenario.family.startsWith("UDP") && p.answers.some((answer) =>
      isError(answer) && answer.errno === EDESTADDRREQ
    ) &&
    (is(p, "bind") && errnoOf(p, p.python) === EINVAL && p.ours === null ||
      is(p, "getsockname") && Array.isArray(p.ours) && p.ours[1] === 0),
  "a second connect does not wait": (p) => is(p, "connect", "connect_ex") && errnoOf(p, p.ours) === EALREADY,
  "connect after bind": (p) => is(p, "connect", "connect_ex") && errnoOf(p, p.ours) === EOPNOTSUPP,
  "the path is looked up last": (p) =>
    p.scenario.family === "UNIX" && is(p, "bind", "connect", "connect_ex") &&
    [ENOENT, EADDRINUSE, ECONNREFUSED].includes(errnoOf(p, p.python)!) &&
    [EISCONN, EINVAL].includes(errnoOf(p, p.ours)!),
  "bind of a connected Unix socket": (p) =>
    p.scenario.family === "UNIX" && is(p, "bind") && p.python === null && errnoOf(p, p.ours) === EINVAL,
  "the peer does not see SHUT_RD": (p) =>
    was(p, receivingSideShut) && !isError(p.ours) &&
    (is(p, ...SENDS) && [EPIPE, ECONNRESET].includes(errnoOf(p, p.python)!) ||
      is(p, ...RECEIVES) && (errnoOf(p, p.python) === ECONNRESET || goesOnAfterBoth(p)) ||
      is(p, "poll", "epoll") && lacks(p, POLLHUP | POLLRDHUP | POLLERR)),
  "a closed Unix peer looks half-closed": (p) =>
    p.scenario.family === "UNIX" && is(p, "poll") && lacks(p, POLLHUP) && (levelOf(p.ours) & POLLRDHUP) !== 0,
  "the peer's news is learned late": (p) =>
    was(p, ([operation]) => CLOSES.includes(operation) || operation === "shutdown" || operation === "foreign") &&
      (is(p, "poll", "epoll") && lacks(p, POLLRDHUP | POLLHUP | POLLERR) && levelOf(p.ours) !== 0 ||
        is(p, "getpeername", "shutdown") && errnoOf(p, p.python) === ENOTCONN && !isError(p.ours) ||
        is(p, "getsockopt") && [EPIPE, ECONNRESET].includes(p.python as number) && p.ours === 0) ||
    is(p, "getpeername") && !isError(p.python) && errnoOf(p, p.ours) === ENOTCONN && connectWasUnderWay(p) ||
    // A send that waits for such a connect rejects if its memory changes meanwhile.
    is(p, "send", "sendall") && p.step[4] !== undefined && isError(p.ours) && p.ours.error === "TypeError" &&
      connectWasUnderWay(p) ||
    wasConnected(p) &&
      (is(p, ...RECEIVES, ...SENDS) && errnoOf(p, p.python) === ECONNREFUSED && errnoOf(p, p.ours) === EAGAIN ||
        is(p, "getsockopt") && p.python === ECONNREFUSED && p.ours === 0),
  "shutdown of an unconnected socket": (p) =>
    shutUnconnected(p) ||
    // The kernel releases the port that listen chose.
    is(p, "bind") && p.python === null && errnoOf(p, p.ours) === EADDRINUSE && typeof p.step[2] === "number" &&
      shutUnconnected({ ...p, step: ["bind", p.step[2]] }),
  "a Unix listener that was shut down does not refuse clients": (p) =>
    p.scenario.family === "UNIX" && was(p, receivingSideShut) && is(p, ...RECEIVES) &&
    (p.ours === "" || errnoOf(p, p.ours) === ECONNRESET) && errnoOf(p, p.python) === EAGAIN,
  "the end comes before the reset": (p) =>
    errnoOf(p, p.python) === ECONNRESET &&
      (is(p, ...RECEIVES) && (p.ours === "" || p.ours === false) || is(p, ...SENDS) && errnoOf(p, p.ours) === EPIPE) ||
    is(p, "getsockopt") && p.python === ECONNRESET && p.ours === EPIPE,
  "an empty send is not passed on": (p) =>
    is(p, ...SENDS) && [p.step[2]].flat().join("") === "" && isError(p.python) && !isError(p.ours),
  "bind after the end": (p) =>
    is(p, "bind") && errnoOf(p, p.ours) === EINVAL && (p.python === null || errnoOf(p, p.python) === EADDRINUSE),
  "no name from a refused connect": (p) =>
    is(p, "getsockname") && was(p, ([operation]) => operation.startsWith("connect")) &&
    Array.isArray(p.ours) && p.ours[1] === 0,
};

const RULES: Record<BackendName, Record<string, Rule>> = {
  deno: { ...COMMON, ...DENO },
  native: COMMON,
  sim: COMMON,
};

/**
 * Operations that change nothing, so the comparison goes on after an excused difference. Operations that return an
 * address are left out, since ports are compared by the order in which they appear.
 */
const OBSERVING = ["poll", "epoll", "select", "gettimeout"];

/** Whether the steps after a difference in this step can still be compared. */
export function goesOn(step: Step): boolean {
  return OBSERVING.includes(step[0]);
}

/** The name of the known difference, or undefined if no rule matches. */
export function knownDifference(backend: BackendName, parting: Parting): string | undefined {
  return Object.entries(RULES[backend]).find(([, rule]) => rule(parting))?.[0];
}

/** The names of all known differences. */
export function knownDifferences(): string[] {
  return Object.keys({ ...COMMON, ...DENO });
}
