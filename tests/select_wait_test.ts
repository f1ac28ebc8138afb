// The waits of select and poll, over pollables that the test controls: which waiters are registered when, and what ends
// a wait.

import assert from "node:assert/strict";
import { poll, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDNORM, select } from "../select.ts";
import { Memory } from "./_memory_pollable.ts";

Deno.test("select returns the given objects, in order, as often as they were given", async () => {
  const a = new Memory(POLLIN | POLLOUT);
  const b = new Memory(POLLOUT);
  const c = new Memory(POLLIN);
  const byNumber = c.fileno();
  const [r, w, x] = await select([c, b, a, c, byNumber], new Set([b, a]), [a], 5);
  assert.deepEqual([r, w, x], [[c, a, c, byNumber], [b, a], []]);
  assert.ok(r[0] === c && w[0] === b);
  for (const one of [a, b, c]) one.closeNumber();
});

Deno.test("each list has its events", async () => {
  const expected: [number, string][] = [
    [POLLIN, "r"],
    [POLLOUT, "w"],
    [POLLPRI, "x"],
    [POLLHUP, "r"],
    [POLLERR, "rwx"],
    [0, ""],
  ];
  for (const [events, lists] of expected) {
    const one = new Memory(events);
    const ready = await select([one], [one], [one], 0);
    assert.equal("rwx".split("").filter((_, place) => ready[place].length > 0).join(""), lists, `${events}`);
    one.closeNumber();
  }
});

Deno.test("a wait registers once with each descriptor, and withdraws from all at its end", async () => {
  const many = Array.from({ length: 5 }, () => new Memory());
  const registered = () => many.map((one) => one.waiters.size);
  const endings: Record<string, (controller: AbortController) => void> = {
    news: () => many[3].set(POLLIN),
    timeout: () => {},
    abort: (controller) => controller.abort(new Error("enough")),
    close: () => many[4].closeNumber(),
  };
  for (const [name, end] of Object.entries(endings)) {
    const controller = new AbortController();
    const waiting = select(many, [], [], name === "timeout" ? 0.01 : null, { signal: controller.signal });
    await Promise.resolve();
    await Promise.resolve();
    assert.deepEqual(registered(), [1, 1, 1, 1, 1], name);
    end(controller);
    const ending = await waiting.then(
      ([r]) => r.map((one) => many.indexOf(one)),
      (error) => error.code ?? error.message,
    );
    assert.deepEqual(ending, { news: [3], timeout: [], abort: "enough", close: "EBADF" }[name], name);
    assert.deepEqual(registered(), [0, 0, 0, 0, 0], name);
    many[3].set(0);
  }
  for (const one of many) one.closeNumber();
});

Deno.test("a wake without an event does not end a wait, and simultaneous events are reported together", async () => {
  const [a, b] = [new Memory(), new Memory()];
  const waiting = select([a, b], [], []);
  await Promise.resolve();
  a.set(POLLIN);
  a.set(0);
  await new Promise((resolve) => setImmediate(resolve));
  a.set(POLLIN);
  b.set(POLLIN);
  assert.deepEqual(await waiting, [[a, b], [], []]);
  a.closeNumber();
  b.closeNumber();
});

Deno.test("an aborted signal ends a wait before it looks", async () => {
  const one = new Memory(POLLIN);
  const poller = poll();
  poller.register(one);
  const reason = new Error("no");
  await assert.rejects(select([one], [], [], 0, { signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(poller.poll(0, { signal: AbortSignal.abort(reason) }), reason);
  one.closeNumber();
});

Deno.test("select of nothing sleeps", async () => {
  const begin = performance.now();
  assert.deepEqual(await select([], [], [], 0.02), [[], [], []]);
  assert.ok(performance.now() - begin >= 20);
});

Deno.test("a loop of waits that always find ready sockets lets the event loop turn", async () => {
  const one = new Memory(POLLIN);
  let fired = false;
  const timer = setTimeout(() => fired = true, 1);
  while (!fired) await select([one], [], []);
  clearTimeout(timer);
  one.closeNumber();
});

Deno.test("poll reports the given events, errors, hang-up, and POLLNVAL for closed descriptors", async () => {
  const a = new Memory(POLLIN | POLLOUT);
  const b = new Memory(POLLHUP | POLLERR);
  const c = new Memory(POLLIN);
  const poller = poll();
  poller.register(a, POLLOUT);
  poller.register(b, 0);
  poller.register(c, POLLIN);
  poller.register(12345678, 0);
  const number = c.fileno();
  c.closeNumber();
  assert.deepEqual(await poller.poll(), [
    [a.fileno(), POLLOUT],
    [b.fileno(), POLLHUP | POLLERR],
    [number, POLLNVAL],
    [12345678, POLLNVAL],
  ]);
  poller.modify(a, POLLRDNORM);
  for (const fd of [b, number, 12345678]) poller.unregister(fd);
  assert.deepEqual(await poller.poll(0), [[a.fileno(), POLLRDNORM]]);
  poller.register(a, POLLPRI);
  assert.deepEqual(await poller.poll(0), []);
  a.closeNumber();
  b.closeNumber();
});

Deno.test("one poll object can be used in two concurrent waits", async () => {
  const one = new Memory();
  const poller = poll();
  poller.register(one, POLLIN);
  const both = [poller.poll(), poller.poll()];
  await Promise.resolve();
  one.set(POLLIN);
  assert.deepEqual(await Promise.all(both), [[[one.fileno(), POLLIN]], [[one.fileno(), POLLIN]]]);
  one.closeNumber();
});
