// Times inside the simulation are whole nanoseconds. So 0.1 s and 0.2 s make exactly 0.3 s, and events that should
// happen at the same time do. A double counts nanoseconds exactly for 104 days.

/** Nanoseconds in a second. */
export const SECOND = 1_000_000_000;
/** Nanoseconds in a millisecond. */
export const MILLISECOND = 1_000_000;

/** Seconds as the public interface takes them, in nanoseconds. */
export function fromSeconds(seconds: number): number {
  return Math.round(seconds * SECOND);
}

/** Nanoseconds as the public interface tells them, in seconds. */
export function toSeconds(nanoseconds: number): number {
  return nanoseconds / SECOND;
}
