// What the JavaScript programs share: the arguments, and how a round is timed.

/** How many parts a measurement has, of which the median counts. */
const PARTS = 10;
/** Rounds before the measurement: the compilers of JavaScript are through by then. */
const WARM_UP = 3000;

const rounds = Math.ceil(Number(Deno.args[0]) / PARTS);

/** How many connections to wait for. */
export const sizes: number[] = Deno.args[1].split(",").map(Number);

/** Microseconds that one round takes. */
export async function measure(round: () => Promise<unknown>): Promise<number> {
  const parts: number[] = [];
  for (let count = 0; count < WARM_UP; count++) await round();
  for (let part = 0; part < PARTS; part++) {
    const begin = performance.now();
    for (let count = 0; count < rounds; count++) await round();
    parts.push((performance.now() - begin) / rounds * 1000);
  }
  return parts.sort((one, other) => one - other)[PARTS >> 1];
}
