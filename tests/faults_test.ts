// What goes wrong in a network and in a system, on both backends: nothing is lost, leaked, spun on or left unhandled.

import { BACKENDS } from "./_backends.ts";
import { abortSuite } from "./faults/aborts.ts";
import { closingSuite } from "./faults/closing.ts";
import { flowSuite } from "./faults/flow.ts";
import { listenerSuite } from "./faults/listeners.ts";
import { resetSuite } from "./faults/resets.ts";
import { systemSuite } from "./faults/system.ts";

for (const subject of BACKENDS) {
  resetSuite(subject);
  abortSuite(subject);
  closingSuite(subject);
  listenerSuite(subject);
  flowSuite(subject);
  systemSuite(subject);
}
