// Checks of the arguments of this folder's functions.

/** Checks a number of seconds, which must not be negative. */
export function checkSeconds(seconds: unknown, call: string): number {
  if (typeof seconds !== "number") throw new TypeError(`${call}(): seconds must be a number, not ${typeof seconds}`);
  if (!(seconds >= 0 && seconds <= Number.MAX_SAFE_INTEGER / 1e9)) {
    throw new RangeError(`${call}(): seconds must be 0 to 9007199, not ${seconds}`);
  }
  return seconds;
}

/** Throws a TypeError for an option that is not known. */
export function checkNames(options: object, known: readonly string[], call: string): void {
  if (typeof options !== "object" || options === null) throw new TypeError(`${call}(): options must be an object`);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`${call}() got an unexpected option '${name}'`);
  }
}

/** Checks a seed, which may be any finite number. */
export function checkSeed(seed: unknown, call: string): number {
  if (typeof seed !== "number") throw new TypeError(`${call}(): seed must be a number, not ${typeof seed}`);
  if (!Number.isFinite(seed)) throw new RangeError(`${call}(): seed must be finite`);
  return seed;
}
