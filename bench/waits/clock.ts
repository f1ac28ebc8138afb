// What the JavaScript programs share: the arguments, and how a round is timed.

import { median } from "../statistics.ts";

/** How many parts a measurement has, of which the median counts. */
const PARTS = 10;
/**
 * How long a program goes before its first measurement, in ms, and each further one. The compilers of JavaScript share
 * the CPU: parts of 300 rounds of select over 10 took 13 to 55 µs in the first 400 ms, 12 after.
 */
const WARM_UP = { first: 700, further: 200 };
let warmUp = WARM_UP.first;

const rounds = Math.ceil(Number(Deno.args[0]) / PARTS);

/** How many connections to wait for. */
export const sizes: number[] = Deno.args[1].split(",").map(Number);

/** Microseconds that one round takes. */
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
