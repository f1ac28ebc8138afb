// Virtual time: it stands still while a program can run. Then it jumps to the next event.

import { macrotask } from "./macrotask.ts";
import type { OutsideWaits } from "./outside.ts";
import type { Timeline } from "./timeline.ts";

/** The largest number of events at one time. With more, the run fails: its time does not advance. */
const MOST_AT_ONCE = 1_000_000;

/**
 * How many rounds may pass while no "progress" is pending and no program is woken. After that the run is a deadlock. In a
 * round every timer that was pending at its start fires. A keepalive timer without an answer fires at most 129 times: after
 * the idle time, after each of 127 probes, and once more if there was traffic during the idle time.
 */
const MOST_IDLE_ROUNDS = 130;

/** The reason why virtual time cannot go on. */
export type StopReason = "deadlock" | "limit" | "no time passes";

/**
 * Makes the events of a timeline happen until `isOver`, and returns undefined. If it must stop before, it returns the
 * reason. After an event that may have woken a program, the real event loop turns once, so that every promise settles
 * before the next event. `observe` is called after each event and each turn.
 */
export function runVirtually(
  timeline: Timeline,
  outside: OutsideWaits,
  limit: number,
  isOver: () => boolean,
  observe: () => void = () => {},
): Promise<StopReason | undefined> {
  let idleRounds = 0;
  let roundEnd = -Infinity;
  let instant = -1;
  let countAtInstant = 0;

  /** Returns whether too many rounds have passed. Called before an event while no "progress" is pending. */
  function isDeadlock(): boolean {
    const { probe, background } = timeline.pending;
    if (probe + background === 0) return true;
    if (timeline.nextTime() <= roundEnd) return false;
    roundEnd = timeline.lastTime();
    return ++idleRounds > MOST_IDLE_ROUNDS;
  }

  /** Makes events happen until one may have woken a program. If none does, returns why it stopped. */
  function advance(): StopReason | "outside" | undefined {
    if (timeline.woken) {
      idleRounds = 0;
      roundEnd = -Infinity;
    }
    timeline.woken = false;
    timeline.ticked = false;
    while (!timeline.woken && !timeline.ticked) {
      if (timeline.pending.progress === 0 && !outside.any && isDeadlock()) return "deadlock";
      if (!timeline.step(outside.any ? timeline.now : limit)) return outside.any ? "outside" : "limit";
      observe();
      if (timeline.now !== instant) {
        instant = timeline.now;
        countAtInstant = timeline.count;
      } else if (timeline.count - countAtInstant > MOST_AT_ONCE) return "no time passes";
    }
  }

  // All turns use one function. An async function that awaits each turn would make eight more objects per turn.
  return new Promise((resolve, reject) => {
    function turn(): void {
      try {
        observe();
        if (isOver()) return resolve(undefined);
        const why = advance();
        if (why === undefined) macrotask(turn);
        else if (why === "outside") outside.change().then(() => macrotask(turn));
        else resolve(why);
      } catch (error) {
        reject(error);
      }
    }
    macrotask(turn);
  });
}
