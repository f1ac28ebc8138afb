// The platform that this runs on. No other file of base/ and core/ asks for it.

/** The platforms whose constants differ. */
export type Platform = "linux" | "darwin" | "windows";

/** Undefined in a browser and in Node. */
const deno = (globalThis as { Deno?: { build?: { os?: string } } }).Deno;

/** The platform of Deno. In a browser and in Node it is Linux, because simulated hosts behave as Linux. */
export const platform: Platform = deno?.build?.os === "darwin"
  ? "darwin"
  : deno?.build?.os === "windows"
  ? "windows"
  : "linux";

// Constants with the numbers of this platform.

/** The number of a constant that a platform does not have, if Linux's number means something else there. */
export const ABSENT = -1;

/**
 * Returns the number of this platform. On a platform without the constant it is Linux's number, which the platform's kernel
 * refuses. So a program can import the constant everywhere, and fails only when it uses it.
 */
export function on<const N extends number>(linux: N, darwin: N = linux, windows: N = linux): N {
  return { linux, darwin, windows }[platform];
}
