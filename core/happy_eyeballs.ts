// Connecting to one of several addresses (RFC 8305, "Happy Eyeballs"). The next connect starts when the one before has
// failed, or when a delay is over. The rules are those of asyncio's create_connection.

import type { Clock, Timer } from "../seam/clock.ts";
import { delayUntil } from "./timing.ts";

/**
 * Interleaves endpoints by family, so that the endpoints of a family that does not work do not all come first. The order
 * begins with `count` endpoints of the first family.
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

/** The outcome of a race: the value of the first success, or the errors of all connects, in their order. */
export type Outcome<T> = { value: T } | { failures: unknown[] };

/**
 * Starts one connect after another and returns the outcome. Each starts when the one before has failed, or after `delay`
 * milliseconds (null: only after a failure). After the first success the others are aborted. `discard` is called with the
 * value of a connect that succeeds in spite of that.
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
          // Only the last one starts its successor. The delay has started the successors of the others.
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
  // The aborted connects close their sockets before the caller continues.
  await Promise.all(running);
  return result;
}
