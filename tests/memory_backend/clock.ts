// A real-time clock from what all runtimes have: Deno, Node and browsers.

import type { Clock } from "../../seam/clock.ts";

/** Timers of Node and Deno can be unref'ed. Those of a browser are numbers. */
interface Holding {
  ref?(): void;
  unref?(): void;
}

/** Calls a function after one turn of the event loop. */
const afterTurn: (callback: () => void) => void = (globalThis as { setImmediate?: typeof afterTurn }).setImmediate ??
  messageToOneself();

/**
 * For browsers, which have no setImmediate. (Node has one. A message would be slower there: it handles up to 1,000 in
 * one turn.)
 */
function messageToOneself(): typeof afterTurn {
  const { port1: inbox, port2: outbox } = new MessageChannel();
  const callbacks: (() => void)[] = [];
  inbox.onmessage = () => callbacks.shift()?.();
  return (callback) => {
    callbacks.push(callback);
    outbox.postMessage(null);
  };
}

/** The system's time. */
export const portableClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, delay) => setTimeout(callback, Math.min(delay, 2 ** 31 - 1)),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout> | undefined),
  hold(timer, held) {
    if (held) (timer as Holding).ref?.();
    else (timer as Holding).unref?.();
  },
  turn: () => new Promise((resolve) => afterTurn(resolve)),
};
