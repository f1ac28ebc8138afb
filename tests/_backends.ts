// The backends that this machine has, for suites that hold on each.

import * as deno from "../mod.ts";
import * as native from "../native.ts";
import type { Module, Subject } from "./conformance/fixtures.ts";
import { denoClock } from "../deno/runtime.ts";
import { memoryModule } from "./memory_backend/mod.ts";

const onDeno: Subject = { name: "deno", module: deno, url: import.meta.resolve("../mod.ts") };
const onNative: Subject = { name: "native", module: native, url: import.meta.resolve("../native.ts") };

/** Those of the kernel's sockets; the native one is Linux's. */
export const BACKENDS: Subject[] = Deno.build.os === "linux" ? [onDeno, onNative] : [onDeno];

/** The one in memory: its sockets reach each other, in this process alone. */
export const MEMORY: Subject = {
  name: "memory",
  module: memoryModule(denoClock) as unknown as Module,
  url: import.meta.resolve("./memory_backend/mod.ts"),
};

/** All of them. */
export const ALL_BACKENDS: Subject[] = [...BACKENDS, MEMORY];
