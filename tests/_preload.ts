// Loaded before every test file (deno.json's task). It checks what Deno's sanitizers cannot see.

import { realRuntime } from "../deno/runtime.ts";
import "./_libraries.ts";

/**
 * The longest time that a test may take, in milliseconds: many times the slowest test. A differential test that was
 * asked to run longer has no limit.
 */
const LONGEST = Deno.env.has("BERKELEY_SCENARIOS") ? Infinity : 600_000;
let deadline: ReturnType<typeof setTimeout> | undefined;

/** Whether sockets were open before this test. Then an earlier test has failed for them. */
let told = false;

Deno.test.beforeEach(() => {
  told = !realRuntime.descriptors.empty;
  if (LONGEST === Infinity) return;
  deadline = setTimeout(() => {
    throw new Error(`the test that is running takes longer than ${LONGEST / 60_000} minutes`);
  }, LONGEST);
  // An unref'ed timer, so that a test with nothing under way fails at once.
  Deno.unrefTimer(deadline);
});

// Deno's sanitizers do not see native sockets. The descriptor table has the sockets of both backends.
Deno.test.afterEach(() => {
  clearTimeout(deadline);
  if (!told && !realRuntime.descriptors.empty) throw new Error("a socket was left open: close it in the test");
});
