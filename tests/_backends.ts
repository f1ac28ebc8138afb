// The backends that this machine has, for suites that hold on each.

import * as deno from "../mod.ts";
import * as native from "../native.ts";
import type { Subject } from "./conformance/fixtures.ts";

const onDeno: Subject = { name: "deno", module: deno, url: import.meta.resolve("../mod.ts") };
const onNative: Subject = { name: "native", module: native, url: import.meta.resolve("../native.ts") };

/** All of them; the native one is Linux's. */
export const BACKENDS: Subject[] = Deno.build.os === "linux" ? [onDeno, onNative] : [onDeno];
