// Thousands of seeded runs over bad networks. Every byte arrives once and in order, or both sides get an error, and no
// run hangs. BERKELEY_CHAOS sets the number of runs (10,000 before a release), BERKELEY_SEED the first seed.

import assert from "node:assert/strict";
import { chaos } from "./sim/chaos.ts";
import { numberFromEnv } from "./sim/helpers.ts";

const RUNS = numberFromEnv("BERKELEY_CHAOS", 500);
const FIRST = numberFromEnv("BERKELEY_SEED", 1);

Deno.test(`${RUNS} runs over networks with loss, duplicates, reordering and partitions`, async () => {
  const totals: Record<string, number> = { complete: 0, failed: 0, events: 0, time: 0 };
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    const { run, link, counts, complete, failed } = await chaos(seed).catch((error) => {
      error.message = `seed ${seed}: ${error.message}`;
      throw error;
    });
    // With enough traffic, the requested faults have really occurred.
    if (link.loss! > 0.02 && counts.sent > 500) assert.ok(counts.lost > 0, `seed ${seed} lost nothing`);
    if (link.duplicate! > 0.02 && counts.sent > 500) assert.ok(counts.duplicated > 0, `seed ${seed} doubled nothing`);
    // Over a slow link, the next packet arrives later than the one that was delayed.
    const mayOvertake = link.reorder! > 0.02 && link.bandwidth === Infinity;
    if (mayOvertake && counts.sent > 500) assert.ok(counts.reordered > 0, `seed ${seed} reordered nothing`);
    for (const [name, count] of Object.entries({ ...counts, complete, failed, events: run.events, time: run.time })) {
      totals[name] = (totals[name] ?? 0) + count;
    }
  }
  console.log(`  ${JSON.stringify(totals)}`);
  for (const name of ["lost", "duplicated", "reordered", "partitioned", "retransmitted", "complete", "failed"]) {
    assert.ok(totals[name] > 0, `no run had one of ${name}`);
  }
});
