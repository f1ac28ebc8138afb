// Loaded before every test file (deno.json's task), for what Deno's sanitizers do not know.

import { anyOpen } from "../core/descriptors.ts";
import { libc } from "../native/libc.ts";

// libc stays open for as long as the process lives: opened here, it is no leak of the test that happens to use it first.
if (Deno.build.os === "linux") libc();

// Native sockets are no resources of Deno's. The descriptor table knows those of both backends.
Deno.test.afterEach(() => {
  if (anyOpen()) throw new Error("a socket was left open: close it in the test");
});
