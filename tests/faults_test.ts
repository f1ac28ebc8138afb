// What goes wrong in a network and in a system, on both backends: nothing is lost, leaked, spun on or left unhandled.

import * as deno from "../mod.ts";
import * as native from "../native.ts";
import type { Module, Subject } from "./conformance/fixtures.ts";
import { abortSuite } from "./faults/aborts.ts";
import { closingSuite } from "./faults/closing.ts";
import { flowSuite } from "./faults/flow.ts";
import { listenerSuite } from "./faults/listeners.ts";
import { resetSuite } from "./faults/resets.ts";

const SUBJECTS: Subject[] = [
  { name: "deno", module: deno, url: import.meta.resolve("../mod.ts") },
  { name: "native", module: native as unknown as Module, url: import.meta.resolve("../native.ts") },
];

for (const subject of SUBJECTS) {
  resetSuite(subject);
  abortSuite(subject);
  closingSuite(subject);
  listenerSuite(subject);
  flowSuite(subject);
}
