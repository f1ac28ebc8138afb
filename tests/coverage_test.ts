// Compares the table of CPython's names with CPython, with this module, and with docs/coverage.md.

import assert from "node:assert/strict";
import { listedNames, namesOf, page, TABLE, union } from "./coverage/table.ts";
import { pythonTest } from "./_helpers.ts";

const AGAIN = "run: deno run --allow-all tests/coverage/table.ts";

pythonTest("python3 has no name that the table does not list", async () => {
  const listed = await listedNames();
  assert.deepEqual(union(listed, await namesOf("python3")), listed, AGAIN);
});

Deno.test("every listed name exists or is left out with a reason, and docs/coverage.md lists it", async () => {
  // Undoes what deno fmt does: it aligns tables and wraps lines.
  const plain = (text: string) => text.replace(/-{3,}/g, "---").replace(/\s+/g, " ");
  assert.equal(plain(await Deno.readTextFile(TABLE)), plain(await page(await listedNames())), AGAIN);
});
