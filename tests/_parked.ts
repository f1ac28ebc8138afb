// Tells whether the reactor is parked.

import assert from "node:assert/strict";

/** The numbers of epoll_wait and epoll_pwait, on x86-64 and arm64. */
const WAITS = Deno.build.arch === "x86_64" ? ["232", "281"] : ["22"];

/**
 * The timeout of the reactor's epoll_wait in ms, in hexadecimal. The event loops of Deno's threads use other timeouts.
 */
const PARKED_MS = "0xea60";

/** Whether a thread is in the reactor's epoll_wait. */
function isParked(): boolean {
  return [...Deno.readDirSync("/proc/self/task")].some(({ name }) => {
    try {
      const [number, , , , timeout] = Deno.readTextFileSync(`/proc/self/task/${name}/syscall`).split(" ");
      return WAITS.includes(number) && timeout === PARKED_MS;
    } catch {
      return false; // The thread has ended.
    }
  });
}

/** Waits until the reactor is parked. */
export async function parked(): Promise<void> {
  for (let looks = 0; !isParked(); looks++) {
    assert(looks < 5000, "the loop does not park");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
