// explore: the same simulation under many seeds.

import { checkNames, checkSeed } from "./arguments.ts";
import type { Net } from "./net.ts";
import { simulate, SIMULATE_OPTIONS } from "./simulate.ts";
import type { SimulateOptions } from "./simulate.ts";

/** The options of {@linkcode explore}: those of `simulate`, and how many seeds to try. */
export interface ExploreOptions extends SimulateOptions {
  /** The seeds, or how many there are. In that case `seed` is the first, 1 by default. */
  seeds: number | Iterable<number>;
}

/** The result of {@linkcode explore} if no seed fails. */
export interface Exploration {
  /** How many runs there were. */
  readonly runs: number;
  /** The virtual seconds of all runs. */
  readonly time: number;
  /** The number of events in all runs. */
  readonly events: number;
}

function seedsOf(seeds: unknown, first: number): Iterable<number> {
  if (typeof seeds === "number") {
    if (!Number.isInteger(seeds)) throw new TypeError(`explore(): seeds must be an integer, not ${seeds}`);
    if (seeds < 1) throw new RangeError("explore(): seeds must be 1 at least");
    return {
      *[Symbol.iterator]() {
        for (let n = 0; n < seeds; n++) yield first + n;
      },
    };
  }
  if (typeof seeds !== "object" || seeds === null || !(Symbol.iterator in seeds)) {
    throw new TypeError("explore(): seeds must be a number or a list of numbers");
  }
  return seeds as Iterable<number>;
}

/**
 * Runs the same simulation with many seeds, one after another. Each seed has its own losses, delays and order of
 * simultaneous events. So it finds races that a single run does not show. It rejects with the error of the first run that
 * fails. The message has the seed, and `simulate` with that seed repeats the run.
 *
 * @example
 * ```ts
 * import { explore, failedRun } from "@berkeley/socket/sim";
 * import assert from "node:assert/strict";
 *
 * // With jitter, the second datagram may overtake the first.
 * const error = await explore({ seeds: 100, link: { latency: 0.01, jitter: 0.01 } }, async (net) => {
 *   const received = net.host("b").run(async ({ socket }) => {
 *     const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
 *     sock.bind(["", 9]);
 *     return [await sock.recv(1), await sock.recv(1)].map(([byte]) => byte);
 *   });
 *   net.host("a").run(async ({ socket }) => {
 *     const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
 *     for (const byte of [1, 2]) await sock.sendto(Uint8Array.of(byte), ["b", 9]);
 *   });
 *   assert.deepEqual(await received, [1, 2]);
 * }).then(() => null, (error) => error);
 * assert.match(error.message, /\[seed \d+, /);
 * assert.equal(failedRun(error)!.packets.length, 2);
 * ```
 */
export async function explore<T>(
  options: ExploreOptions,
  main: (net: Net) => T | PromiseLike<T>,
): Promise<Exploration> {
  checkNames(options, ["seeds", ...SIMULATE_OPTIONS], "explore");
  if (typeof main !== "function") throw new TypeError("explore(): main must be a function");
  const { seeds, seed = 1, ...rest } = options;
  let [runs, time, events] = [0, 0, 0];
  for (const one of seedsOf(seeds, checkSeed(seed, "explore"))) {
    const run = await simulate({ ...rest, seed: one }, main);
    runs++;
    time += run.time;
    events += run.events;
  }
  // A list that is empty by mistake must not look like seeds that all passed.
  if (runs === 0) throw new RangeError("explore(): there are no seeds");
  return { runs, time, events };
}
