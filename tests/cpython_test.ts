// CPython's own tests, over both backends: each one that applies passes. cpython/exceptions.ts lists the others, with
// reasons.

import assert from "node:assert/strict";
import { exceptions } from "./cpython/exceptions.ts";
import { listTests, runTests } from "./cpython/run.ts";
import { hasPython } from "./_helpers.ts";

const BACKENDS = { deno: "../../mod.ts", native: "../../native.ts" };

/**
 * The least number of tests that must pass in each suite. With fewer, the suite has not really run. Later Pythons have no
 * asyncore, asynchat, nntplib and telnetlib. test_imaplib and test_xmlrpc pass too, but take 15 and 28 seconds.
 */
const SUITES: Record<string, number> = {
  test_socket: 300,
  test_timeout: 5,
  test_select: 2,
  test_poll: 2,
  test_epoll: 5,
  test_selectors: 50,
  test_socketserver: 20,
  test_asyncore: 70,
  test_asynchat: 20,
  test_ftplib: 40,
  test_httplib: 90,
  test_httpservers: 50,
  test_nntplib: 50,
  test_poplib: 20,
  test_smtplib: 70,
  test_telnetlib: 15,
  test_urllib2_localnet: 15,
  test_wsgiref: 30,
};

const found = hasPython() && Deno.build.os === "linux" ? await listTests("test_socket") : undefined;
if (found === undefined) {
  if (Deno.env.get("CI") === "true" && Deno.build.os === "linux") throw new Error("python3 has no package test");
  console.log("python3 has no package test (Debian: libpython3-testsuite): CPython's own tests are skipped");
}

for (const [suite, least] of Object.entries(SUITES)) {
  const all = found && await listTests(suite);
  for (const [backend, entry] of Object.entries(BACKENDS)) {
    Deno.test({
      name: `${backend}: CPython's ${suite}`,
      ignore: all === undefined,
      fn: async () => {
        const rules = exceptions(suite, backend);
        const tests = all!.filter((test) => !rules.some(([pattern]) => pattern.test(test)));
        const outcomes = await runTests(suite, entry, tests);
        const failed = outcomes.filter(({ outcome }) => outcome === "failed");
        // Failed tests run again, as with CPython's --rerun: some of them wait for a fixed time and fail on a loaded
        // machine.
        const again = failed.length === 0 ? [] : await runTests(suite, entry, failed.map(({ test }) => test));
        const twice = again.filter(({ outcome }) => outcome === "failed").map(({ test, why }) => `${test}: ${why}`);
        assert.deepEqual(twice, []);
        const passed = outcomes.filter(({ outcome }) => outcome === "passed").length;
        assert(passed >= least, `only ${passed} of ${suite} have passed`);
      },
    });
  }
}
