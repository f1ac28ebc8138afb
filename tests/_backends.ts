// The backends that this machine can run, for suites that hold on each of them.

import * as deno from "../mod.ts";
import * as native from "../native.ts";
import type { Module, Subject } from "./conformance/fixtures.ts";
import { denoClock } from "../deno/runtime.ts";
import { memoryModule } from "./memory_backend/mod.ts";

const onDeno: Subject = { name: "deno", module: deno, url: import.meta.resolve("../mod.ts") };
const onNative: Subject = { name: "native", module: native, url: import.meta.resolve("../native.ts") };

/** The backends over the kernel's sockets. The native one runs on Linux only. */
export const BACKENDS: Subject[] = Deno.build.os === "linux" ? [onDeno, onNative] : [onDeno];

/** The backend in memory. Its sockets reach only sockets of the same process. */
export const MEMORY: Subject = {
  name: "memory",
  module: memoryModule(denoClock) as unknown as Module,
  url: import.meta.resolve("./memory_backend/mod.ts"),
};

/** All of these backends. */
export const ALL_BACKENDS: Subject[] = [...BACKENDS, MEMORY];
