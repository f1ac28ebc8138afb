// create_connection with happy_eyeballs_delay and interleave, over sockets. Also the race of attempts without sockets.

import assert from "node:assert/strict";
import os from "node:os";
import type { Address } from "../base/addresses.ts";
import * as create from "../core/create.ts";
import { interleave, race } from "../core/happy_eyeballs.ts";
import { makeModule } from "../core/module.ts";
import { Runtime } from "../core/runtime.ts";
import { denoBackend } from "../deno/backend.ts";
import { realRuntime } from "../deno/runtime.ts";
import type { Socket } from "../mod.ts";
import { nativeBackend } from "../native/backend.ts";
import * as native from "../native.ts";
import type { Backend } from "../seam/backend.ts";
import { HostBackend } from "../sim/net/backend.ts";
import { Network } from "../sim/net/network.ts";
import { HostClock } from "../sim/time/host_clock.ts";
import { realClock, RealPacer } from "../sim/time/real.ts";
import { BACKENDS } from "./_backends.ts";
import type { Module } from "./conformance/fixtures.ts";
import { failure, settled, staysPending } from "./conformance/fixtures.ts";
import { askPython, pythonTest } from "./_helpers.ts";

/** A backend with what its sockets belong to. */
interface Side {
  name: string;
  module: Module;
  backend: Backend;
  runtime: Runtime;
  /** The module of sockets that reach it, and keep a connection waiting where their queue is full. */
  silent: Module;
}

/** A simulated host on the real clock. */
function simulatedSide(): Side {
  const network = new Network({ seed: 1, link: {}, trace: false, realNow: realClock() });
  new RealPacer(network.timeline);
  const host = new HostBackend(network.addHost("sim").kernel);
  // `leadingTo` spreads a backend, so it must be a plain object.
  const backend: Backend = {
    resolver: host.resolver,
    open: host.open.bind(host),
    adopt: host.adopt.bind(host),
    adoptDuplicate: host.adoptDuplicate.bind(host),
    pair: host.pair.bind(host),
    endpoints: host.endpoints.bind(host),
  };
  const runtime = new Runtime(new HostClock(network.timeline));
  const module = makeModule(runtime, host) as unknown as Module;
  return { name: "sim", module, backend, runtime, silent: module };
}

const SIDES: Side[] = [
  ...BACKENDS.map(({ name, module }) => ({
    name,
    module,
    backend: name === "native" ? nativeBackend : denoBackend,
    runtime: realRuntime,
    silent: native as unknown as Module,
  })),
  simulatedSide(),
];

/** A backend whose look-up returns these addresses. */
function leadingTo(backend: Backend, ...endpoints: [family: number, address: Address][]): Backend {
  return { ...backend, endpoints: () => Promise.resolve(endpoints) };
}

/** A port at which connections are neither accepted nor refused: its queue is full, so the kernel ignores what comes. */
async function silentPort({ silent }: Side): Promise<{ address: Address } & Disposable> {
  const server = silent.socket();
  server.bind(["127.0.0.1", 0]);
  server.listen(0);
  const address = server.getsockname();
  // On the loopback interface each of these is queued, or ignored, before connect returns.
  const queued = Array.from({ length: 4 }, () => silent.socket());
  for (const sock of queued) {
    sock.setblocking(false);
    assert.equal(await sock.connect_ex(address), os.constants.errno.EINPROGRESS);
  }
  return {
    address,
    [Symbol.dispose]() {
      for (const sock of [...queued, server]) sock.close();
    },
  };
}

for (const side of SIDES) {
  const { name, module: m, backend, runtime } = side;
  /** As the module's create_connection, over a backend. */
  const createConnection = (
    backend: Backend,
    ...args: [Address, number | undefined, null, create.ConnectionOptions]
  ): Promise<Socket> => create.createConnection(runtime, backend, ...args);
  const test = (title: string, fn: () => Promise<void>) => {
    Deno.test({ name: `${name}: create_connection: ${title}`, ignore: Deno.build.os !== "linux", fn });
  };

  test("the second address is reached when the first is silent", async () => {
    using silent = await silentPort(side);
    using server = m.create_server(["127.0.0.1", 0]);
    const both = leadingTo(backend, [m.AF_INET, silent.address], [m.AF_INET, server.getsockname()]);
    const options = { happy_eyeballs_delay: 0.01 };
    using sock = await settled(createConnection(both, ["a-name", 80], undefined, null, options));
    assert.deepEqual(sock.getpeername(), server.getsockname());
    assert.equal(sock.gettimeout(), null);
    // Without the option, the call waits for the first address, as Python's socket does.
    const controller = new AbortController();
    const { signal } = controller;
    const off = failure(() => createConnection(both, ["a-name", 80], undefined, null, { signal }));
    await staysPending(off);
    controller.abort("enough");
    assert.equal(await settled(off), "enough");
  });

  test("the timeout bounds the whole, and becomes the socket's", async () => {
    using silent = await silentPort(side);
    const twice = leadingTo(backend, [m.AF_INET, silent.address], [m.AF_INET, silent.address]);
    // How long it takes is tested in virtual time, in sim_waits_test.ts.
    for (const options of [{}, { happy_eyeballs_delay: 0.01 }]) {
      const error = await settled(failure(() => createConnection(twice, ["a-name", 80], 0.05, null, options)));
      assert.ok(error instanceof m.TimeoutError);
    }
    using server = m.create_server(["127.0.0.1", 0]);
    const second = leadingTo(backend, [m.AF_INET, silent.address], [m.AF_INET, server.getsockname()]);
    using sock = await createConnection(second, ["a-name", 80], 30, null, { happy_eyeballs_delay: 0 });
    assert.equal(sock.gettimeout(), 30);
  });

  test("a refused address starts the next one at once, and the errors are told in order", async () => {
    const closed = [m.create_server(["127.0.0.1", 0]), m.create_server(["127.0.0.1", 0])];
    const addresses = closed.map((server) => server.getsockname());
    for (const server of closed) server.close();
    using server = m.create_server(["127.0.0.1", 0]);
    const third = leadingTo(
      backend,
      ...addresses.map((address): [number, Address] => [m.AF_INET, address]),
      [m.AF_INET, server.getsockname()],
    );
    const patient = { happy_eyeballs_delay: 3600 };
    using sock = await settled(createConnection(third, ["a-name", 80], undefined, null, patient));
    assert.deepEqual(sock.getpeername(), server.getsockname());

    const none = leadingTo(backend, ...addresses.map((address): [number, Address] => [m.AF_INET, address]));
    const all = await failure(() =>
      createConnection(none, ["a-name", 80], undefined, null, { ...patient, all_errors: true })
    );
    assert.ok(all instanceof AggregateError);
    assert.deepEqual(all.errors.map((error) => error.code), ["ECONNREFUSED", "ECONNREFUSED"]);
    assert.deepEqual(all.errors.map((error) => error.address), addresses);
    const last = await failure(() => createConnection(none, ["a-name", 80], undefined, null, patient));
    assert.deepEqual([last.code, last.address], ["ECONNREFUSED", addresses[1]]);
  });

  test("an abort ends all attempts", async () => {
    using silent = await silentPort(side);
    const twice = leadingTo(backend, [m.AF_INET, silent.address], [m.AF_INET, silent.address]);
    const controller = new AbortController();
    const { signal } = controller;
    const options = { happy_eyeballs_delay: 0, signal };
    const error = failure(() => createConnection(twice, ["a-name", 80], undefined, null, options));
    await staysPending(error);
    controller.abort("enough");
    assert.equal(await settled(error), "enough");
  });

  test("a permission that is missing for one address is told only where no other answers", async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    const denied: Address = ["192.0.2.1", 9];
    const open: Backend["open"] = (...kind) => {
      const transport = backend.open(...kind);
      const connect = transport.connect.bind(transport);
      transport.connect = (caller, address) => {
        if ((address as Address)[0] === denied[0]) throw new Deno.errors.NotCapable("denied");
        return connect(caller, address);
      };
      return transport;
    };
    const first = leadingTo({ ...backend, open }, [m.AF_INET, denied], [m.AF_INET, server.getsockname()]);
    (await createConnection(first, ["a-name", 80], undefined, null, {})).close();
    const only = leadingTo({ ...backend, open }, [m.AF_INET, denied]);
    const error = await failure(() => createConnection(only, ["a-name", 80], undefined, null, {}));
    assert.ok(error instanceof Deno.errors.NotCapable);
  });

  test("the keywords are checked before anything is looked up", async () => {
    const unasked = { ...backend, endpoints: () => assert.fail("looked up") };
    const wrong = [
      [{ happy_eyeballs_delay: -1 }, RangeError],
      [{ happy_eyeballs_delay: NaN }, RangeError],
      [{ happy_eyeballs_delay: "1" }, TypeError],
      [{ interleave: -1 }, RangeError],
      [{ interleave: 1.5 }, TypeError],
    ] as const;
    for (const [options, kind] of wrong) {
      const error = await failure(() => createConnection(unasked, ["a-name", 80], undefined, null, options as any));
      assert.ok(error instanceof kind, JSON.stringify(options));
    }
  });
}

/** Timers that the test fires. */
class ManualTimers {
  readonly set = new Map<number, { callback: () => void; milliseconds: number }>();
  #count = 0;

  setTimeout(callback: () => void, milliseconds: number): number {
    this.set.set(++this.#count, { callback, milliseconds });
    return this.#count;
  }
  clearTimeout(timer: unknown): void {
    this.set.delete(timer as number);
  }
  fire(): void {
    const [[number, { callback }]] = this.set;
    this.set.delete(number);
    callback();
  }
}

/** Attempts that the test ends. */
class Attempts {
  readonly started: { signal: AbortSignal; resolve(value: string): void; reject(error: unknown): void }[] = [];

  of(count: number): ((signal: AbortSignal) => Promise<string>)[] {
    return Array.from({ length: count }, () => (signal: AbortSignal) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      this.started.push({ signal, resolve, reject });
      return promise;
    });
  }
}

const discardNothing = () => assert.fail("discarded");

Deno.test("race: attempts start by the delay or by a failure, each once", async () => {
  const timers = new ManualTimers(), attempts = new Attempts();
  const outcome = race(attempts.of(4), 250, discardNothing, timers);
  assert.equal(attempts.started.length, 1);
  assert.deepEqual([...timers.set.values()].map(({ milliseconds }) => milliseconds), [250]);
  timers.fire();
  assert.equal(attempts.started.length, 2);
  // The first fails late. The second is running already, so no new attempt starts.
  attempts.started[0].reject("first");
  await staysPending(outcome);
  assert.equal(attempts.started.length, 2);
  // The second fails. The third starts without the delay, and the timer belongs to the third.
  attempts.started[1].reject("second");
  await staysPending(outcome);
  assert.equal(attempts.started.length, 3);
  assert.equal(timers.set.size, 1);
  timers.fire();
  assert.equal(attempts.started.length, 4);
  assert.equal(timers.set.size, 0);
  attempts.started[2].resolve("third");
  await staysPending(outcome);
  assert.ok(attempts.started[3].signal.aborted);
  attempts.started[3].reject("aborted");
  assert.deepEqual(await settled(outcome), { value: "third" });
});

Deno.test("race: without a delay one attempt follows the other; all failures come in order", async () => {
  const timers = new ManualTimers(), attempts = new Attempts();
  const outcome = race(attempts.of(2), null, discardNothing, timers);
  assert.equal(timers.set.size, 0);
  attempts.started[0].reject("first");
  await staysPending(outcome);
  attempts.started[1].reject("second");
  assert.deepEqual(await settled(outcome), { failures: ["first", "second"] });
  assert.deepEqual(await race([], null, discardNothing, timers), { failures: [] });
});

Deno.test("race: where the last attempt fails first, the silent ones before it are waited for", async () => {
  const timers = new ManualTimers(), attempts = new Attempts();
  const outcome = race(attempts.of(2), 250, discardNothing, timers);
  timers.fire();
  attempts.started[1].reject("second");
  await staysPending(outcome);
  attempts.started[0].resolve("first");
  assert.deepEqual(await settled(outcome), { value: "first" });
});

Deno.test("race: what a loser brings all the same is discarded, and no timer stays", async () => {
  const timers = new ManualTimers(), attempts = new Attempts();
  const discarded: string[] = [];
  const outcome = race(attempts.of(3), 250, (late) => discarded.push(late), timers);
  timers.fire();
  attempts.started[1].resolve("winner");
  attempts.started[0].resolve("loser");
  assert.deepEqual(await settled(outcome), { value: "winner" });
  assert.deepEqual(discarded, ["loser"]);
  assert.equal(timers.set.size, 0);
  assert.equal(attempts.started.length, 2);
});

pythonTest("interleave gives the order of asyncio", async () => {
  const cases = [[6, 6, 6, 4, 4], [4, 6, 6, 6], [6], [], [4, 4, 4], [6, 4, 6, 4, 4, 4], [1, 2, 3, 1, 2, 3, 3]];
  const inputs = cases.map((families) => families.map((family, place): [number, string] => [family, `${place}`]));
  const expected = await askPython(
    `import json, sys; from asyncio.base_events import _interleave_addrinfos as f
print(json.dumps([[f([tuple(a) for a in c], n) if c else [] for n in (1, 2, 3, 9)] for c in json.loads(sys.argv[1])]))`,
    JSON.stringify(inputs),
  );
  assert.deepEqual(inputs.map((input) => [1, 2, 3, 9].map((count) => interleave(input, count))), expected);
});
