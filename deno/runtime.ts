// The clock and the runtime of the default and the native backend.

import { processNumbers } from "../core/descriptors.ts";
import { Runtime } from "../core/runtime.ts";
import type { Clock } from "../seam/clock.ts";

/** The longest delay of a timer in milliseconds. It is used for Infinity. */
const LONGEST = 2 ** 31 - 1;

/** Real time: the clock of the default and the native backend. */
export const denoClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, delay) => setTimeout(callback, Math.min(delay, LONGEST)),
  clearTimeout(timer) {
    // Deno loads its timers at the first use of one of their globals, which takes 6 ms. So this avoids a call without a timer.
    if (timer !== undefined) clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
  hold(timer, held) {
    if (held) Deno.refTimer(timer as ReturnType<typeof setTimeout>);
    else Deno.unrefTimer(timer as ReturnType<typeof setTimeout>);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

// The runtime of the default and the native backend. They share it, so that one select takes sockets of both.

/** The system's clock and the descriptors of this process. */
export const realRuntime: Runtime = new Runtime(denoClock, processNumbers);
