// A runtime, and the loops of its backends.
//
// The loops of all backends are as one. A wait runs each of them, and waits for each to catch up.

import type { Backend } from "../seam/backend.ts";
import type { Clock } from "../seam/clock.ts";
import type { Loop } from "../seam/loop.ts";
import { DescriptorTable, worldNumbers } from "./descriptors.ts";
import type { Numbers } from "./descriptors.ts";
import { Pace, Turns, WaitTimers } from "./timing.ts";

/** Any number of loops. */
export class Loops implements Loop {
  readonly #loops = new Set<Loop>();
  /** How often waiters were woken. */
  readonly wakeUps: { count: number } = { count: 0 };

  /** Adds a backend's loop. Adding it again changes nothing. */
  add(loop: Loop): void {
    this.#loops.add(loop);
    loop.join?.(this.wakeUps);
  }

  catchUp(): Promise<void> | undefined {
    return this.#all((loop) => loop.catchUp());
  }

  beginWait(): void {
    for (const loop of this.#loops) loop.beginWait();
  }

  endWait(): Promise<void> | undefined {
    return this.#all((loop) => loop.endWait());
  }

  /** Asks each loop, and waits for those that take a moment. */
  #all(ask: (loop: Loop) => void | Promise<void>): Promise<void> | undefined {
    let behind: Promise<void>[] | undefined;
    for (const loop of this.#loops) {
      const one = ask(loop);
      if (one instanceof Promise) (behind ??= []).push(one);
    }
    return behind === undefined ? undefined : behind.length === 1 ? behind[0] : Promise.all(behind).then(() => {});
  }
}

// A runtime: a clock, and everything that lasts as long as it. The real backends share one, so that one select takes
// sockets of all of them. Each simulated world has its own.

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
