// What becomes of descriptors when the isolate ends and the process goes on: `deno run --watch` starts the program anew in
// the same process, where a listener that was left open would keep its port.

import { restoreAll } from "./nonblocking.ts";
import { reactor } from "./reactor.ts";
import { openTransports } from "./transport.ts";

let watching = false;

/**
 * Gives all descriptors back when the program unloads. Called with the first socket and not at import, so that the
 * program's own listeners for `unload`, as a rule, come before.
 */
export function giveBackAtUnload(): void {
  if (watching) return;
  watching = true;
  globalThis.addEventListener("unload", giveBack);
}

function giveBack(): void {
  restoreAll();
  // The transports alone, and not the entries: a socket that the program closes later, in a listener of its own, is no
  // error then.
  for (const transport of openTransports) transport.unload();
  reactor.close();
}
