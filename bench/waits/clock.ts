// Shared by the JavaScript programs: the arguments, and the timing of rounds.

import { median } from "../statistics.ts";

/** The number of parts of a measurement. The median of the parts is the result. */
const PARTS = 10;
/**
 * The warm-up in ms before the first measurement, and before each later one. V8's compilers use the same CPU: 300
 * rounds of select over 10 took 13 to 55 µs each in the first 400 ms, and 12 µs after that.
 */
const WARM_UP = { first: 700, further: 200 };
let warmUp = WARM_UP.first;

const rounds = Math.ceil(Number(Deno.args[0]) / PARTS);

/** The numbers of connections to wait for. */
export const sizes: number[] = Deno.args[1].split(",").map(Number);

/** Returns the microseconds that one round takes. */
export async function measure(round: () => Promise<unknown>): Promise<number> {
  const parts: number[] = [];
  for (const end = performance.now() + warmUp; performance.now() < end;) await round();
  warmUp = WARM_UP.further;
  for (let part = 0; part < PARTS; part++) {
    const begin = performance.now();
    for (let count = 0; count < rounds; count++) await round();
    parts.push((performance.now() - begin) / rounds * 1000);
  }
  return median(parts);
}
