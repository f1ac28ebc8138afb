// Runs scenarios on both sides and compares the traces step by step.

import type { Module } from "../conformance/fixtures.ts";
import { interpret } from "./interpreter.ts";
import { goesOn, knownDifference } from "./known.ts";
import type { BackendName } from "./known.ts";
import type { Oracle } from "./oracle.ts";
import type { Entry, FamilyName, Scenario, Step } from "./scenario.ts";

export type { BackendName };

/** The first point at which the two traces differ. */
export interface Difference {
  scenario: Scenario;
  /** The number of the first step that differs. */
  at: number;
  python: Entry[];
  ours: Entry[];
}

/** The result of a comparison. */
export interface Comparison {
  differences: Difference[];
  /** How often each known difference occurred. */
  excused: Record<string, number>;
}

/** The number of scenarios that run at once. They mostly wait. */
const AT_ONCE = 6;

/**
 * A difference counts only if it occurs this many times in a row, because a wait may be too short on a loaded machine.
 */
const TRIES = 3;

/** Compares scenarios with CPython's answers. `foreign` has the addresses of the helper that resets connections. */
export async function compare(
  backend: BackendName,
  module: Module,
  oracle: Oracle,
  scenarios: Scenario[],
  foreign: Record<FamilyName, any> = oracle.foreign,
): Promise<Comparison> {
  const comparison: Comparison = { differences: [], excused: {} };
  let suspects = await once(backend, module, oracle, scenarios, comparison, foreign);
  for (let time = 1; time < TRIES && suspects.length > 0; time++) {
    suspects = await once(backend, module, oracle, suspects.map(({ scenario }) => scenario), comparison, foreign);
  }
  comparison.differences = suspects;
  return comparison;
}

/** Compares each scenario once. Returns the differences that no rule excuses. */
async function once(
  backend: BackendName,
  module: Module,
  oracle: Oracle,
  scenarios: Scenario[],
  { excused }: Comparison,
  foreign: Record<FamilyName, any>,
): Promise<Difference[]> {
  const traces = await oracle.run(scenarios);
  const found: Difference[] = [];
  let next = 0;
  const work = async () => {
    while (next < scenarios.length) {
      const n = next++;
      const [scenario, python] = [scenarios[n], traces[n]];
      const ours = await interpret(module, scenario, foreign, python);
      const at = firstDifference(backend, scenario, python, ours, excused);
      if (at !== undefined) found.push({ scenario, at, python, ours });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

/** The first step that differs for no known reason. Counts the known differences. */
function firstDifference(
  backend: BackendName,
  scenario: Scenario,
  python: Entry[],
  ours: Entry[],
  excused: Record<string, number>,
): number | undefined {
  const calls = scenario.steps.flatMap((step, at) => callsOf(step, at, python[at], ours[at]));
  for (const [n, { at, step, python, ours }] of calls.entries()) {
    if (same(python, ours)) continue;
    const before = calls.slice(0, n);
    const parting = {
      scenario,
      step,
      before: before.map(({ step }) => step),
      answers: before.map(({ python }) => python),
      python,
      ours,
    };
    const reason = knownDifference(backend, parting);
    if (reason === undefined) return at;
    excused[reason] = (excused[reason] ?? 0) + 1;
    if (!goesOn(step)) return undefined;
  }
}

/** One call of a step, with both answers. */
interface Call {
  at: number;
  step: Step;
  python: Entry;
  ours: Entry;
}

/** The calls of a step. A step may make several calls at the same time. */
function callsOf(step: Step, at: number, python: Entry, ours: Entry): Call[] {
  if (step[0] !== "together") return [{ at, step, python, ours }];
  return step.slice(2).map((one, n) => ({
    at,
    step: one,
    python: (python as Entry[])[n],
    ours: (ours as Entry[])[n],
  }));
}

function same(a: Entry, b: Entry): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A difference as text: the steps with both answers, up to the difference. */
export function show({ scenario, at, python, ours }: Difference): string {
  const lines = scenario.steps.slice(0, at + 1).map((step, n) => {
    const answer = JSON.stringify(python[n]);
    const other = n === at ? `   python3: ${answer}   here: ${JSON.stringify(ours[n])}` : `   ${answer}`;
    return `  ${JSON.stringify(step)}${other}`.replace(/([^"]{24})[^"]{20,}"/g, '$1…"');
  });
  return [`${scenario.family}${scenario.note === undefined ? "" : `, ${scenario.note}`}`, ...lines].join("\n");
}
