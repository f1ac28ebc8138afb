// One turn of the real event loop. After it, every promise that can settle has settled.

const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };

let turnByMessage: (() => Promise<void>) | undefined;

/** Makes turns from messages to itself, for browsers: their setTimeout takes 4 ms. */
function messages(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()!();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
}

/** Settles after one turn of the real event loop. Virtual globals do not change it. */
export function macrotask(): Promise<void> {
  if (setImmediate !== undefined) return new Promise((resolve) => setImmediate(resolve));
  return (turnByMessage ??= messages())();
}
