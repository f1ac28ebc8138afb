// Faults of networks and systems, on both backends. Nothing is lost or leaked, no loop spins, and no error stays
// unhandled.

import { BACKENDS } from "./_backends.ts";
import { SUBJECTS } from "./_sim.ts";
import { abortSuite } from "./faults/aborts.ts";
import { closingSuite } from "./faults/closing.ts";
import { flowSuite } from "./faults/flow.ts";
import { listenerSuite } from "./faults/listeners.ts";
import { resetSuite } from "./faults/resets.ts";
import { systemSuite } from "./faults/system.ts";

for (const subject of SUBJECTS) {
  resetSuite(subject);
  closingSuite(subject);
}
// The others are not for sim: they need other processes, files and a limit of descriptors, or measure the kernel's buffers.
// Aborts hold over sim, but take 20 s there: each small message waits for the delayed acknowledgement of the one before.
for (const subject of BACKENDS) {
  abortSuite(subject);
  listenerSuite(subject);
  flowSuite(subject);
  systemSuite(subject);
}
