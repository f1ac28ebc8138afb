// One suite over every selector, as CPython's BaseSelectorTestCase.

import assert from "node:assert/strict";
import { EpollSelector, EVENT_READ, EVENT_WRITE, KeyError } from "../select.ts";
import type { BaseSelector } from "../select.ts";
import { ALL_SUBJECTS } from "./_sim.ts";
import type { Socket } from "../mod.ts";

const BOTH = EVENT_READ | EVENT_WRITE;

type Behaviour = (selector: BaseSelector, rd: Socket, wr: Socket) => void | Promise<void>;

/** The behaviours of every selector. */
const BEHAVIOURS: Record<string, Behaviour> = {
  "register returns the key and refuses wrong arguments": (selector, rd) => {
    const key = selector.register(rd, EVENT_READ, "data");
    assert.deepEqual(key, { fileobj: rd, fd: rd.fileno(), events: EVENT_READ, data: "data" });
    assert.throws(() => selector.register(rd, EVENT_READ), KeyError);
    assert.throws(() => selector.register(rd.fileno(), EVENT_READ), KeyError);
    assert.throws(() => selector.register(0, 999999), RangeError);
    assert.throws(() => selector.register(0, 0), RangeError);
    assert.throws(() => selector.register(-10, EVENT_READ), RangeError);
    assert.throws(() => selector.register({} as Socket, EVENT_READ), RangeError);
    assert.equal(selector.get_map()!.size, 1);
  },
  "unregister returns the key, once": (selector, rd) => {
    const key = selector.register(rd, EVENT_READ);
    assert.equal(selector.unregister(rd), key);
    assert.throws(() => selector.unregister(rd), KeyError);
    assert.throws(() => selector.unregister(999999), KeyError);
  },
  "unregister still accepts a closed object": async (selector, rd, wr) => {
    selector.register(rd, EVENT_READ);
    selector.register(wr, EVENT_WRITE);
    rd.close();
    wr.close();
    selector.unregister(rd);
    selector.unregister(wr);
    assert.equal(selector.get_map()!.size, 0);
    assert.deepEqual(await selector.select(0), []);
  },
  "modify by number keeps the object, its place, and takes no events at all": async (selector, rd, wr) => {
    selector.register(rd, EVENT_READ);
    selector.register(wr, EVENT_READ);
    const key = selector.modify(rd.fileno(), BOTH, "data");
    assert.equal(key.fileobj, rd);
    assert.deepEqual([...selector.get_map()!.values()].map(({ fileobj }) => fileobj), [rd, wr]);
    assert.deepEqual(await selector.select(0), [[key, EVENT_WRITE]]);
    assert.equal(selector.modify(rd, 0).events, 0);
    assert.deepEqual(await selector.select(0), []);
    assert.throws(() => selector.modify(rd, 8), RangeError);
    assert.equal(selector.get_key(rd).events, 0);
    selector.modify(rd, EVENT_WRITE);
    assert.equal((await selector.select(0)).length, 1);
  },
  "modify changes events and data": async (selector, rd, wr) => {
    const key = selector.register(wr, EVENT_READ, 1);
    const wider = selector.modify(wr, EVENT_WRITE, 1);
    assert.notEqual(wider, key);
    assert.deepEqual([wider.events, wider.data], [EVENT_WRITE, 1]);
    assert.equal(selector.modify(wr, EVENT_WRITE, 1), wider);
    const other = selector.modify(wr, EVENT_WRITE, 2);
    assert.equal(other.data, 2);
    assert.equal(selector.get_key(wr), other);
    assert.deepEqual(await selector.select(0), [[other, EVENT_WRITE]]);
    assert.throws(() => selector.modify(rd, EVENT_READ), KeyError);
    assert.throws(() => selector.modify(wr, 999999), RangeError);
  },
  "get_map follows the selector and finds by object and by number": (selector, rd, wr) => {
    const map = selector.get_map()!;
    assert.equal(map.size, 0);
    const key = selector.register(rd, EVENT_READ, "data");
    assert.equal(map.get(rd), key);
    assert.equal(map.get(rd.fileno()), key);
    assert.deepEqual([...map], [[rd.fileno(), key]]);
    assert.deepEqual([[...map.keys()], [...map.values()], map.has(rd), map.has(wr)], [[key.fd], [key], true, false]);
    assert.equal(map.get(999999), undefined);
    assert.ok(!("set" in map));
  },
  "get_key and close": (selector, rd, wr) => {
    const key = selector.register(rd, EVENT_READ);
    selector.register(wr, EVENT_WRITE);
    assert.equal(selector.get_key(rd), key);
    assert.throws(() => selector.get_key(999999), KeyError);
    selector.close();
    assert.equal(selector.get_map(), null);
    assert.throws(() => selector.get_key(rd), { name: "Error", message: "Selector is closed" });
    assert.throws(() => selector.unregister(rd), KeyError);
    selector.close();
  },
  "select reports which objects are ready for which events": async (selector, rd, wr) => {
    selector.register(rd, EVENT_READ);
    const writer = selector.register(wr, BOTH);
    assert.deepEqual(await selector.select(0), [[writer, EVENT_WRITE]]);
    await rd.sendall("x");
    assert.deepEqual(await selector.select(), [[writer, BOTH]]);
    selector.unregister(wr);
    assert.deepEqual(await selector.select(0.01), []);
    assert.deepEqual(await selector.select(-1), []);
    await wr.sendall("y");
    assert.deepEqual((await selector.select(5)).map(([key, events]) => [key.fileobj, events]), [[rd, EVENT_READ]]);
  },
  "the end of the stream is news": async (selector, rd, wr) => {
    selector.register(rd, EVENT_READ);
    wr.close();
    assert.deepEqual((await selector.select(5)).map(([, events]) => events), [EVENT_READ]);
  },
  "an empty selector waits for its timeout": async (selector) => {
    assert.deepEqual(await selector.select(0), []);
    const begin = performance.now();
    assert.deepEqual(await selector.select(0.01), []);
    assert.ok(performance.now() - begin >= 10);
  },
  "a signal ends the wait": async (selector, rd) => {
    selector.register(rd, EVENT_READ);
    const controller = new AbortController();
    const waiting = selector.select(null, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
  },
  "using closes it": (selector, rd) => {
    {
      using same = selector;
      same.register(rd, EVENT_READ);
    }
    assert.equal(selector.get_map(), null);
  },
};

for (const { name: backend, module } of ALL_SUBJECTS) {
  const { SelectSelector, PollSelector, EpollSelector, DefaultSelector } = module;
  for (const Selector of [SelectSelector, PollSelector, EpollSelector, DefaultSelector]) {
    for (const [name, behave] of Object.entries(BEHAVIOURS)) {
      Deno.test(`${backend}: ${Selector.name}: ${name}`, async () => {
        const [rd, wr] = await module.socketpair();
        const selector = new Selector();
        try {
          await behave(selector, rd, wr);
        } finally {
          selector.close();
          rd.close();
          wr.close();
        }
      });
    }
  }
}

Deno.test("EpollSelector: fileno is the epoll's, and a descriptor that is not open is refused", () => {
  using selector = new EpollSelector();
  assert.ok(selector.fileno() >= 0);
  assert.throws(() => selector.register(12345678, EVENT_READ), { code: "EBADF" });
  assert.equal(selector.get_map()!.size, 0);
});
