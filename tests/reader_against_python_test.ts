// Lines of a reader() compared with those of CPython's text files: the same bytes and the same calls.

import assert from "node:assert/strict";
import { reader } from "../mod.ts";
import { pythonTest, runPython } from "./_helpers.ts";

const JUDGE = `
import io, json, sys
answers = []
for case in json.load(sys.stdin):
    file = io.TextIOWrapper(io.BytesIO(bytes(case["bytes"])), encoding="utf-8", errors="replace")
    answers.append([getattr(file, name)(limit) for name, limit in case["calls"]])
json.dump(answers, sys.stdout)
`;

interface Case {
  bytes: number[];
  /** The lengths of the pieces in which the source returns the bytes. */
  cuts: number[];
  calls: ["readline" | "readlines", number][];
}

/** A small generator of random numbers, so that a failure can be run again. */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
}

/** Pieces of the data: characters, line ends, and bytes that are not UTF-8. A "\r" alone does not end a reader's lines. */
const PIECES = ["a", "b", "\n", "\r\n", "é", "€", "😀", "\ufeff"].map((text) => [...new TextEncoder().encode(text)]);
const WRONG = [[0xff], [0xe2], [0xf0, 0x80], [0xc3], [0xed, 0xa0, 0x80]];

function randomCase(below: (n: number) => number): Case {
  const pieces = below(3) ? PIECES : [...PIECES, ...WRONG];
  return {
    bytes: Array.from({ length: below(40) }, () => pieces[below(pieces.length)]).flat(),
    cuts: Array.from({ length: below(30) }, () => 1 + below(4)),
    calls: Array.from({ length: 10 }, () => [below(3) ? "readline" : "readlines", below(9) - 1]),
  };
}

/** A source that returns a case's bytes in its pieces. */
function sourceOf({ bytes, cuts }: Case) {
  const lengths = [...cuts, Infinity];
  let at = 0;
  return {
    read(view: Uint8Array): Promise<number | null> {
      if (at >= bytes.length) return Promise.resolve(null);
      const piece = bytes.slice(at, at + (lengths.shift() ?? Infinity));
      view.set(piece);
      at += piece.length;
      return Promise.resolve(piece.length);
    },
  };
}

pythonTest("lines and limits of a reader are those of CPython, however its source splits the bytes", async () => {
  const below = random(1);
  const cases = Array.from({ length: 1500 }, () => randomCase(below));
  await using judge = runPython(JUDGE);
  await judge.write(JSON.stringify(cases));
  const { code, stdout, stderr } = await judge.end();
  assert.equal(code, 0, stderr);
  const answers: (string | string[])[][] = JSON.parse(stdout);
  for (const [i, one] of cases.entries()) {
    using lines = reader(sourceOf(one));
    for (const [j, [name, limit]] of one.calls.entries()) {
      assert.deepEqual(await lines[name](limit), answers[i][j], `case ${i}, call ${j} of ${JSON.stringify(one)}`);
    }
  }
});
