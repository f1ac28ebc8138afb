// The runtime of the real backends. They share it, so that one select takes sockets of all of them.

import { processNumbers } from "../core/numbers.ts";
import { Runtime } from "../core/runtime.ts";
import { denoClock } from "./clock.ts";

/** Real time, and the descriptors of this process. */
export const realRuntime: Runtime = new Runtime(denoClock, processNumbers);
