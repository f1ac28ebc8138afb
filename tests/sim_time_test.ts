// The timeline, its timers, its two pacers, and the random sequences.

import assert from "node:assert/strict";
import { Random } from "../sim/random.ts";
import { HostClock } from "../sim/time/host_clock.ts";
import { OutsideWaits } from "../sim/time/outside.ts";
import { EventQueue } from "../sim/time/queue.ts";
import type { Action } from "../sim/time/queue.ts";
import { RealPacer } from "../sim/time/real.ts";
import { Timeline } from "../sim/time/timeline.ts";
import { Timer } from "../sim/time/timer.ts";
import { MILLISECOND, SECOND } from "../sim/time/units.ts";
import { runVirtually } from "../sim/time/virtual.ts";

/** Runs all events. */
function drain(timeline: Timeline): void {
  while (timeline.step(Infinity));
}

Deno.test("Timeline orders events by time and then by tie, and after() comes last", () => {
  const timeline = new Timeline(1);
  const order: string[] = [];
  const note = (name: string) => ({ fire: () => void order.push(name) });
  timeline.at(5, note("late"));
  timeline.at(3, note("tie 0.9"), 0.9);
  timeline.at(3, note("tie 0.1"), 0.1);
  timeline.at(3, note("tie 0.9 again"), 0.9);
  timeline.at(3, {
    fire() {
      timeline.after(() => order.push("after"));
      timeline.at(3, note("at once"), 0.5);
    },
  }, 0);
  drain(timeline);
  assert.deepEqual(order, ["tie 0.1", "at once", "tie 0.9", "tie 0.9 again", "after", "late"]);
  assert.equal(timeline.now, 5);
  assert.equal(timeline.pending.progress, 0);
});

Deno.test("Timeline: an event with a past time happens at the present time", () => {
  const timeline = new Timeline(1);
  const times: number[] = [];
  timeline.at(10, { fire: () => timeline.at(4, { fire: () => void times.push(timeline.now) }) });
  drain(timeline);
  assert.deepEqual(times, [10]);
});

Deno.test("Timer fires once at its latest deadline, and a cleared timer does not advance the time", () => {
  const timeline = new Timeline(1);
  const fired: number[] = [];
  const timer = new Timer(timeline, () => fired.push(timeline.now));
  timer.set(10);
  timer.set(30);
  timer.set(20);
  assert.equal(timer.deadline, 20);
  assert.equal(timeline.pending.progress, 1);
  drain(timeline);
  assert.deepEqual(fired, [20]);
  assert.equal(timer.isSet, false);
  timer.set(1000);
  timer.clear();
  timer.clear();
  assert.equal(timeline.pending.progress, 0);
  timer.set(5, "probe");
  timer.kind = "expiry";
  assert.deepEqual(timeline.pending, { progress: 0, probe: 0, background: 0, expiry: 1 });
  drain(timeline);
  assert.deepEqual(fired, [20, 25]);
  assert.equal(timeline.now, 25, "not 1020");
  assert.deepEqual(timeline.pending, { progress: 0, probe: 0, background: 0, expiry: 0 });
});

Deno.test("Timer set again and again leaves one event in the queue", () => {
  const timeline = new Timeline(1);
  const timer = new Timer(timeline, () => {});
  for (let n = 0; n < 1000; n++) timer.set(1000 + n);
  assert.equal(timeline.size, 1);
});

Deno.test("the same seed gives the same order of events", () => {
  const once = (seed: number) => {
    const timeline = new Timeline(seed);
    const order: number[] = [];
    for (let n = 0; n < 8; n++) timeline.at(7, { fire: () => void order.push(n) });
    drain(timeline);
    return order.join();
  };
  assert.equal(once(3), once(3));
  assert.notEqual(once(3), once(4));
});

Deno.test("runVirtually lets promises settle between events, and returns the reason why it stopped", async () => {
  const over = () => false;
  const outside = new OutsideWaits();
  const timeline = new Timeline(1);
  let steps = 0;
  const sleep = (delay: number) =>
    new Promise<void>((resolve) => {
      new Timer(timeline, () => {
        timeline.woken = true;
        resolve();
      }).set(delay);
    });
  (async () => {
    for (;;) {
      await sleep(SECOND);
      await null;
      await null;
      steps++;
    }
  })();
  assert.equal(await runVirtually(timeline, outside, 10 * SECOND, over), "limit");
  assert.equal(steps, 10);
  assert.equal(await runVirtually(new Timeline(1), outside, Infinity, over), "deadlock");
  const busy = new Timeline(1);
  const again = { fire: () => busy.at(busy.now, again) };
  busy.at(5, again);
  assert.equal(await runVirtually(busy, outside, Infinity, over), "no time passes");
});

Deno.test("EventQueue orders actions by time, tie and order of entry, and postponed actions by their new time", () => {
  const queue = new EventQueue();
  const random = new Random(1);
  const expected: { time: number; tie: number; order: number }[] = [];
  const taken: number[] = [];
  for (let order = 0; order < 1000; order++) {
    // There are few different times and ties, so that many are equal.
    const entered = random.below(20);
    const tie = random.below(5) / 5;
    const action: Action = { fire: () => taken.push(order) };
    let time = entered;
    if (order % 3 === 0) {
      time = order % 2 === 0 ? entered + 7 : Infinity;
      action.due = () => time;
    }
    queue.add(entered, tie, action);
    if (time !== Infinity) expected.push({ time, tie, order });
  }
  expected.sort((a, b) => a.time - b.time || a.tie - b.tie || a.order - b.order);
  for (const { time } of expected) {
    assert.equal(queue.nextTime(), time);
    queue.take().fire();
  }
  assert.equal(queue.nextTime(), Infinity);
  assert.equal(queue.size, 0);
  assert.deepEqual(taken, expected.map(({ order }) => order));
});

Deno.test("HostClock: sleep is exact to the nanosecond", async () => {
  const timeline = new Timeline(1);
  const clock = new HostClock(timeline);
  for (const nanoseconds of [1, 123, 2_007_000, 86_400 * SECOND + 123]) {
    const start = timeline.now;
    const sleeping = clock.sleep(nanoseconds);
    timeline.step(Infinity);
    await sleeping;
    assert.equal(timeline.now - start, nanoseconds);
  }
});

Deno.test("HostClock: a stopped clock has no timers pending, and calls nothing", () => {
  const timeline = new Timeline(1);
  const clock = new HostClock(timeline);
  const other = new HostClock(timeline);
  const called: string[] = [];
  clock.setTimeout(() => called.push("stopped"), 1);
  const held = clock.setTimeout(() => called.push("held"), 2);
  clock.hold(held, false);
  const cleared = clock.setTimeout(() => called.push("cleared"), 3);
  clock.clearTimeout(cleared);
  clock.clearTimeout(cleared);
  other.setTimeout(() => called.push("other"), 4);
  assert.deepEqual(timeline.pending, { progress: 2, probe: 0, background: 1, expiry: 0 });
  clock.stop();
  clock.stop();
  clock.hold(held, true);
  clock.clearTimeout(held);
  assert.deepEqual(timeline.pending, { progress: 1, probe: 0, background: 0, expiry: 0 });
  drain(timeline);
  assert.deepEqual(called, ["other"]);
  assert.equal(timeline.now, 4 * MILLISECOND);
  assert.deepEqual(timeline.pending, { progress: 0, probe: 0, background: 0, expiry: 0 });
});

Deno.test("timers that are cleared for good leave the queue, and the order of the others stays", () => {
  const run = (cleared: number) => {
    const timeline = new Timeline(1);
    const clock = new HostClock(timeline);
    const order: number[] = [];
    const other = new Random(2);
    for (let n = 0; n < 3000; n++) timeline.at(other.below(100), { fire: () => void order.push(n) }, other.next());
    for (let n = 0; n < cleared; n++) {
      clock.clearTimeout(clock.setTimeout(() => assert.fail("it was cleared"), 3600_000));
      const timer = new Timer(timeline, () => assert.fail("it was ended"));
      timer.set(7200 * SECOND);
      timer.end();
    }
    const { size } = timeline;
    drain(timeline);
    assert.equal(timeline.size, 0);
    return { order, size };
  };
  const many = run(20_000);
  assert.deepEqual(many.order, run(0).order);
  assert.ok(many.size <= 6000, `${many.size}`);
});

Deno.test("RealPacer runs events that are due now without a timer", async () => {
  let time = 0;
  const timeline = new Timeline(1, () => time);
  new RealPacer(timeline);
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (() => assert.fail("a timer was set")) as unknown as typeof setTimeout;
  try {
    for (let n = 0; n < 3; n++) {
      await new Promise<void>((resolve) => timeline.after(resolve));
      time += 5;
    }
  } finally {
    globalThis.setTimeout = setTimeout;
  }
});

Deno.test("Timeline: real time stands still between pause and resume", () => {
  let time = 5;
  const timeline = new Timeline(1, () => time);
  timeline.pause();
  time = 9;
  assert.equal(timeline.now, 5);
  timeline.resume();
  assert.equal(timeline.now, 9);
});

Deno.test("RealPacer sets no timer for expiries alone, and fires the others as time passes", async () => {
  const start = performance.now();
  const timeline = new Timeline(1, () => Math.round((performance.now() - start) * MILLISECOND));
  new RealPacer(timeline);
  const expiry = new Timer(timeline, () => assert.fail("it keeps no process alive"), "expiry");
  expiry.set(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  // The sanitizers of the test find a timer that is still set.
  await new Promise((resolve) => setTimeout(resolve, 3));
  expiry.clear();
  new Timer(timeline, resolve).set(5 * MILLISECOND);
  await promise;
  assert.ok(timeline.now >= 5 * MILLISECOND);
});

Deno.test("Random: sequences of different seeds and purposes differ, and are even", () => {
  const first = (seed: number, purpose?: number) => new Random(seed, purpose).bits();
  const firsts = new Set<number>();
  for (const seed of [0, 1, 2, 1.5, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 52]) firsts.add(first(seed));
  for (let purpose = 1; purpose < 100; purpose++) firsts.add(first(1, purpose));
  assert.equal(firsts.size, 107);
  const random = new Random(1);
  const counts = new Array(10).fill(0);
  for (let n = 0; n < 100_000; n++) counts[random.below(10)]++;
  for (const count of counts) assert.ok(count > 9_600 && count < 10_400, `${counts}`);
  assert.equal(random.happens(0), false);
  assert.equal(random.happens(1), true);
  // These values are fixed, because other sequences would change every trace.
  assert.deepEqual([first(1), first(7, 3)], [new Random(1).bits(), new Random(7, 3).bits()]);
});
