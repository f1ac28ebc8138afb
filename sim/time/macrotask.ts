// One turn of the real event loop. After it, every promise that can settle has settled.

const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };

let turnByMessage: ((callback: () => void) => void) | undefined;

/** Turns by messages to oneself, for browsers: their setTimeout takes 4 ms. */
function messages(): (callback: () => void) => void {
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
  else (turnByMessage ??= messages())(callback);
}
