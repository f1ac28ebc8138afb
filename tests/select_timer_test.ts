// The timer that waits use one after the other: it wakes no wait too early, and no timer is left behind.

import assert from "node:assert/strict";
import type { WaitTimer } from "../core/timing.ts";
import { realRuntime } from "../deno/runtime.ts";
import { epoll, EPOLLIN, poll, POLLIN, select } from "../select.ts";
import { runDeno } from "./_helpers.ts";
import { Memory } from "./_memory_pollable.ts";

/** A waiter that sleeps until the timer wakes it. Returns how much later than its deadline that is. */
function sleeper(ms: number): { timer: WaitTimer; woken: Promise<number> } {
  const deadline = performance.now() + ms;
  const { promise: woken, resolve } = Promise.withResolvers<number>();
  return { timer: realRuntime.timers.take({ wake: () => resolve(performance.now() - deadline) }, deadline), woken };
}

Deno.test("the spare timer serves deadlines after its own and before it", async () => {
  const open = new Memory();
  for (const [first, second] of [[10, 30], [60_000, 10], [10, 10]]) {
    sleeper(first).timer.release();
    const { timer, woken } = sleeper(second);
    assert.ok(await woken >= 0, `${first} ms, then ${second}`);
    timer.release();
  }
  open.closeNumber();
});

Deno.test("concurrent waits have a timer each", async () => {
  const open = new Memory();
  const all = [30, 10, 20].map(sleeper);
  assert.ok((await Promise.all(all.map(({ woken }) => woken))).every((late) => late >= 0));
  for (const { timer } of all) timer.release();
  open.closeNumber();
});

Deno.test({
  name: "closing the last descriptor clears the spare timer",
  sanitizeOps: true,
  fn: async () => {
    const one = new Memory();
    const waiting = select([one], [], [], 60);
    await Promise.resolve();
    one.set(POLLIN);
    assert.equal((await waiting)[0].length, 1);
    one.closeNumber();
    // If no descriptor was open, no timer is left either.
    await assert.rejects(select([], [], [], 60, { signal: AbortSignal.timeout(1) }), { name: "TimeoutError" });
  },
});

Deno.test("the process ends after a wait that ended before its timeout", async () => {
  await using program = await runDeno(`
    import { realRuntime } from ${JSON.stringify(import.meta.resolve("../deno/runtime.ts"))};
    import { select } from ${JSON.stringify(import.meta.resolve("../select.ts"))};
    let waiter, events = 0;
    const { fd } = realRuntime.descriptors.enter({
      fileno() {}, close() {}, settle() {}, unwatch() {},
      events: () => events,
      watch: (mask, who) => waiter = who,
    });
    setTimeout(() => { events = 1; waiter.wake(); }, 1);
    console.log((await select([fd], [], [], 3600))[0].length);
    setTimeout(() => { events = 1; waiter.wake(); }, 1);
    events = 0;
    console.log((await select([fd], [], []))[0].length);
  `);
  const { code, stdout } = await program.end();
  assert.deepEqual([code, stdout], [0, "1\n1\n"]);
});

Deno.test({
  name: "50,000 waits that sleep leave nothing behind",
  ignore: !("gc" in globalThis),
  fn: async () => {
    const all = Array.from({ length: 20 }, () => new Memory());
    const active = all[10];
    using poller = epoll();
    const polled = poll();
    for (const one of all) {
      poller.register(one, EPOLLIN);
      polled.register(one, POLLIN);
    }
    const { signal } = new AbortController();
    const waits = [
      () => select(all, [], [], 5),
      () => select(all, [], []),
      () => select(all, [], [], 5, { signal }),
      () => polled.poll(5000),
      () => poller.poll(5),
      () => poller.poll(5, -1, { signal }),
      () => poller.poll(),
    ];
    const rounds = async (count: number) => {
      for (let round = 0; round < count; round++) {
        const waiting = waits[round % waits.length]();
        // Until it sleeps.
        for (let hop = 0; hop < 4; hop++) await Promise.resolve();
        active.set(POLLIN);
        await waiting;
        active.set(0);
      }
    };
    const heap = () => {
      (globalThis as unknown as { gc(): void }).gc();
      return Deno.memoryUsage().heapUsed;
    };
    await rounds(2000);
    const before = heap();
    await rounds(50_000);
    const growth = heap() - before;
    for (const one of all) one.closeNumber();
    assert.ok(growth < 500_000, `${growth} bytes`);
  },
});
