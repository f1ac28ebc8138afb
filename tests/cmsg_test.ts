// CMSG_LEN and CMSG_SPACE against CPython's.

import assert from "node:assert/strict";
import { CMSG_LEN, CMSG_SPACE } from "../mod.ts";
import { askPython, pythonTest } from "./_helpers.ts";

pythonTest("CMSG_LEN and CMSG_SPACE accept the same lengths as in CPython, and return the same", async () => {
  const lengths = [-1, 0, 1, 4, 7, 8, 9, 15, 16, 17, 1000];
  for (let below = 0; below < 48; below++) lengths.push(2 ** 31 - 1 - below);
  const theirs = await askPython(
    `
import json, socket, sys
def ask(function, length):
    try: return function(length)
    except OverflowError: return "RangeError"
print(json.dumps([[ask(f, n) for f in (socket.CMSG_LEN, socket.CMSG_SPACE)] for n in json.loads(sys.argv[1])]))
`,
    JSON.stringify(lengths),
  );
  const ask = (fn: (length: number) => number, length: number) => {
    try {
      return fn(length);
    } catch (error) {
      return (error as Error).name;
    }
  };
  assert.deepEqual(lengths.map((length) => [ask(CMSG_LEN, length), ask(CMSG_SPACE, length)]), theirs);
});
