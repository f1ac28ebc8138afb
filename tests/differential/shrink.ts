// Makes a failing scenario as short as possible.

import { compare } from "./compare.ts";
import type { BackendName, Difference } from "./compare.ts";
import type { Module } from "../conformance/fixtures.ts";
import type { Oracle } from "./oracle.ts";
import type { FamilyName } from "./scenario.ts";

/** Removes steps as long as the shorter scenario still differs. */
export async function shrink(
  backend: BackendName,
  module: Module,
  oracle: Oracle,
  difference: Difference,
  foreign: Record<FamilyName, any> = oracle.foreign,
): Promise<Difference> {
  let best = difference;
  best.scenario.steps.length = best.at + 1;
  for (let place = best.scenario.steps.length - 2; place >= 0; place--) {
    const scenario = { ...best.scenario, steps: best.scenario.steps.toSpliced(place, 1) };
    const { differences: [shorter] } = await compare(backend, module, oracle, [scenario], foreign);
    if (shorter === undefined) continue;
    best = shorter;
    best.scenario.steps.length = best.at + 1;
    place = Math.min(place, best.scenario.steps.length - 1);
  }
  return best;
}
