// How long a timer has to be set for.

/** The longest delay that a timer takes, 2^31 - 1 ms: some 24 days. For a longer one it is set again. */
const LONGEST = 2 ** 31 - 1;

/** The milliseconds from now to a deadline (by the clock), rounded up: a timer must not fire before its time. */
export function delayUntil(deadline: number, now: number): number {
  return deadline === Infinity ? Infinity : Math.min(Math.max(Math.ceil(deadline - now), 0), LONGEST);
}
