// epoll over pollables that the test controls: the interest list and the ready list, the modes, the order of reports,
// nesting, closing.

import assert from "node:assert/strict";
import {
  epoll,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLRDHUP,
  EPOLLRDNORM,
  poll,
  POLLIN,
  select,
} from "../select.ts";
import { socketpair } from "../mod.ts";
import type { Descriptor } from "../core/descriptors.ts";
import { realRuntime } from "../deno/runtime.ts";
import * as native from "../native.ts";
import { SUBJECTS } from "./_sim.ts";
import { Memory } from "./_memory_pollable.ts";
import { staysPending } from "./conformance/fixtures.ts";

/** The events that a poll without waiting reports, as text. */
async function now(poller: ReturnType<typeof epoll>, maxevents?: number): Promise<string> {
  return (await poller.poll(0, maxevents)).map(([fd, events]) => `${fd}:${events}`).join(" ");
}

Deno.test("level: an event is reported as long as it holds", async () => {
  using poller = epoll();
  const one = new Memory();
  const fd = one.fileno();
  poller.register(one, EPOLLIN);
  assert.equal(await now(poller), "");
  one.set(POLLIN);
  assert.equal(await now(poller), `${fd}:1`);
  assert.equal(await now(poller), `${fd}:1`);
  one.set(EPOLLOUT);
  assert.equal(await now(poller), "");
  poller.modify(one, EPOLLOUT);
  assert.equal(await now(poller), `${fd}:4`);
  poller.unregister(one);
  assert.equal(await now(poller), "");
  assert.equal(one.waiters.size, 0);
  one.closeNumber();
});

Deno.test("edge: a descriptor is reported once for each wake, with all events that hold then", async () => {
  using poller = epoll();
  const one = new Memory(EPOLLOUT);
  const fd = one.fileno();
  poller.register(one, EPOLLIN | EPOLLOUT | EPOLLET);
  assert.equal(await now(poller), `${fd}:4`);
  assert.equal(await now(poller), "");
  one.set(EPOLLIN | EPOLLOUT);
  assert.equal(await now(poller), `${fd}:5`);
  assert.equal(await now(poller), "");
  one.set(EPOLLIN | EPOLLOUT, EPOLLIN);
  assert.equal(await now(poller), `${fd}:5`);
  poller.modify(one, EPOLLIN | EPOLLET);
  assert.equal(await now(poller), `${fd}:1`);
  assert.equal(await now(poller), "");
  one.closeNumber();
});

Deno.test("one-shot: a descriptor is not reported again before it is modified, even on hang-up", async () => {
  using poller = epoll();
  const one = new Memory(EPOLLIN);
  const fd = one.fileno();
  poller.register(one, EPOLLIN | EPOLLONESHOT);
  assert.equal(await now(poller), `${fd}:1`);
  one.set(EPOLLIN | EPOLLHUP, EPOLLIN);
  assert.equal(await now(poller), "");
  assert.throws(() => poller.register(one, EPOLLIN), { code: "EEXIST" });
  poller.modify(one, EPOLLIN | EPOLLONESHOT);
  assert.equal(await now(poller), `${fd}:17`);
  assert.equal(await now(poller), "");
  one.closeNumber();
});

Deno.test("if more descriptors are ready than a poll may report, each is reported in turn", async () => {
  using poller = epoll();
  const many = Array.from({ length: 7 }, () => new Memory(EPOLLIN));
  for (const one of many) poller.register(one, EPOLLIN);
  const served: number[] = [];
  while (served.length < 21) for (const [fd] of await poller.poll(0, 3)) served.push(fd);
  const fds = many.map((one) => one.fileno());
  assert.deepEqual(served, [...fds, ...fds, ...fds]);
  for (const one of many) one.closeNumber();
});

Deno.test("a wait ends by a wake, its timeout or its signal, and leaves no waiter", async () => {
  using poller = epoll();
  const one = new Memory();
  poller.register(one, EPOLLIN);
  const news = poller.poll(null);
  one.set(EPOLLIN);
  assert.deepEqual(await news, [[one.fileno(), EPOLLIN]]);
  one.set(0);
  const begin = performance.now();
  assert.deepEqual(await poller.poll(0.02), []);
  assert.ok(performance.now() - begin >= 20);
  const controller = new AbortController();
  const aborted = poller.poll(-1, -1, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(aborted, /enough/);
  assert.equal(one.waiters.size, 1);
  one.closeNumber();
});

Deno.test("a wait includes descriptors that are registered during the wait", async () => {
  using poller = epoll();
  const one = new Memory(EPOLLIN);
  const waiting = poller.poll();
  await Promise.resolve();
  poller.register(one, EPOLLIN | EPOLLRDNORM);
  assert.deepEqual(await waiting, [[one.fileno(), EPOLLIN | EPOLLRDNORM]]);
  one.closeNumber();
});

Deno.test("a closed descriptor is withdrawn, and its number may be used again", async () => {
  using poller = epoll();
  const one = new Memory(EPOLLIN, 700);
  poller.register(one, EPOLLIN);
  one.closeNumber();
  assert.equal(await now(poller), "");
  assert.equal(one.waiters.size, 0);
  assert.throws(() => poller.unregister(700), { code: "EBADF" });
  const two = new Memory(EPOLLIN, 700);
  assert.throws(() => poller.modify(700, EPOLLIN), { code: "ENOENT" });
  poller.register(700, EPOLLIN);
  two.closeNumber();
  // Without a poll in between: the old interest is found when the number is used again.
  const three = new Memory(EPOLLOUT, 700);
  poller.register(700, EPOLLOUT);
  assert.equal(await now(poller), "700:4");
  three.closeNumber();
});

Deno.test("an epoll is a descriptor itself", async () => {
  using outer = epoll();
  using inner = epoll();
  const one = new Memory();
  inner.register(one, EPOLLIN);
  outer.register(inner, 0xffff);
  const poller = poll();
  poller.register(inner, 0xffff);
  assert.deepEqual([await now(outer), await poller.poll(0)], ["", []]);
  const waiting = Promise.all([outer.poll(), select([inner, outer], [inner], [inner])]);
  one.set(EPOLLIN);
  const both = EPOLLIN | EPOLLRDNORM;
  assert.deepEqual(await waiting, [[[inner.fileno(), both]], [[inner, outer], [], []]]);
  assert.deepEqual(await poller.poll(0), [[inner.fileno(), both]]);
  one.set(0);
  assert.deepEqual([await now(outer), await poller.poll(0), await now(inner)], ["", [], ""]);
  one.closeNumber();
});

Deno.test("epolls nest up to five levels, and not in circles", () => {
  const chain = Array.from({ length: 8 }, () => epoll());
  const link = (from: number) => chain[from].register(chain[from + 1], EPOLLIN);
  for (const from of [6, 5, 4, 3]) link(from);
  assert.throws(() => link(2), { code: "ELOOP" });
  link(1);
  link(0);
  assert.throws(() => chain[7].register(chain[3], EPOLLIN), { code: "ELOOP" });
  assert.throws(() => chain[0].register(chain[0], EPOLLIN), { code: "EINVAL" });
  chain[4].unregister(chain[5]);
  link(2);
  for (const one of chain) one.close();
});

Deno.test("a wake of exclusive interests wakes one of the sleeping waits", async () => {
  const pollers = Array.from({ length: 3 }, () => epoll());
  const one = new Memory();
  for (const poller of pollers) poller.register(one, EPOLLIN | EPOLLEXCLUSIVE);
  const woken: number[] = [];
  const waiting = pollers.map((poller, place) => poller.poll().then(() => woken.push(place), () => {}));
  await Promise.resolve();
  one.set(EPOLLIN);
  await waiting[0];
  assert.deepEqual(woken, [0]);
  one.set(EPOLLIN, EPOLLIN);
  await waiting[1];
  assert.deepEqual(woken, [0, 1]);
  for (const poller of pollers) poller.close();
  await waiting[2];
  assert.equal(one.waiters.size, 0);
  one.closeNumber();
});

Deno.test("closing an epoll ends its waits and withdraws all its interests", async () => {
  const poller = epoll();
  const one = new Memory();
  poller.register(one, EPOLLIN);
  const waiting = poller.poll();
  await Promise.resolve();
  poller.close();
  await assert.rejects(waiting, { code: "EBADF" });
  assert.equal(one.waiters.size, 0);
  assert.ok(poller.closed);
  assert.throws(() => poller.fileno(), /I\/O operation on closed epoll object/);
  one.closeNumber();
});

Deno.test("fromfd shares the interests of the epoll with that number", async () => {
  using poller = epoll();
  const one = new Memory(EPOLLIN);
  epoll.fromfd(poller.fileno()).register(one, EPOLLIN);
  assert.equal(await now(poller), `${one.fileno()}:1`);
  one.closeNumber();
});

/** A connection that was registered one-shot, reported and closed. No other reference to it is left. */
async function served(poller: ReturnType<typeof epoll>): Promise<WeakRef<Descriptor>> {
  const [one, other] = await socketpair();
  poller.register(one, EPOLLIN | EPOLLONESHOT);
  await other.sendall("x");
  assert.deepEqual(await poller.poll(), [[one.fileno(), EPOLLIN]]);
  assert.deepEqual(await poller.poll(0), []);
  // The epoll has a reference to the descriptor behind the socket.
  const descriptor = new WeakRef(realRuntime.descriptors.find(one.fileno())!);
  one.close();
  other.close();
  return descriptor;
}

/** The same without a socket: a reference to the object that the epoll could keep. */
async function reported(poller: ReturnType<typeof epoll>): Promise<WeakRef<Memory>> {
  const one = new Memory(EPOLLIN);
  poller.register(one, EPOLLIN | EPOLLONESHOT);
  assert.equal(await now(poller), `${one.fileno()}:1`);
  one.closeNumber();
  return new WeakRef(one);
}

Deno.test(
  "one-shot: an interest that was reported is withdrawn at close",
  { ignore: !("gc" in globalThis) },
  async () => {
    using poller = epoll();
    const gone = [await served(poller), await reported(poller)];
    for (let turn = 0; turn < 20 && gone.some((one) => one.deref() !== undefined); turn++) {
      assert.deepEqual(await poller.poll(0), []);
      await new Promise((resolve) => setImmediate(resolve));
      (globalThis as unknown as { gc(): void }).gc();
    }
    assert.deepEqual(gone.map((one) => one.deref()), [undefined, undefined]);
  },
);

Deno.test("native: a new pipe with the number of a closed one is watched again", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  // The table knows descriptors of the process from the first native socket on.
  native.socket().close();
  const libc = Deno.dlopen("libc.so.6", {
    pipe: { parameters: ["buffer"], result: "i32" },
    dup2: { parameters: ["i32", "i32"], result: "i32" },
    write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const { pipe, dup2, write, close } = libc.symbols;
  const [first, next] = [new Int32Array(2), new Int32Array(2)];
  for (const fds of [first, next]) assert.equal(pipe(fds), 0);
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), 5000);
  {
    using stale = epoll();
    using poller = epoll();
    stale.register(first[0], EPOLLIN);
    assert.deepEqual(await stale.poll(0), []);
    for (const fd of first) close(fd);
    assert.equal(dup2(next[0], first[0]), first[0]);
    poller.register(first[0], EPOLLIN);
    const polling = poller.poll(null, -1, { signal: giveUp.signal });
    await staysPending(polling);
    assert.equal(write(next[1], new Uint8Array(1), 1n), 1n);
    assert.deepEqual(await polling, [[first[0], EPOLLIN]]);
  }
  clearTimeout(timer);
  for (const fd of [first[0], ...next]) close(fd);
  libc.close();
});

for (const { name, module: m } of SUBJECTS) {
  const { epoll, poll, select } = m;

  Deno.test(`${name}: select and poll report a ready epoll, also if other descriptors are ready`, async () => {
    const [a, b] = await m.socketpair();
    using poller = epoll();
    poller.register(b, EPOLLIN);
    await a.sendall("x");
    await m.select([b], [], []);
    // Only this select has looked at the epoll: no poll and no sleep.
    assert.deepEqual(await select([poller], [], [], 0), [[poller], [], []]);
    assert.deepEqual(await select([poller, b], [], [], 5), [[poller, b], [], []]);
    const asking = poll();
    asking.register(poller, POLLIN);
    assert.deepEqual(await asking.poll(0), [[poller.fileno(), POLLIN]]);
    a.close();
    b.close();
  });

  Deno.test(`${name}: POLLRDHUP alone can be waited for, also from before the connect`, async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    using client = m.socket();
    client.setblocking(false);
    await client.connect_ex(server.getsockname());
    using poller = epoll();
    poller.register(client, EPOLLRDHUP);
    const [peer] = await server.accept();
    peer.close();
    assert.deepEqual(await poller.poll(), [[client.fileno(), EPOLLRDHUP]]);
  });
}

Deno.test("wrong flags are refused, whichever descriptor is registered", () => {
  using poller = epoll();
  const one = new Memory();
  assert.throws(() => poller.modify(one, EPOLLIN | EPOLLEXCLUSIVE), { code: "EINVAL" });
  poller.register(one, EPOLLIN);
  assert.throws(() => poller.register(one, EPOLLEXCLUSIVE | EPOLLONESHOT), { code: "EINVAL" });
  one.closeNumber();
});
