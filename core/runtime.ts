// A runtime: a clock, and everything that lasts as long as it. The real backends share one, so that one select takes
// sockets of all of them. Each simulated world has its own.

import type { Backend } from "../seam/backend.ts";
import type { Clock } from "../seam/clock.ts";
import { DescriptorTable } from "./descriptors.ts";
import { Loops } from "./loops.ts";
import { worldNumbers } from "./numbers.ts";
import type { Numbers } from "./numbers.ts";
import { Pace } from "./select/pace.ts";
import { WaitTimers } from "./select/timer.ts";
import { Turns } from "./turn.ts";

/** What the sockets and waits of one clock share. */
export class Runtime {
  /** The time that everything here waits by. */
  readonly clock: Clock;
  /** What is open, by number. */
  readonly descriptors: DescriptorTable;
  /** The backends' loops. */
  readonly loops: Loops;
  /** Turns of the event loop for calls that do not wait. */
  readonly turns: Turns;
  /** The same for select, poll and epoll. */
  readonly pace: Pace;
  /** The timers of select, poll and epoll. */
  readonly timers: WaitTimers;
  /** The timeout of new sockets in seconds, null for none. */
  defaultTimeout: number | null = null;

  /** Whether a socket that is garbage-collected open is closed. When that happens is chance, so virtual time keeps it open. */
  readonly closesCollected: boolean;

  /** `numbers` are for what has no descriptor of the process. Left out, they start over with each runtime. */
  constructor(clock: Clock, numbers: Numbers = worldNumbers(), collected: "closed" | "kept" = "closed") {
    this.clock = clock;
    this.closesCollected = collected === "closed";
    this.loops = new Loops();
    this.turns = new Turns(clock);
    this.pace = new Pace(clock);
    this.descriptors = new DescriptorTable(numbers, () => this.timers.clear());
    this.timers = new WaitTimers(clock, this.descriptors);
  }

  /** Takes in a backend: its loop runs with this runtime's waits, and its descriptors are found by number. */
  add({ loop, findForeign }: Pick<Backend, "loop" | "findForeign">): void {
    if (loop !== undefined) this.loops.add(loop);
    if (findForeign !== undefined) this.descriptors.addFinder(findForeign);
  }
}
