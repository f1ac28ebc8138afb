// Closes descriptors at the end of the isolate. The process may continue: `deno run --watch` starts the program again in the
// same process, where a listener that was left open would keep its port.

import { closes } from "./blocking_calls.ts";
import { restoreAll } from "./nonblocking.ts";
import { reactor } from "./reactor.ts";
import { openTransports } from "./transport.ts";

let watching = false;

/**
 * Closes all descriptors when the program unloads. It is called with the first socket and not at import, so that usually
 * the program's own listeners for `unload` run before.
 */
export function closeAtUnload(): void {
  if (watching) return;
  watching = true;
  globalThis.addEventListener("unload", closeAll);
}

function closeAll(): void {
  restoreAll();
  // Only the transports are closed, and not the descriptor table's entries. So a close by a later listener of the program
  // is no error.
  for (const transport of openTransports.values()) transport.unload();
  closes.startAll();
  reactor.close();
}
