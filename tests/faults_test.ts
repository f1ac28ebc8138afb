// Faults of networks and systems, on both backends. Nothing is lost or leaked, no loop spins, and no error stays
// unhandled.

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
