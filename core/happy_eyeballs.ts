// Connecting to one of several addresses: the next attempt starts when the one before has failed, or when it has been
// silent for a while (RFC 8305, "Happy Eyeballs"). The arrangement is that of asyncio's create_connection.

import type { Clock, Timer } from "../seam/clock.ts";
import { delayUntil } from "./timing.ts";

/**
 * Interleaves endpoints by family, so that a family that does not work delays no more than every second attempt. The first
 * family leads with `count` endpoints.
 */
export function interleave<T>(
  endpoints: [family: number, address: T][],
  count: number,
): [family: number, address: T][] {
  const families = Map.groupBy(endpoints, ([family]) => family);
  const [first = [], ...others] = families.values();
  const lead = first.splice(0, count - 1);
  const lists = [first, ...others];
  const longest = Math.max(...lists.map((list) => list.length));
  const mixed = Array.from({ length: longest }, (_, place) => lists.map((list) => list[place])).flat();
  return [...lead, ...mixed.filter((endpoint) => endpoint !== undefined)];
}

/** How a race ended: with what the first success gave, or with each attempt's error, in their order. */
export type Outcome<T> = { value: T } | { failures: unknown[] };

/**
 * Starts one attempt after another, each when its predecessor has failed or has taken `delay` milliseconds (null: only when
 * it has failed), and takes the first success. The others are aborted; `discard` gets what one of them brings all the same.
 */
export async function race<T>(
  attempts: ((signal: AbortSignal) => Promise<T>)[],
  delay: number | null,
  discard: (late: T) => void,
  clock: Pick<Clock, "setTimeout" | "clearTimeout">,
): Promise<Outcome<T>> {
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome<T>>();
  const over = new AbortController();
  const failures: unknown[] = [];
  const running: Promise<void>[] = [];
  let failed = 0;
  let timer: Timer | undefined;

  const start = () => {
    clock.clearTimeout(timer);
    const place = running.length;
    running.push(
      attempts[place](over.signal).then(
        (value) => {
          if (over.signal.aborted) return discard(value);
          over.abort();
          resolve({ value });
        },
        (error) => {
          failures[place] = error;
          failed++;
          if (over.signal.aborted) return;
          if (failed === attempts.length) resolve({ failures });
          // The successor of an earlier one has started by the delay.
          else if (place === running.length - 1 && place + 1 < attempts.length) start();
        },
      ),
    );
    if (delay !== null && running.length < attempts.length) {
      timer = clock.setTimeout(start, delayUntil(delay, 0));
    }
  };

  if (attempts.length === 0) return { failures };
  start();
  const result = await outcome;
  clock.clearTimeout(timer);
  // The losers give up their sockets before the caller goes on.
  await Promise.all(running);
  return result;
}
