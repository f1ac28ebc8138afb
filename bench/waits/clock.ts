// What the JavaScript programs share: the arguments, and how a round is timed.

/** How many parts a measurement has, of which the median counts. */
const PARTS = 10;
/**
 * How long it goes before the measurement, in ms. The compilers of JavaScript share the CPU, and take that long: parts of
 * 300 rounds of select over 10 took 13 to 35 µs before, 13 after.
 */
const WARM_UP = 300;

const rounds = Math.ceil(Number(Deno.args[0]) / PARTS);

/** How many connections to wait for. */
export const sizes: number[] = Deno.args[1].split(",").map(Number);

/** Microseconds that one round takes. */
export async function measure(round: () => Promise<unknown>): Promise<number> {
  const parts: number[] = [];
  for (const end = performance.now() + WARM_UP; performance.now() < end;) await round();
  for (let part = 0; part < PARTS; part++) {
    const begin = performance.now();
    for (let count = 0; count < rounds; count++) await round();
    parts.push((performance.now() - begin) / rounds * 1000);
  }
  return parts.sort((one, other) => one - other)[PARTS >> 1];
}
