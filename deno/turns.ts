// Letting the event loop learn what the kernel knows already.

/**
 * How many turns of the event loop may pass before Deno's I/O driver looks at the kernel while other
 * work is pending: its scheduler does so after 61 task polls (measured: 58 to 60 turns, 0.93 µs each).
 * Twice that leaves room for the answer to travel; a timer would take a whole millisecond.
 */
const TURNS = 128;

/** Waits until something holds, or until the event loop has surely asked the kernel and it still does not. */
export function turns(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    let left = TURNS;
    const turn = () => {
      if (holds() || --left === 0) resolve();
      else setImmediate(turn);
    };
    setImmediate(turn);
  });
}
