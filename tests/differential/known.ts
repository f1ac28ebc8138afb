// The differences from CPython that are meant: each a rule with the name that docs/known-differences.md has for it.
// A rule names the calls and the answers that it excuses; what no rule knows fails the test.

import { isError } from "./scenario.ts";
import type { Entry, Scenario, Step } from "./scenario.ts";

/** The backends that are compared. */
export type BackendName = "deno" | "native";

/** A step that the two sides answered differently. */
export interface Parting {
  scenario: Scenario;
  step: Step;
  /** The steps before it. */
  before: Step[];
  python: Entry;
  ours: Entry;
}

type Rule = (parting: Parting) => boolean;

const [POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP] = [0x001, 0x004, 0x008, 0x010, 0x2000];
const [ENOENT, EINVAL, EOPNOTSUPP, EADDRINUSE, EISCONN, ENOTCONN, ECONNABORTED, ECONNREFUSED] = [
  2,
  22,
  95,
  98,
  106,
  107,
  103,
  111,
];

/** The errno that a step answered, thrown or, by connect_ex, returned. */
function errnoOf({ step }: Parting, entry: Entry): number | null {
  if (isError(entry)) return entry.errno;
  return step[0] === "connect_ex" && typeof entry === "number" ? entry : null;
}

function timedOut(entry: Entry): boolean {
  return isError(entry) && entry.error === "TimeoutError" && entry.errno === null;
}

/** The level that a poll or epoll answered. */
function levelOf(entry: Entry): number {
  return Array.isArray(entry) && typeof entry[0] === "number" ? entry[0] : 0;
}

function is({ step }: Parting, ...operations: string[]): boolean {
  return operations.includes(step[0]);
}

function was({ before }: Parting, test: (step: Step) => boolean): boolean {
  return before.some(test);
}

const receivingSideShut = (step: Step) => step[0] === "shutdown" && (step[2] === 0 || step[2] === 2);

/** On both backends. */
const COMMON: Record<string, Rule> = {
  "refused at once": (p) => timedOut(p.python) && isError(p.ours) && !timedOut(p.ours),
  "settimeout on a closed socket": (p) =>
    is(p, "gettimeout") && was(p, ({ 0: name }) => name === "close" || name === "detach"),
};

/** On Deno's net API. */
const DENO: Record<string, Rule> = {
  "connect after bind": (p) => is(p, "connect", "connect_ex") && errnoOf(p, p.ours) === EOPNOTSUPP,
};

const RULES: Record<BackendName, Record<string, Rule>> = { deno: { ...COMMON, ...DENO }, native: COMMON };

/** Calls that change nothing: after an excused difference in one of them the comparison goes on. */
const OBSERVING = ["poll", "epoll", "select", "getpeername", "getsockname", "gettimeout"];

/** Whether what comes after a difference in this step can still be compared. */
export function goesOn(step: Step): boolean {
  return OBSERVING.includes(step[0]);
}

/** The name of the known difference, if it is one. */
export function knownDifference(backend: BackendName, parting: Parting): string | undefined {
  return Object.entries(RULES[backend]).find(([, rule]) => rule(parting))?.[0];
}
