// Runs CPython's own tests over this package, and prints how many of the tests that apply have passed.
//
//   deno run -A tests/cpython/run.ts test_socket native [NAME ...]
//
// The tests are those of the first python3 in PATH, or of the one that the environment variable PYTHON names. They run in
// the bridge's process. A test that hangs is a failure, and the other tests go on in a new process. exceptions.ts lists
// the tests that do not apply, with the reasons.

import { parseArgs } from "node:util";
import { exceptions } from "./exceptions.ts";

/** How one test ended. */
export interface Outcome {
  test: string;
  outcome: "passed" | "failed" | "skipped";
  why: string;
}

/** How long a test may print nothing, in milliseconds. */
const LONGEST_TEST = 15_000;

const python = Deno.env.get("PYTHON") ?? "python3";
const here = new URL(".", import.meta.url).pathname;

const LIST = `
import sys, unittest, importlib
module = importlib.import_module(sys.argv[1])
def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite): yield from flatten(item)
        else: yield item
for test in flatten(unittest.defaultTestLoader.loadTestsFromModule(module)): print(test.id().split(".", 2)[-1])
`;

/** The names of a suite's tests. Undefined if this Python was installed without its tests. */
export async function listTests(suite: string): Promise<string[] | undefined> {
  const { success, stdout } = await new Deno.Command(python, { args: ["-c", LIST, `test.${suite}`], stderr: "null" })
    .output();
  return success ? new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "") : undefined;
}

/**
 * Runs tests in one process until all have ended or one hangs. Returns the outcomes, and the test that hangs. The process
 * works in `directory`: CPython's test support makes files there, and leaves them when it is killed.
 */
async function runSome(
  suite: string,
  backend: string,
  tests: string[],
  directory: string,
  tell?: (outcome: Outcome) => void,
): Promise<[Outcome[], string | undefined]> {
  const child = new Deno.Command(python, {
    args: ["-u", `${here}bridge.py`, Deno.execPath(), backend, `test.${suite}`],
    cwd: directory,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(tests.join("\n")));
  await input.close();
  const outcomes: Outcome[] = [];
  let current: string | undefined;
  // bridge.py leads a process group. A process that a test has started holds the pipe of the output open as well.
  const kill = () => Deno.kill(-child.pid, "SIGKILL");
  let timer = setTimeout(kill, LONGEST_TEST);
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      clearTimeout(timer);
      timer = setTimeout(kill, LONGEST_TEST);
      if (!line.startsWith("{")) continue;
      const told = JSON.parse(line);
      if ("start" in told) current = told.start;
      else {
        outcomes.push(told);
        tell?.(told);
      }
    }
  }
  clearTimeout(timer);
  const { code } = await child.status;
  return [outcomes, code === 0 ? undefined : current];
}

/** Runs tests on a backend, each once, even if an earlier test fails or hangs. `tell` is called with each outcome. */
export async function runTests(
  suite: string,
  backend: string,
  tests: string[],
  tell?: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const all = new Map<string, Outcome>();
  const directory = await Deno.makeTempDir({ prefix: "cpython-tests-" });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(directory, { recursive: true }));
  let left = tests;
  while (left.length > 0) {
    const [outcomes, stuck] = await runSome(suite, backend, left, directory, tell);
    for (const outcome of outcomes) {
      // A test with two threads may report twice. One failure is enough.
      if (all.get(outcome.test)?.outcome !== "failed") all.set(outcome.test, outcome);
    }
    if (stuck === undefined) break;
    if (!all.has(stuck)) {
      const outcome: Outcome = { test: stuck, outcome: "failed", why: "it did not end" };
      all.set(stuck, outcome);
      tell?.(outcome);
    }
    left = left.slice(left.indexOf(stuck) + 1);
  }
  return [...all.values()];
}

if (import.meta.main) {
  const { positionals: [suite, backend, ...names] } = parseArgs({ args: Deno.args, allowPositionals: true });
  const found = await listTests(suite);
  if (found === undefined) {
    console.error(`${python} has no test.${suite}`);
    Deno.exit(2);
  }
  const named = found.filter((test) => names.length === 0 || names.some((name) => test.includes(name)));
  const rules = exceptions(suite, backend);
  const tests = named.filter((test) => !rules.some(([pattern]) => pattern.test(test)));
  const entry = backend === "native" ? "../../native.ts" : "../../mod.ts";
  const outcomes = await runTests(suite, entry, tests, ({ test, outcome, why }) => {
    if (outcome === "failed") console.log(`FAILED: ${test}: ${why.trim().split("\n").at(-1)}`);
  });
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { outcome } of outcomes) count[outcome]++;
  console.log(`${suite} over ${backend}: ${count.passed} of ${count.passed + count.failed} that apply pass`);
  console.log(`${count.skipped} are skipped by CPython itself, ${named.length - tests.length} do not apply:`);
  for (const [pattern, reason] of rules) {
    const tests = named.filter((test) => pattern.test(test));
    if (tests.length > 0) console.log(`  ${tests.length}: ${reason}`);
  }
  Deno.exit(count.failed === 0 ? 0 : 1);
}
