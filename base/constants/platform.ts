// Constants with the running platform's numbers.

import { platform } from "../platform.ts";

/** Stands for a name that a platform does not have and whose Linux number means something else there. */
export const ABSENT = -1;

/**
 * Picks the running platform's number. A platform without the name keeps Linux's number, which its kernel does not
 * know, so that a program can name the constant everywhere and is refused only where it uses it.
 */
export function on<const N extends number>(linux: N, darwin: N = linux, windows: N = linux): N {
  return { linux, darwin, windows }[platform];
}
