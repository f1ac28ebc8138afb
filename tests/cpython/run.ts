// Runs CPython's own tests over this package, and prints how many of the tests that apply have passed.
//
//   deno run -A tests/cpython/run.ts test_socket native [NAME ...]
//
// The tests are those of the first python3 in PATH, or of the one that the environment variable PYTHON names. They run in
// the bridge's process. A test that hangs is a failure, and the other tests go on in a new process. exceptions.ts lists
// the tests that do not apply, with the reasons.

import { parseArgs } from "node:util";
import { exceptions } from "./exceptions.ts";

/** The outcome of one test. */
export interface Outcome {
  test: string;
  outcome: "passed" | "failed" | "skipped";
  why: string;
}

/** The longest time without output, in milliseconds. After it a test counts as hanging. */
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

/** Returns the names of a suite's tests; undefined if this Python was installed without its tests. */
export async function listTests(suite: string): Promise<string[] | undefined> {
  const { success, stdout } = await new Deno.Command(python, { args: ["-c", LIST, `test.${suite}`], stderr: "null" })
    .output();
  return success ? new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "") : undefined;
}

/**
 * Runs tests in one process until all have ended or one hangs. Returns the outcomes, and the test that hangs. `directory`
 * is the working directory of the process. CPython's test support makes files there, and leaves them when it is killed.
 */
async function runSome(
  suite: string,
  backend: string,
  tests: string[],
  directory: string,
  onOutcome?: (outcome: Outcome) => void,
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
  // Kills the process group of bridge.py. A process that a test has started keeps the pipe of the output open.
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
      const report = JSON.parse(line);
      if ("start" in report) current = report.start;
      else {
        outcomes.push(report);
        onOutcome?.(report);
      }
    }
  }
  clearTimeout(timer);
  const { code } = await child.status;
  return [outcomes, code === 0 ? undefined : current];
}

/** Runs each test once on a backend, also after a test that fails or hangs. Calls `onOutcome` with each outcome. */
export async function runTests(
  suite: string,
  backend: string,
  tests: string[],
  onOutcome?: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const all = new Map<string, Outcome>();
  const directory = await Deno.makeTempDir({ prefix: "cpython-tests-" });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(directory, { recursive: true }));
  let left = tests;
  while (left.length > 0) {
    const [outcomes, hanging] = await runSome(suite, backend, left, directory, onOutcome);
    for (const outcome of outcomes) {
      // A test with two threads may report twice. If one report is a failure, the test has failed.
      if (all.get(outcome.test)?.outcome !== "failed") all.set(outcome.test, outcome);
    }
    if (hanging === undefined) break;
    if (!all.has(hanging)) {
      const outcome: Outcome = { test: hanging, outcome: "failed", why: "it did not end" };
      all.set(hanging, outcome);
      onOutcome?.(outcome);
    }
    left = left.slice(left.indexOf(hanging) + 1);
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
