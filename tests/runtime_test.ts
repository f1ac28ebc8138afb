// A runtime: its clock, its descriptor numbers, its loops and its finders. Two runtimes in one process are independent.

import assert from "node:assert/strict";
import { POLLIN } from "../base/poll.ts";
import { makeModule } from "../core/module.ts";
import type { Module } from "../core/module.ts";
import { Runtime } from "../core/runtime.ts";
import { realRuntime } from "../deno/runtime.ts";
import * as real from "../mod.ts";
import type { ForeignPollable } from "../seam/backend.ts";
import type { Loop } from "../seam/loop.ts";
import { ManualClock } from "./_manual_clock.ts";
import { memoryBackend } from "./memory_backend/backend.ts";
import { Memory } from "./_memory_pollable.ts";

/** A module with its own clock. */
function world(): { runtime: Runtime; clock: ManualClock; module: Module } {
  const clock = new ManualClock();
  const runtime = new Runtime(clock);
  return { runtime, clock, module: makeModule(runtime, memoryBackend) };
}

const refused = { code: "EBADF", message: /belongs to another runtime: to a simulated host, to another clock/ };

Deno.test("makeModule and mod.ts have the same names", () => {
  assert.deepEqual(Object.keys(world().module).sort(), Object.keys(real).sort());
});

Deno.test("makeModule's functions are typed as those of mod.ts", () => {
  const { module } = world();
  const same: Pick<typeof real, "create_server" | "close" | "getaddrinfo" | "select" | "poll" | "epoll"> = module;
  assert.equal(same.create_server, module.create_server);
});

Deno.test("the numbers of each runtime start again, and differ from all numbers of the process", () => {
  const [one, other] = [world(), world()];
  const numbers = [one, other].map(({ module }) => [module.socket(), module.socket()].map((sock) => sock.fileno()));
  assert.deepEqual(numbers[0], numbers[1]);
  using sock = real.socket();
  assert.ok(sock.fileno() >= 2 ** 20 && sock.fileno() < numbers[0][0]);
  for (const [at, { module }] of [one, other].entries()) for (const fd of numbers[at]) module.close(fd);
});

Deno.test("both runtimes refuse a wait on sockets of two runtimes", async () => {
  const [one, other] = [world(), world()];
  using mine = one.module.socket();
  using others = other.module.socket();
  // The numbers are equal, so only the object shows the runtime.
  assert.equal(mine.fileno(), others.fileno());
  using ours = real.socket();
  for (const { module } of [one, { module: real as unknown as Module }]) {
    await assert.rejects(module.select([others], [], [], 0), refused);
    await assert.rejects(module.select([], [others], [], 0), refused);
    assert.throws(() => module.poll().register(others), refused);
    using epoll = module.epoll();
    assert.throws(() => epoll.register(others), refused);
    assert.throws(() => epoll.unregister(others), refused);
    for (const Selector of [module.SelectSelector, module.PollSelector, module.EpollSelector]) {
      using selector = new Selector();
      assert.throws(() => selector.register(others, module.EVENT_READ), refused);
      assert.equal(selector.get_map()!.size, 0);
    }
  }
  await assert.rejects(one.module.select([ours], [], [], 0), refused);
  assert.deepEqual(await one.module.select([], [], [mine], 0), [[], [], []]);
});

Deno.test("a wait on epolls and readers of another runtime is refused", async () => {
  const [one, other] = [world(), world()];
  using epoll = other.module.epoll();
  using reader = other.module.reader(new ReadableStream<Uint8Array>());
  await assert.rejects(one.module.select([epoll], [], [], 0), refused);
  await assert.rejects(one.module.select([reader], [], [], 0), refused);
  assert.deepEqual(await other.module.select([epoll], [], [], 0), [[], [], []]);
});

Deno.test("a wait uses the clock of its runtime", async () => {
  const { runtime, clock, module } = world();
  const never = new Memory(0, undefined, runtime);
  let ended = 0;
  const waits = [
    module.select([never], [], [], 3600),
    module.poll().poll(3_600_000),
    module.epoll().poll(3600),
    new module.DefaultSelector().select(3600),
  ].map((wait) => wait.then(() => ended++));
  await clock.advance(3_599_999);
  assert.equal(ended, 0);
  await clock.advance(1);
  assert.equal(ended, 4);
  await Promise.all(waits);
  never.closeNumber();
});

Deno.test("a wait without a deadline sets a timer with the delay Infinity", async () => {
  const { runtime, clock, module } = world();
  const never = new Memory(0, undefined, runtime);
  const waits = [
    () => module.select([never], [], []),
    () => module.poll().poll(),
    () => module.epoll().poll(),
    () => new module.DefaultSelector().select(),
    () => module.reader(new ReadableStream<Uint8Array>()).read(),
  ];
  for (const [at, wait] of waits.entries()) {
    wait().catch(() => {});
    await clock.turn();
    assert.deepEqual([clock.pending, clock.nextDue], [at + 1, Infinity]);
  }
  never.closeNumber();
});

Deno.test("a wait of 40 days ends after 40 days", async () => {
  const DAY = 24 * 3600 * 1000;
  const { clock, module } = world();
  let ended = false;
  const waiting = module.select([], [], [], 40 * DAY / 1000).then(() => ended = true);
  await clock.advance(40 * DAY - 1);
  assert.equal(ended, false);
  await clock.advance(1);
  await waiting;
});

Deno.test("the timeout of a socket and the default timeout use the clock of the runtime", async () => {
  const { clock, module } = world();
  module.setdefaulttimeout(3600);
  assert.equal(real.getdefaulttimeout(), null);
  using server = module.create_server(["127.0.0.1", 0]);
  const accepting = assert.rejects(server.accept(), module.TimeoutError);
  await clock.advance(3_599_999);
  assert.equal(clock.pending, 1);
  await clock.advance(1);
  await accepting;
});

Deno.test("the spare timer belongs to the clock that made it", async () => {
  const [one, other] = [world(), world()];
  for (const { runtime, clock, module } of [one, other]) {
    const pollable = new Memory(0, undefined, runtime);
    const waiting = module.select([pollable], [], [], 60);
    await clock.turn();
    pollable.set(POLLIN);
    await waiting;
    assert.equal(clock.pending, 1, "one to spare");
    pollable.closeNumber();
    assert.equal(clock.pending, 0, "none where nothing is open");
  }
});

/** A loop that counts its calls. */
class Counting implements Loop {
  caughtUp = 0;
  waits = 0;
  most = 0;

  catchUp(): Promise<void> {
    this.caughtUp++;
    return Promise.resolve();
  }
  beginWait(): void {
    this.most = Math.max(this.most, ++this.waits);
  }
  endWait(): void {
    this.waits--;
  }
}

Deno.test("a wait runs the loops of all backends", async () => {
  const runtime = new Runtime(new ManualClock());
  const loops = [new Counting(), new Counting()];
  for (const loop of [...loops, ...loops]) runtime.add({ loop });
  const module = makeModule(runtime, memoryBackend);
  const pollable = new Memory(0, undefined, runtime);
  const waiting = module.select([pollable], [], []);
  await runtime.clock.turn();
  assert.deepEqual(loops.map(({ waits }) => waits), [1, 1]);
  pollable.set(POLLIN);
  await waiting;
  using epoll = module.epoll();
  await epoll.poll(0);
  assert.deepEqual(loops.map(({ waits, most, caughtUp }) => [waits, most, caughtUp > 0]), [[0, 1, true], [0, 1, true]]);
  pollable.closeNumber();
});

Deno.test("every backend finds the process's descriptors that it knows", async () => {
  const runtime = new Runtime(new ManualClock());
  const foreign = (fd: number): ForeignPollable => ({
    fileno: () => fd,
    close: () => {},
    events: () => POLLIN,
    watch: () => {},
    unwatch: () => {},
    settle: () => undefined,
  });
  runtime.add({ findForeign: (fd) => fd === 7 ? foreign(fd) : undefined });
  runtime.add({ findForeign: (fd) => fd === 8 ? foreign(fd) : undefined });
  const module = makeModule(runtime, memoryBackend);
  assert.deepEqual(await module.select([7, 8], [], [], 0), [[7, 8], [], []]);
  await assert.rejects(module.select([9], [], [], 0), { code: "EBADF" });
  assert.equal(
    runtime.descriptors.find(7),
    runtime.descriptors.find(7),
    "the same descriptor while something refers to it",
  );
  assert.equal(realRuntime.descriptors.find(2 ** 30), undefined);
});
