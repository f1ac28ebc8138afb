// A runtime, and the loops of its backends.
//
// The loops of all backends work as one. A wait tells each of them when it begins and ends.

import type { Backend } from "../seam/backend.ts";
import type { Clock } from "../seam/clock.ts";
import type { Loop } from "../seam/loop.ts";
import { DescriptorTable, simulationNumbers } from "./descriptors.ts";
import type { Numbers } from "./descriptors.ts";
import { Pace, Turns, WaitTimers } from "./timing.ts";

/** The loops of all backends of a runtime. */
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

  /** Calls each loop, and waits for those that return a promise. */
  #all(ask: (loop: Loop) => void | Promise<void>): Promise<void> | undefined {
    let behind: Promise<void>[] | undefined;
    for (const loop of this.#loops) {
      const one = ask(loop);
      if (one instanceof Promise) (behind ??= []).push(one);
    }
    return behind === undefined ? undefined : behind.length === 1 ? behind[0] : Promise.all(behind).then(() => {});
  }
}

/**
 * A clock, and everything that is shared by the sockets that wait by it. The default and the native backend share one
 * runtime, so that one select takes sockets of both. Each simulated host has its own.
 */
export class Runtime {
  /** The clock of all waits and timeouts. */
  readonly clock: Clock;
  /** The table of the open descriptors. */
  readonly descriptors: DescriptorTable;
  /** The loops of the backends. */
  readonly loops: Loops;
  /** Lets the event loop turn between calls that do not wait. */
  readonly turns: Turns;
  /** Lets the event loop turn between waits of select, poll and epoll. */
  readonly pace: Pace;
  /** The timers of waits. */
  readonly timers: WaitTimers;
  /** The timeout of new sockets in seconds, null for none. */
  defaultTimeout: number | null = null;

  /**
   * Whether a socket that is garbage-collected while open is closed. The time of a collection is not deterministic, so in
   * virtual time the socket stays open.
   */
  readonly closesCollected: boolean;

  /** `numbers` returns the numbers of sockets without a descriptor of the process. By default each runtime starts them over. */
  constructor(clock: Clock, numbers: Numbers = simulationNumbers(), collected: "closed" | "kept" = "closed") {
    this.clock = clock;
    this.closesCollected = collected === "closed";
    this.loops = new Loops();
    this.turns = new Turns(clock);
    this.pace = new Pace(clock);
    this.descriptors = new DescriptorTable(numbers, () => this.timers.clear());
    this.timers = new WaitTimers(clock, this.descriptors);
  }

  /** Adds a backend: the waits of this runtime run its loop, and its foreign descriptors are found by number. */
  add({ loop, findForeign }: Pick<Backend, "loop" | "findForeign">): void {
    if (loop !== undefined) this.loops.add(loop);
    if (findForeign !== undefined) this.descriptors.addFinder(findForeign);
  }
}
