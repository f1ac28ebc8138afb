// The helper that asks python3: what it asks again, and what it does not.

import assert from "node:assert/strict";
import { askPython, pythonTest, TemporaryDirectory } from "./_helpers.ts";

/** Counts its runs in a file, and fails in the first one. */
const FAILS_ONCE = `
import errno, os, sys
path, code = sys.argv[1], int(sys.argv[2])
with open(path, "a") as file: file.write("x")
runs = os.path.getsize(path)
if runs == 1: raise OSError(code, os.strerror(code))
print(runs)
`;

pythonTest("the helper asks python3 again only if it found no free port", async () => {
  using directory = new TemporaryDirectory();
  assert.equal(await askPython(FAILS_ONCE, directory.fresh(), 98), 2);
  await assert.rejects(askPython(FAILS_ONCE, directory.fresh(), 111), /ConnectionRefusedError/);
});
