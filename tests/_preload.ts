// Loaded before every test file (deno.json's task), for what Deno's sanitizers do not know.

import { realRuntime } from "../deno/runtime.ts";
import "./_libraries.ts";

/**
 * How long a test may wait for what never comes, in milliseconds: many times what the slowest one takes. A differential
 * test that is told to run longer has no such end.
 */
const LONGEST = Deno.env.has("BERKELEY_SCENARIOS") ? Infinity : 600_000;
let deadline: ReturnType<typeof setTimeout> | undefined;

/** Whether the test before has left a socket open: it has been told so. */
let told = false;

Deno.test.beforeEach(() => {
  told = !realRuntime.descriptors.empty;
  if (LONGEST === Infinity) return;
  deadline = setTimeout(() => {
    throw new Error(`the test that is running takes longer than ${LONGEST / 60_000} minutes`);
  }, LONGEST);
  // A test that waits while nothing is under way fails at once.
  Deno.unrefTimer(deadline);
});

// Native sockets are no resources of Deno's. The descriptor table knows those of both backends.
Deno.test.afterEach(() => {
  clearTimeout(deadline);
  if (!told && !realRuntime.descriptors.empty) throw new Error("a socket was left open: close it in the test");
});
