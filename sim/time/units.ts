// Times inside the simulation are whole nanoseconds. So 0.1 s and 0.2 s make exactly 0.3 s, and two events that should
// happen at the same time have equal times. A double is exact for 104 days of nanoseconds.

/** Nanoseconds in a second. */
export const SECOND = 1_000_000_000;
/** Nanoseconds in a millisecond. */
export const MILLISECOND = 1_000_000;

/** Converts seconds, the unit of the public interface, to nanoseconds. */
export function fromSeconds(seconds: number): number {
  return Math.round(seconds * SECOND);
}

/** Converts nanoseconds to seconds, the unit of the public interface. */
export function toSeconds(nanoseconds: number): number {
  return nanoseconds / SECOND;
}
