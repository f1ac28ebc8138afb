// Virtual times and sizes as text.

/** Seconds with enough digits to distinguish packets. */
export function clock(seconds: number): string {
  return seconds.toFixed(3);
}

/** Seconds with few digits: a gap. */
export function gap(seconds: number): string {
  return seconds >= 10 ? seconds.toFixed(0) : seconds >= 0.1 ? seconds.toFixed(1) : seconds.toFixed(3);
}
