// The whole module over the backend in memory.

import { makeModule } from "../../core/module.ts";
import { Runtime } from "../../core/runtime.ts";
import type { Clock } from "../../seam/clock.ts";
import { memoryBackend } from "./backend.ts";

/** Makes the module for a clock. Each module has its own descriptors, timeouts and waits. The addresses are shared. */
export function memoryModule(clock: Clock): ReturnType<typeof makeModule> {
  return makeModule(new Runtime(clock), memoryBackend);
}
