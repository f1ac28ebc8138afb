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
  /** A module whose sockets it can reach, and whose listeners ignore connects while their queue is full. */
  silent: Module;
}

/** Makes a side with a simulated host on the real clock. */
function simulatedSide(): Side {
  const network = new Network({ seed: 1, link: {}, trace: false, realNow: realClock() });
  new RealPacer(network.timeline);
  const host = new HostBackend(network.addHost("sim").kernel);
  // `withEndpoints` spreads a backend, so it must be a plain object.
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

/** Returns a backend whose look-up returns these addresses. */
function withEndpoints(backend: Backend, ...endpoints: [family: number, address: Address][]): Backend {
  return { ...backend, endpoints: () => Promise.resolve(endpoints) };
}

/** Opens a port that neither accepts nor refuses connections: its queue is full, so the kernel ignores each SYN. */
async function silentPort({ silent }: Side): Promise<{ address: Address } & Disposable> {
  const server = silent.socket();
  server.bind(["127.0.0.1", 0]);
  server.listen(0);
  const address = server.getsockname();
  // Over loopback, the kernel queues or ignores each of these connects before the call returns.
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
  /** Connects as the module's create_connection, over a given backend. */
  const createConnection = (
    backend: Backend,
    ...args: [Address, number | undefined, null, create.ConnectionOptions]
  ): Promise<Socket> => create.createConnection(runtime, backend, ...args);
  const test = (title: string, fn: () => Promise<void>) => {
    Deno.test({ name: `${name}: create_connection: ${title}`, ignore: Deno.build.os !== "linux", fn });
  };

  test("the second address is reached if the first does not answer", async () => {
    using silent = await silentPort(side);
    using server = m.create_server(["127.0.0.1", 0]);
    const both = withEndpoints(backend, [m.AF_INET, silent.address], [m.AF_INET, server.getsockname()]);
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

  test("the timeout bounds the whole call, and becomes the timeout of the socket", async () => {
    using silent = await silentPort(side);
    const twice = withEndpoints(backend, [m.AF_INET, silent.address], [m.AF_INET, silent.address]);
    // How long it takes is tested in virtual time, in sim_waits_test.ts.
    for (const options of [{}, { happy_eyeballs_delay: 0.01 }]) {
      const error = await settled(failure(() => createConnection(twice, ["a-name", 80], 0.05, null, options)));
      assert.ok(error instanceof m.TimeoutError);
    }
    using server = m.create_server(["127.0.0.1", 0]);
    const second = withEndpoints(backend, [m.AF_INET, silent.address], [m.AF_INET, server.getsockname()]);
    using sock = await createConnection(second, ["a-name", 80], 30, null, { happy_eyeballs_delay: 0 });
    assert.equal(sock.gettimeout(), 30);
  });

  test("a refused address starts the next attempt at once, and the errors are reported in order", async () => {
    const closed = [m.create_server(["127.0.0.1", 0]), m.create_server(["127.0.0.1", 0])];
    const addresses = closed.map((server) => server.getsockname());
    for (const server of closed) server.close();
    using server = m.create_server(["127.0.0.1", 0]);
    const third = withEndpoints(
      backend,
      ...addresses.map((address): [number, Address] => [m.AF_INET, address]),
      [m.AF_INET, server.getsockname()],
    );
    const patient = { happy_eyeballs_delay: 3600 };
    using sock = await settled(createConnection(third, ["a-name", 80], undefined, null, patient));
    assert.deepEqual(sock.getpeername(), server.getsockname());

    const none = withEndpoints(backend, ...addresses.map((address): [number, Address] => [m.AF_INET, address]));
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
    const twice = withEndpoints(backend, [m.AF_INET, silent.address], [m.AF_INET, silent.address]);
    const controller = new AbortController();
    const { signal } = controller;
    const options = { happy_eyeballs_delay: 0, signal };
    const error = failure(() => createConnection(twice, ["a-name", 80], undefined, null, options));
    await staysPending(error);
    controller.abort("enough");
    assert.equal(await settled(error), "enough");
  });

  test("a missing permission for one address is reported only if no other address answers", async () => {
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
    const first = withEndpoints({ ...backend, open }, [m.AF_INET, denied], [m.AF_INET, server.getsockname()]);
    (await createConnection(first, ["a-name", 80], undefined, null, {})).close();
    const only = withEndpoints({ ...backend, open }, [m.AF_INET, denied]);
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

Deno.test("race: each attempt starts once, after the delay or after a failure", async () => {
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

Deno.test("race: without a delay attempts run one after another, and all failures are reported in order", async () => {
  const timers = new ManualTimers(), attempts = new Attempts();
  const outcome = race(attempts.of(2), null, discardNothing, timers);
  assert.equal(timers.set.size, 0);
  attempts.started[0].reject("first");
  await staysPending(outcome);
  attempts.started[1].reject("second");
  assert.deepEqual(await settled(outcome), { failures: ["first", "second"] });
  assert.deepEqual(await race([], null, discardNothing, timers), { failures: [] });
});

Deno.test("race: if the last attempt fails first, the race waits for the attempts before it", async () => {
  const timers = new ManualTimers(), attempts = new Attempts();
  const outcome = race(attempts.of(2), 250, discardNothing, timers);
  timers.fire();
  attempts.started[1].reject("second");
  await staysPending(outcome);
  attempts.started[0].resolve("first");
  assert.deepEqual(await settled(outcome), { value: "first" });
});

Deno.test("race: the result of an attempt that lost is discarded, and no timer is left", async () => {
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

pythonTest("interleave orders addresses as asyncio does", async () => {
  const cases = [[6, 6, 6, 4, 4], [4, 6, 6, 6], [6], [], [4, 4, 4], [6, 4, 6, 4, 4, 4], [1, 2, 3, 1, 2, 3, 3]];
  const inputs = cases.map((families) => families.map((family, place): [number, string] => [family, `${place}`]));
  const expected = await askPython(
    `import json, sys; from asyncio.base_events import _interleave_addrinfos as f
print(json.dumps([[f([tuple(a) for a in c], n) if c else [] for n in (1, 2, 3, 9)] for c in json.loads(sys.argv[1])]))`,
    JSON.stringify(inputs),
  );
  assert.deepEqual(inputs.map((input) => [1, 2, 3, 9].map((count) => interleave(input, count))), expected);
});
