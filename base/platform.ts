// Which platform this runs on: the one file of base/ and core/ that asks.

/** The platforms that have numbers of their own. */
export type Platform = "linux" | "darwin" | "windows";

/** What Deno has, and a browser or Node has not. */
const deno = (globalThis as { Deno?: { build?: { os?: string } } }).Deno;

/** Deno's platform; elsewhere Linux, which is what a simulated host is. */
export const platform: Platform = deno?.build?.os === "darwin"
  ? "darwin"
  : deno?.build?.os === "windows"
  ? "windows"
  : "linux";

// Constants with the running platform's numbers.

/** Stands for a name that a platform does not have and whose Linux number means something else there. */
export const ABSENT = -1;

/**
 * Picks the running platform's number. A platform without the name keeps Linux's number, which its kernel does not
 * know, so that a program can name the constant everywhere and is refused only where it uses it.
 */
export function on<const N extends number>(linux: N, darwin: N = linux, windows: N = linux): N {
  return { linux, darwin, windows }[platform];
}
