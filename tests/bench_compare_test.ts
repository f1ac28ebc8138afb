// The statistics of `deno task bench --compare`. Nothing here is timed.

import assert from "node:assert/strict";
import { signTest } from "../bench/compare.ts";

Deno.test("signTest returns the probability that one side wins so many rounds by chance", () => {
  assert.equal(signTest(11, 11), 2 / 2 ** 11);
  assert.equal(signTest(0, 11), 2 / 2 ** 11);
  assert.equal(signTest(9, 10), 2 * (1 + 10) / 2 ** 10);
  assert.equal(signTest(5, 10), 1);
});
