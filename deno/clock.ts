// The system's clock.

import type { Clock } from "../seam/clock.ts";

/** The longest delay of a timer in milliseconds. It is used for Infinity. */
const LONGEST = 2 ** 31 - 1;

/** Real time: the clock of the default and the native backend. */
export const denoClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, delay) => setTimeout(callback, Math.min(delay, LONGEST)),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout> | undefined),
  hold(timer, held) {
    if (held) Deno.refTimer(timer as ReturnType<typeof setTimeout>);
    else Deno.unrefTimer(timer as ReturnType<typeof setTimeout>);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};
