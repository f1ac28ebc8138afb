// The runtime of the default and the native backend. They share it, so that one select takes sockets of both.

import { processNumbers } from "../core/numbers.ts";
import { Runtime } from "../core/runtime.ts";
import { denoClock } from "./clock.ts";

/** The system's clock and the descriptors of this process. */
export const realRuntime: Runtime = new Runtime(denoClock, processNumbers);
