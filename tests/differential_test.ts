// Random scenarios, run by CPython and here: every answer has to be the same, or a known difference.
//
// The seed is the same each time, so that a failure is news about the code. BERKELEY_SEED takes another one, and
// BERKELEY_SCENARIOS more of them.

import assert from "node:assert/strict";
import * as deno from "../mod.ts";
import * as native from "../native.ts";
import type { Module } from "./conformance/fixtures.ts";
import { compare, show } from "./differential/compare.ts";
import type { BackendName } from "./differential/compare.ts";
import { generate } from "./differential/generate.ts";
import { knownDifferences } from "./differential/known.ts";
import { Oracle } from "./differential/oracle.ts";
import { shrink } from "./differential/shrink.ts";
import type { FamilyName } from "./differential/scenario.ts";
import { pythonTest } from "./_helpers.ts";
import { simulated as sim } from "./_sim.ts";

const SCENARIOS = Number(Deno.env.get("BERKELEY_SCENARIOS") ?? 2000);
const SEED = Number(Deno.env.get("BERKELEY_SEED") ?? 1);

/** So many failures are shrunk and shown: the rest is likely more of the same. */
const SHOWN = 5;

function differentialTest(name: BackendName, module: Module, foreign?: Record<FamilyName, any>): void {
  pythonTest(`${name}: ${SCENARIOS} scenarios of seed ${SEED}, as python3 answers them`, async () => {
    await using oracle = await Oracle.start();
    const scenarios = Array.from({ length: SCENARIOS }, (_, n) => generate(SEED, n));
    const { differences, excused } = await compare(name, module, oracle, scenarios, foreign);
    console.log(`  excused by docs/known-differences.md: ${JSON.stringify(excused)}`);
    const shrunk = [];
    for (const difference of differences.slice(0, SHOWN)) {
      shrunk.push(show(await shrink(name, module, oracle, difference, foreign)));
    }
    const found = `${differences.length} differ, with BERKELEY_SEED=${SEED}`;
    assert.equal(differences.length, 0, [found, ...shrunk].join("\n\n"));
  });
}

differentialTest("deno", deno);
differentialTest("native", native);
differentialTest("sim", sim.module, sim.foreign);

Deno.test("every known difference is in docs/known-differences.md, and nothing else", async () => {
  const page = await Deno.readTextFile(new URL("../docs/known-differences.md", import.meta.url));
  const headings = Array.from(page.matchAll(/^### (.*)$/gm), ([, heading]) => heading);
  assert.deepEqual(headings.sort(), knownDifferences().sort());
});
