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
