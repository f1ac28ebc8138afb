// One turn of the real event loop. After it, all promises that can settle have settled.

const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };

let turnByMessage: ((callback: () => void) => void) | undefined;

/** Makes a turn by a message over a MessageChannel. Browsers need it: their setTimeout takes 4 ms. */
function makeTurnByMessage(): (callback: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()!();
  return (callback) => {
    waiting.push(callback);
    port2.postMessage(null);
  };
}

/** Calls a function after one turn of the real event loop. Virtual globals do not change it. */
export function macrotask(callback: () => void): void {
  if (setImmediate !== undefined) setImmediate(callback);
  else (turnByMessage ??= makeTurnByMessage())(callback);
}
