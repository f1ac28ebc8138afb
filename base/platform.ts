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

/** Stands for a constant that the platform does not have, if it uses Linux's number for something else. */
export const ABSENT = -1;

/**
 * Returns the number of this platform. On a platform without the constant it is Linux's number, which the platform's kernel
 * refuses. So a program can import the constant everywhere, and fails only when it uses it.
 */
export function on<const N extends number>(linux: N, darwin: N = linux, windows: N = linux): N {
  if (platform === "linux") return linux;
  return platform === "darwin" ? darwin : windows;
}
