// Random scenarios that run in CPython and here. Every answer must be the same, or a known difference.
//
// The seed is always the same, so that a new failure is caused by a change of the code. BERKELEY_SEED sets another
// seed, and BERKELEY_SCENARIOS the number of scenarios.

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
import { pythonTest } from "./_helpers.ts";
import { Helper, simulated as sim } from "./_sim.ts";

const SCENARIOS = Number(Deno.env.get("BERKELEY_SCENARIOS") ?? 2000);
const SEED = Number(Deno.env.get("BERKELEY_SEED") ?? 1);

/** How many scenarios are compared at a time. */
const BATCH = 500;

/** Whether the run is long enough to print its progress. */
const LONG = SCENARIOS > 10 * BATCH;

/** How many failures are shrunk and shown. The others probably have the same causes. */
const SHOWN = 20;

function differentialTest(name: BackendName, module: Module): void {
  pythonTest(`${name}: ${SCENARIOS} scenarios of seed ${SEED}, as python3 answers them`, async () => {
    await using oracle = await Oracle.start();
    using helper = name === "sim" ? new Helper() : null;
    const foreign = helper?.addresses;
    const excused: Record<string, number> = {};
    const shrunk: string[] = [];
    let differ = 0;
    for (let first = 0; first < SCENARIOS; first += BATCH) {
      const length = Math.min(BATCH, SCENARIOS - first);
      const scenarios = Array.from({ length }, (_, n) => generate(SEED, first + n));
      const found = await compare(name, module, oracle, scenarios, foreign);
      for (const [reason, times] of Object.entries(found.excused)) excused[reason] = (excused[reason] ?? 0) + times;
      differ += found.differences.length;
      for (const difference of found.differences.slice(0, SHOWN - shrunk.length)) {
        shrunk.push(show(await shrink(name, module, oracle, difference, foreign)));
        if (LONG) console.log(shrunk.at(-1));
      }
      if (LONG) console.log(`  ${first + length} of ${SCENARIOS}: ${differ} differ`);
    }
    console.log(`  excused by docs/known-differences.md: ${JSON.stringify(excused)}`);
    assert.equal(differ, 0, [`${differ} differ, with BERKELEY_SEED=${SEED}`, ...shrunk].join("\n\n"));
  });
}

differentialTest("deno", deno);
differentialTest("native", native);
differentialTest("sim", sim.module);

Deno.test("every known difference is in docs/known-differences.md, and nothing else", async () => {
  const page = await Deno.readTextFile(new URL("../docs/known-differences.md", import.meta.url));
  const headings = Array.from(page.matchAll(/^### (.*)$/gm), ([, heading]) => heading);
  assert.deepEqual(headings.sort(), knownDifferences().sort());
});
