// Loaded before every test file (deno.json's task). libc stays open for as long as the process lives: opened here, it is
// no leak of the test that happens to use it first.

import { libc } from "../native/libc.ts";

if (Deno.build.os === "linux") libc();
