// simulate, explore and World: virtual time, seeds, the end of a run, failures, crashes, clocks.

import assert from "node:assert/strict";
import { explore, failedRun, simulate, World } from "../sim.ts";
import type { Host, Net, ProgramContext } from "../sim.ts";
import { failure } from "./sim/helpers.ts";

const decoder = new TextDecoder();

/** Serves echo on port 7. */
async function echo({ socket }: ProgramContext): Promise<void> {
  for await (const [conn] of socket.create_server(["", 7])) {
    (async () => {
      for await (const data of conn) await conn.sendall(data);
      conn.close();
    })().catch(() => conn.close());
  }
}

/** Makes one request to the echo server. */
async function ask({ socket }: ProgramContext, text = "ping"): Promise<string> {
  using sock = await socket.create_connection(["server", 7]);
  await sock.sendall(text);
  return decoder.decode(await sock.recv(100));
}

Deno.test("simulate runs an hour of virtual time at once, and the run ends with the last program", async () => {
  const run = await simulate({}, async (net) => {
    assert.equal(net.time, 0);
    await net.sleep(3600.25);
    assert.equal(net.time, 3600.25);
    net.host("a").run(async ({ sleep }) => await sleep(7));
    return "done";
  });
  assert.equal(run.time, 3607.25);
  assert.equal(run.value, "done");
  assert.equal(run.seed, 1);
});

Deno.test("latency is one way, and times are exact", async () => {
  const run = await simulate({ link: { latency: 0.1 } }, async (net) => {
    net.host("server").serve(echo);
    await net.host("client").run(async (context) => {
      await context.sleep(0.2);
      await ask(context);
      // SYN, SYN-ACK and ACK, the request, the answer.
      assert.equal(net.time, 0.6);
    });
  });
  assert.equal(run.time, 0.6);
  assert.deepEqual(run.packets.slice(0, 3).map(({ flags, time, arrival }) => [flags, time, arrival]), [
    ["SYN", 0.2, 0.3],
    ["SYN,ACK", 0.3, 0.4],
    ["ACK", 0.4, 0.5],
  ]);
});

Deno.test("timeouts of sockets and of select are virtual and exact", async () => {
  await simulate({}, async (net) => {
    await net.host("a").run(async ({ socket, sleep }) => {
      const [one] = await socket.socketpair();
      await sleep(0.001);
      one.settimeout(2);
      await assert.rejects(one.recv(1), { name: "TimeoutError" });
      assert.equal(net.time, 2.001);
      assert.deepEqual(await socket.select([one], [], [], 3600), [[], [], []]);
      assert.equal(net.time, 3602.001);
      const poller = socket.poll();
      poller.register(one, socket.POLLIN);
      assert.deepEqual(await poller.poll(500), []);
      assert.equal(net.time, 3602.501);
    });
  });
});

Deno.test("the same seed gives the same fingerprint, and another seed gives another", async () => {
  const once = (seed: number) =>
    simulate({ seed, link: { latency: 0.02, jitter: 0.01, loss: 0.1 } }, async (net) => {
      net.host("server").serve(echo);
      const clients = ["a", "b", "c"].map((name) => net.host(name).run((context) => ask(context, name.repeat(5000))));
      await Promise.all(clients);
    });
  const [first, second, other] = [await once(5), await once(5), await once(6)];
  assert.equal(first.fingerprint, second.fingerprint);
  assert.equal(first.time, second.time);
  assert.notEqual(first.fingerprint, other.fingerprint);
  assert.match(first.fingerprint, /^[0-9a-f]{16}$/);
});

Deno.test("a changed byte, time or fate of any packet changes the fingerprint", async () => {
  const run = await simulate({ link: { latency: 0.01 } }, async (net) => {
    net.host("server").serve(echo);
    await net.host("client").run(ask);
  });
  const before = run.fingerprint;
  const packet = run.packets.find(({ length }) => length > 0)!;
  packet.data[3] ^= 1;
  assert.notEqual(run.fingerprint, before);
  packet.data[3] ^= 1;
  assert.equal(run.fingerprint, before);
  for (const [name, value] of [["fate", "lost"], ["arrival", 0.5], ["rawSeq", 1], ["to", "x"], ["window", 1]]) {
    const kept = packet[name as "fate"];
    Object.assign(packet, { [name]: value });
    assert.notEqual(run.fingerprint, before, `${name}`);
    Object.assign(packet, { [name]: kept });
  }
});

Deno.test("two runs at once do not disturb each other", async () => {
  const once = () =>
    simulate({ seed: 3, link: { latency: 0.02, loss: 0.1 } }, async (net) => {
      net.host("server").serve(echo);
      const client = net.host("client");
      for (let n = 0; n < 5; n++) assert.equal(await client.run((context) => ask(context, `${n}`)), `${n}`);
    });
  const alone = await once();
  const together = await Promise.all([once(), once(), once()]);
  for (const run of together) assert.equal(run.fingerprint, alone.fingerprint);
});

Deno.test("the seed decides the order of simultaneous events, but packets of one link keep theirs", async () => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 40; seed++) {
    await simulate({ seed, link: { latency: 0.01 } }, async (net) => {
      const arrivals = net.host("receiver").run(async ({ socket }) => {
        const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
        sock.bind(["", 9]);
        const received = [];
        for (let n = 0; n < 6; n++) received.push(decoder.decode(await sock.recv(10)));
        return received;
      });
      for (const name of ["a", "b"]) {
        net.host(name).run(async ({ socket }) => {
          const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
          for (let n = 0; n < 3; n++) await sock.sendto(`${name}${n}`, ["receiver", 9]);
        });
      }
      const received = await arrivals;
      for (const name of ["a", "b"]) {
        assert.deepEqual(received.filter((text) => text.startsWith(name)), [`${name}0`, `${name}1`, `${name}2`]);
      }
      orders.add(received.join());
    });
  }
  // Two sequences of three events can be interleaved in twenty ways.
  assert.ok(orders.size >= 10, `${orders.size} orders`);
});

Deno.test("the seed decides the order of timers with the same deadline", async () => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 60; seed++) {
    const order: number[] = [];
    await simulate({ seed }, async (net) => {
      await Promise.all([1, 2, 3].map((n) => net.sleep(1).then(() => order.push(n))));
    });
    orders.add(order.join());
  }
  assert.equal(orders.size, 6);
});

Deno.test("a failure in any program ends the run, and its message has the seed and the time", async () => {
  class OwnError extends Error {}
  const failures: [string, (net: Net) => unknown][] = [
    ["main", async (net) => {
      await net.sleep(1.5);
      throw new OwnError("broken");
    }],
    ["host.run", async (net) => {
      net.host("a").run(async ({ sleep }) => {
        await sleep(1.5);
        throw new OwnError("broken");
      });
      await net.sleep(100);
    }],
    ["host.serve", async (net) => {
      net.host("a").serve(async ({ sleep }) => {
        await sleep(1.5);
        throw new OwnError("broken");
      });
      await net.sleep(100);
    }],
  ];
  for (const [what, main] of failures) {
    const error = await failure(() => simulate({ seed: 42 }, main));
    assert.ok(error instanceof OwnError, what);
    assert.equal(error.message, "broken [seed 42, 1.5 s]");
    assert.match(error.stack!, /broken \[seed 42, 1\.5 s\]/);
    assert.equal(failedRun(error)!.time, 1.5);
    assert.equal(failedRun(error)!.seed, 42);
  }
  const thrown = await failure(() => simulate({ seed: 9 }, () => Promise.reject("a text")));
  assert.equal(thrown.message, "a text [seed 9, 0 s]");
  assert.equal(thrown.cause, "a text");
  assert.equal(failedRun(new Error()), undefined);
  const frozen = Object.freeze(new Error("cold"));
  assert.equal((await failure(() => simulate({}, () => Promise.reject(frozen)))).message, "cold [seed 1, 0 s]");
});

Deno.test("host.run returns the result of its program, and a failure that is not awaited is no unhandled rejection", async () => {
  await simulate({}, async (net) => {
    assert.equal(await net.host("a").run(() => 42), 42);
    assert.equal(await net.host("a").run(async ({ sleep }) => (await sleep(1), "late")), "late");
  });
  await assert.rejects(simulate({}, (net) => void net.host("a").run(() => Promise.reject(new Error("no")))), /no \[/);
});

Deno.test("a run that fails leaves the promises of its other programs pending", async () => {
  let settled = "pending";
  const unhandled: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", note);
  try {
    await assert.rejects(
      simulate({}, async (net) => {
        const other = net.host("b").run(({ sleep }) => sleep(2)).finally(() => settled = "settled");
        await net.host("a").run(async ({ sleep }) => {
          await sleep(1);
          throw new Error("the real failure");
        });
        await other;
      }),
      /the real failure/,
    );
    const atLimit = simulate({ limit: 10 }, async (net) => {
      const other = net.host("b").run(({ sleep }) => sleep(20)).finally(() => settled = "settled");
      await net.sleep(30);
      await other;
    });
    await assert.rejects(atLimit, /not done after 10 s/);
    // An unhandled rejection is reported when the event loop turns.
    await new Promise((resolve) => setTimeout(resolve, 0));
  } finally {
    removeEventListener("unhandledrejection", note);
  }
  assert.deepEqual([settled, unhandled], ["pending", []]);
});

Deno.test("a run does not wait for the programs of host.serve, and stops them", async () => {
  let turns = 0;
  const run = await simulate({}, async (net) => {
    net.host("a").serve(async ({ sleep }) => {
      for (;;) {
        await sleep(1);
        turns++;
      }
    });
    await net.sleep(3.5);
  });
  assert.equal(run.time, 3.5);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(turns, 3);
});

Deno.test("a run fails at its limit", async () => {
  const error = await failure(() =>
    simulate({ limit: 10.5 }, async (net) => {
      net.host("a").run(async function forever({ sleep }) {
        for (;;) await sleep(1);
      });
      await net.sleep(1);
    })
  );
  assert.match(error.message, /^not done after 10\.5 s, the limit\n {2}a:\n {4}host\.run\(forever\) has not ended/);
  assert.match(error.message, /\[seed 1, 10\.5 s\]$/);
  assert.equal(failedRun(error)!.time, 10.5);
});

Deno.test("a deadlock is an error that lists what each socket waits for", async () => {
  const error = await failure(() =>
    simulate({ link: { latency: 0.01 } }, async (net) => {
      net.host("server").serve(async function accepting({ socket }) {
        const [conn] = await socket.create_server(["", 7]).accept();
        await conn.recv(1);
      });
      net.host("client").run(async function asking({ socket }) {
        const sock = await socket.create_connection(["server", 7]);
        await sock.recv(1);
      });
      const [one] = await net.host("client").socket.socketpair();
      await one.recv(1);
    })
  );
  const { message } = error as Error;
  assert.match(message, /^deadlock: every program waits, and nothing can happen any more/);
  assert.match(message, / {2}main has not ended/);
  assert.match(
    message,
    / {2}server:\n {4}host\.serve\(accepting\) has not ended\n {4}tcp ESTAB waits for data: 10\.0\.0\.1:7 → 10/,
  );
  assert.match(message, / {2}client:\n {4}host\.run\(asking\) has not ended/);
  assert.match(message, /tcp ESTAB waits for data: 10\.0\.0\.2:\d+ → 10\.0\.0\.1:7/);
  assert.match(message, /unix ESTAB waits for data/);
  assert.match(message, /net\.outside/);
  assert.match(message, /\[seed 1, 0\.1 s\]$|\[seed 1, 0\.0\d+ s\]$/);
});

Deno.test("two ends that only send are a deadlock, although their probes continue", async () => {
  const error = await failure(() =>
    simulate({ link: { latency: 0.01 } }, async (net) => {
      net.host("server").run(async ({ socket }) => {
        const [conn] = await socket.create_server(["", 7]).accept();
        await conn.sendall(new Uint8Array(20 * 2 ** 20));
      });
      net.host("client").run(async ({ socket }) => {
        const sock = await socket.create_connection(["server", 7]);
        await sock.sendall(new Uint8Array(20 * 2 ** 20));
      });
      await net.sleep(0);
    })
  );
  assert.match(error.message, /^deadlock/);
  assert.match(error.message, /waits for room to send/);
});

Deno.test("explore runs many seeds and rejects with the first that fails", async () => {
  const seeds: number[] = [];
  const main = (net: Net) => {
    seeds.push(net.seed);
    if (net.seed >= 14) throw new Error("late seeds fail");
  };
  assert.deepEqual(await explore({ seeds: 5 }, () => {}), { runs: 5, time: 0, events: 0 });
  const error = await failure(() => explore({ seeds: 100, seed: 10 }, main));
  assert.equal(error.message, "late seeds fail [seed 14, 0 s]");
  assert.deepEqual(seeds, [10, 11, 12, 13, 14]);
  await assert.rejects(explore({ seeds: [3, 99, 5] }, main), /\[seed 99, /);
  for (const [wrong, type] of [[0, RangeError], [1.5, TypeError], [undefined, TypeError], ["5", TypeError]] as const) {
    await assert.rejects(explore({ seeds: wrong as any }, main), type);
  }
});

Deno.test("explore finds a race that one order of events hides", async () => {
  // Two writers each read a value, wait and write it back. The result is right only if they do not overlap.
  const race = async (net: Net) => {
    let balance = 0;
    const add = async () => {
      const before = balance;
      await net.sleep(net.random() < 0.2 ? 0.002 : 0.001);
      balance = before + 1;
    };
    await Promise.all([add(), net.sleep(0.001).then(add)]);
    assert.equal(balance, 2);
  };
  const error = await failure(() => explore({ seeds: 1000 }, race));
  const seed = failedRun(error)!.seed;
  await assert.rejects(simulate({ seed }, race), new RegExp(`seed ${seed}`));
});

Deno.test("a crash sends nothing, pending calls never settle, and a restart runs the programs of serve again", async () => {
  let settled = false;
  let starts = 0;
  const run = await simulate({ link: { latency: 0.01 }, limit: 1000 }, async (net) => {
    const server = net.host("server");
    server.serve(async (context) => {
      starts++;
      await echo(context);
    });
    const local = server.run(async ({ socket, sleep }) => {
      sleep(500).then(() => settled = true);
      const [one] = await socket.socketpair();
      await one.recv(1).finally(() => settled = true);
    });
    const client = net.host("client").socket;
    const sock = await client.create_connection(["server", 7]);
    await sock.sendall("x");
    await sock.recv(1);
    server.crash();
    assert.equal(server.isUp, false);
    await assert.rejects(local, /host 'server' crashed/);
    assert.throws(() => server.run(() => {}), /has crashed/);
    sock.settimeout(5);
    await assert.rejects(sock.recv(1), { name: "TimeoutError" }, "nothing comes");
    await assert.rejects(client.create_connection(["server", 7], 2), { name: "TimeoutError" });
    server.crash();
    server.restart();
    assert.equal(starts, 1);
    await net.sleep(1);
    assert.equal(starts, 2);
    // The restarted host has no such connection.
    await sock.sendall("are you there?");
    await assert.rejects(sock.recv(1), { code: "ECONNRESET" });
    using late = await client.create_connection(["server", 7], 2);
    await late.sendall("hello");
    assert.equal(decoder.decode(await late.recv(10)), "hello");
  });
  assert.equal(settled, false);
  assert.ok(run.counts.dropped > 0);
});

Deno.test("a program does not start if its host crashes first", async () => {
  let served = 0;
  await simulate({}, async (net) => {
    const host = net.host("a");
    host.serve(() => served++);
    host.restart();
    const program = host.run(() => assert.fail("it has started"));
    host.crash();
    await assert.rejects(program, /host 'a' crashed/);
    host.restart();
    await net.sleep(1);
  });
  assert.equal(served, 1);
});

Deno.test("calls that a crashed host's program makes afterwards never settle", async () => {
  let settled = 0;
  await simulate({ limit: 100 }, async (net) => {
    const host = net.host("a");
    const { socket } = host;
    const [one, two] = await socket.socketpair();
    const server = socket.create_server(["", 7]);
    host.crash();
    for (const call of [() => one.recv(1), () => two.sendall("x"), () => server.accept()]) {
      call().finally(() => settled++);
    }
    assert.throws(() => socket.socket(), { code: "ENETDOWN" });
    await net.sleep(50);
  });
  assert.equal(settled, 0);
});

Deno.test("skew moves a host's wall clock, and nothing else", async () => {
  await simulate({ epoch: 1000 }, async (net) => {
    const [a, b] = [net.host("a"), net.host("b")];
    a.skew(-2.5);
    const times = await Promise.all([a, b].map((host: Host) =>
      host.run(async ({ time, sleep }) => {
        await sleep(10);
        return time();
      })
    ));
    assert.deepEqual(times, [1007.5, 1010]);
    assert.equal(net.time, 10);
  });
});

Deno.test("virtual time stands still during net.outside, and the error of a deadlock names net.outside", async () => {
  await simulate({}, async (net) => {
    let ticks = 0;
    net.host("a").serve(async ({ sleep }) => {
      for (;;) {
        await sleep(1);
        ticks++;
      }
    });
    await net.sleep(0.5);
    const loaded = await net.outside(import("./sim/portable.ts"));
    assert.equal(typeof loaded.portable, "function");
    assert.equal(await net.outside(new Promise((resolve) => setTimeout(() => resolve("late"), 20))), "late");
    assert.equal(net.time, 0.5);
    assert.equal(ticks, 0);
    await assert.rejects(net.outside(Promise.reject(new Error("no such file"))), /no such file/);
    await net.host("b").run(async ({ outside }) => assert.equal(await outside(Promise.resolve(5)), 5));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  const error = await failure(() => simulate({}, () => promise));
  assert.match(error.message, /wraps it in net\.outside/);
  resolve();
});

Deno.test("globals: setTimeout, Date, performance and Math.random are virtual only during the run", async () => {
  const real = [setTimeout, clearTimeout, setInterval, Date, performance.now, Math.random, AbortSignal.timeout];
  const once = (seed: number) =>
    simulate({ seed, globals: true, epoch: 1e6 }, async (net) => {
      const start = Date.now();
      assert.equal(start, 1e9);
      assert.equal(new Date().toISOString(), "1970-01-12T13:46:40.000Z");
      assert.ok(new Date(5) instanceof Date);
      await new Promise((resolve) => setTimeout(resolve, 90_000));
      assert.equal(net.time, 90);
      assert.equal(Date.now() - start, 90_000);
      assert.equal(performance.now(), 90_000);
      let ticks = 0;
      const interval = setInterval(() => ticks++, 1000);
      const never = setTimeout(() => assert.fail("cleared"), 1000);
      clearTimeout(never);
      await net.sleep(5.5);
      clearInterval(interval);
      await net.sleep(5);
      assert.equal(ticks, 5);
      const signal = AbortSignal.timeout(2000);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      assert.equal(signal.reason.name, "TimeoutError");
      assert.equal(net.time, 102.5);
      net.host("a").skew(3600);
      await net.host("a").run(async ({ sleep }) => {
        await sleep(1);
        assert.equal(Date.now(), 1e9 + 103_500 + 3_600_000);
      });
      return [Math.random(), Math.random()];
    });
  const [one, two, three] = [await once(1), await once(1), await once(2)];
  assert.deepEqual(one.value, two.value);
  assert.notDeepEqual(one.value, three.value);
  assert.deepEqual(
    [setTimeout, clearTimeout, setInterval, Date, performance.now, Math.random, AbortSignal.timeout],
    real,
  );
  await assert.rejects(
    simulate({ globals: true }, async (net) => {
      await net.outside(simulate({ globals: true }, () => {}));
    }),
    /another simulation/,
  );
  assert.equal(Date, real[3]);
});

Deno.test("globals: Date has the skew of the host whose program starts, and no skew in main after net.sleep", async () => {
  await simulate({ globals: true, epoch: 0 }, async (net) => {
    const ahead = net.host("ahead");
    ahead.skew(1000);
    await ahead.run(({ time }) => assert.deepEqual([Date.now(), time()], [1_000_000, 1000]));
    await net.sleep(1);
    assert.equal(Date.now(), 1000);
    await net.host("exact").run(() => assert.equal(Date.now(), 1000));
  });
});

Deno.test("globals: Date has the skew of the program's host after every kind of wait", async () => {
  await simulate({ globals: true, epoch: 0, link: { latency: 1 } }, async (net) => {
    const ready = Promise.withResolvers<void>();
    const hosts = ["a", "b"].map((name) => net.host(name));
    const [a, b] = hosts;
    a.skew(1000);
    b.skew(2000);
    const check = (time: () => number) => assert.equal(Date.now(), time() * 1000);
    const serving = a.run(async ({ socket, time, sleep }) => {
      const [conn] = await socket.create_server(["", 7]).accept();
      check(time);
      // The other program continues in the turn of this one.
      ready.resolve();
      check(time);
      assert.equal((await conn.recv(10)).length, 5);
      check(time);
      await sleep(1);
      check(time);
      conn.close();
    });
    await b.run(async ({ socket, time, outside }) => {
      const sock = await socket.create_connection(["a", 7]);
      check(time);
      await ready.promise;
      check(time);
      await sock.sendall("hello");
      await outside(Promise.resolve());
      check(time);
      await new Promise<void>((resolve) => setTimeout(() => (check(time), resolve()), 50));
      check(time);
      assert.equal((await sock.recv(10)).length, 0);
      check(time);
      b.skew(-500);
      check(time);
    });
    await serving;
    assert.equal(Date.now(), net.time * 1000);
  });
});

Deno.test("globals: a crash ends the timers of the host's programs, and no others", async () => {
  const ticks: string[] = [];
  const ready = Promise.withResolvers<void>();
  const run = await simulate({ globals: true, limit: 100 }, async (net) => {
    const ticking = (name: string) => async () => {
      // All programs continue in one turn.
      await ready.promise;
      setTimeout(() => setInterval(() => ticks.push(name), 1000), 0);
      setTimeout(() => ticks.push(`${name} late`), 10_000_000);
    };
    for (const name of ["crashes", "stays"]) net.host(name).serve(ticking(name));
    ready.resolve();
    await net.sleep(2.5);
    const signal = await net.host("crashes").run(() => AbortSignal.timeout(500));
    const later = new Promise((resolve) => setTimeout(resolve, 2000));
    net.host("crashes").crash();
    await later;
    assert.equal(signal.aborted, false);
    net.host("crashes").restart();
    await net.sleep(1.7);
  });
  assert.deepEqual(ticks.sort(), [
    "crashes",
    "crashes",
    "crashes",
    "stays",
    "stays",
    "stays",
    "stays",
    "stays",
    "stays",
  ]);
  assert.equal(run.time, 6.2);
});

Deno.test("globals: a timer that was refreshed after it had fired ends with its host, and can be cleared by its number", async () => {
  let fired = 0;
  await simulate({ globals: true }, async (net) => {
    const host = net.host("a");
    /** A timer that has fired once and is set again. */
    const refreshed = async () => {
      const timer = setTimeout(() => fired++, 1000) as unknown as { refresh(): void };
      await new Promise((resolve) => setTimeout(resolve, 1500));
      timer.refresh();
      return timer;
    };
    clearTimeout(Number(await refreshed()));
    await host.run(refreshed);
    host.crash();
    await net.sleep(5);
  });
  assert.equal(fired, 2);
});

Deno.test("globals: a callback that throws fails the run as a program does", async () => {
  const error = await failure(() =>
    simulate({ globals: true, seed: 7 }, async (net) => {
      setTimeout(() => {
        throw new Error("boom");
      }, 1500);
      await net.sleep(10);
    })
  );
  assert.equal(error.message, "boom [seed 7, 1.5 s]");
  assert.equal(failedRun(error)?.time, 1.5);
});

Deno.test("globals: a delay that is too long is 1 ms, and timers have refresh and close", async () => {
  await simulate({ globals: true }, async (net) => {
    for (const delay of [Infinity, 2 ** 31]) {
      const start = Date.now();
      await new Promise<void>((resolve) => setTimeout(resolve, delay));
      assert.equal(Date.now() - start, 1);
    }
    const times: number[] = [];
    const start = Date.now();
    type Timer = { refresh(): Timer; close(): Timer };
    const set = (delay: number) => setTimeout(() => times.push(Date.now() - start), delay) as unknown as Timer;
    const [late, again, closed] = [set(100), set(10), set(50)];
    await net.sleep(0.03);
    late.refresh();
    again.refresh();
    closed.close().refresh();
    await net.sleep(1);
    assert.deepEqual(times, [10, 40, 130]);
  });
});

Deno.test("a partition drops packets that are under way or sent later, in both directions or one", async () => {
  const run = await simulate({ link: { latency: 1 } }, async (net) => {
    const [a, b] = ["a", "b"].map((name) => net.host(name));
    const received: Record<string, string[]> = { a: [], b: [] };
    for (const host of [a, b]) {
      host.serve(async ({ socket }) => {
        const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
        sock.bind(["", 9]);
        for await (const [data] of sock) received[host.name].push(decoder.decode(data));
      });
    }
    const sock = { a: a.socket.socket(2, 2), b: b.socket.socket(2, 2) };
    await sock.a.sendto("under way", ["b", 9]);
    await net.sleep(0.5);
    net.partition("a", "b");
    await sock.a.sendto("cut", ["b", 9]);
    await net.sleep(0.2);
    net.heal(a, b);
    await sock.a.sendto("healed", ["b", 9]);
    await net.sleep(2);
    assert.deepEqual(received, { a: [], b: ["healed"] });
    net.partition("a", ["b"], { oneWay: true });
    await sock.a.sendto("one way", ["b", 9]);
    await sock.b.sendto("other way", ["a", 9]);
    await net.sleep(2);
    assert.deepEqual(received, { a: ["other way"], b: ["healed"] });
  });
  assert.deepEqual(run.packets.map(({ fate }) => fate), [
    "partitioned",
    "partitioned",
    "delivered",
    "partitioned",
    "delivered",
  ]);
  assert.equal(run.counts.partitioned, 3);
});

Deno.test("wrong arguments are refused at once", async () => {
  const cases: [unknown, (net: Net) => unknown][] = [
    [TypeError, (net) => net.host(5 as any)],
    [RangeError, (net) => net.host("")],
    [RangeError, (net) => net.host("a b")],
    [RangeError, (net) => net.host("localhost")],
    [RangeError, (net) => net.host("10.0.0.1")],
    [RangeError, (net) => net.host("x", { addresses: ["nonsense"] })],
    [RangeError, (net) => net.host("x", { addresses: ["127.0.0.1"] })],
    [RangeError, (net) => net.host("x", { addresses: ["224.0.0.1"] })],
    [TypeError, (net) => net.host("x", { address: [] } as any)],
    [TypeError, (net) => net.host("x", { addresses: "10.0.0.5" as any })],
    [RangeError, (net) => net.host("x", { addresses: [] })],
    [RangeError, (net) => net.host("x", { addresses: ["fd00::5", "fd00:0::5"] })],
    [Error, (net) => net.host("a", { addresses: ["1.2.3.4"] })],
    [Error, (net) => net.host("x", { addresses: ["10.0.0.1"] })],
    [RangeError, (net) => net.link("a", "nobody", {})],
    [TypeError, (net) => net.link("a", "b", { delay: 1 } as any)],
    [RangeError, (net) => net.link("a", "b", { loss: 1.1 })],
    [RangeError, (net) => net.link("a", "b", { latency: -1 })],
    [RangeError, (net) => net.link("a", "b", { latency: NaN })],
    [RangeError, (net) => net.link("a", "b", { bandwidth: 0 })],
    [RangeError, (net) => net.link("a", "b", { mtu: 100 })],
    [TypeError, (net) => net.link("a", "b", { mtu: 1400.5 })],
    [TypeError, (net) => net.link("a", "b", { loss: "1" as any })],
    [TypeError, (net) => net.partition("a", "b", { oneway: true } as any)],
    [TypeError, (net) => net.heal("a", "b", { oneWay: 1 as any })],
    [RangeError, (net) => net.partition("a", ["A"])],
    [TypeError, (net) => net.partition("a", [5 as any])],
    [TypeError, (net) => net.partition("a", undefined as any)],
    [RangeError, (net) => net.link("a", "a", {})],
    [TypeError, (net) => net.link([], "a", { delay: 1 } as any)],
    [RangeError, (net) => net.sleep(-1)],
    [TypeError, (net) => net.sleep("1" as any)],
    [RangeError, (net) => net.sleep(Infinity)],
    [TypeError, (net) => net.host("a").run(5 as any)],
    [TypeError, (net) => net.host("a").skew("1" as any)],
    [RangeError, (net) => net.host("a").skew(NaN)],
    [RangeError, (net) => net.ladder("a", "nobody")],
  ];
  await simulate({}, async (net) => {
    net.host("a");
    net.host("b");
    for (const [type, call] of cases) {
      const error = await failure(async () => await call(net));
      assert.ok(error instanceof (type as typeof Error), String(call));
      assert.doesNotMatch(error.message, /reading|is not a function|iterable/, String(call));
    }
    assert.equal(net.hosts.length, 2);
    assert.equal(net.host("A"), net.host("a"), "names are the same in any case");
  });
  const options = [{ seeds: 1 }, { seed: "1" }, { seed: NaN }, { limit: 0 }, { limit: "1" }, { link: { x: 1 } }, {
    epoch: NaN,
  }, null];
  for (const wrong of options) {
    const error = await failure(() => simulate(wrong as any, () => {}));
    assert.ok(error instanceof TypeError || error instanceof RangeError, JSON.stringify(wrong));
  }
  await assert.rejects(simulate({}, undefined as any), TypeError);
  await assert.rejects(explore({ seeds: [] }, undefined as any), TypeError);
  await assert.rejects(explore({ seeds: [] }, () => {}), RangeError);
  assert.throws(() => new World({ onError: 5 as any }), TypeError);
});

Deno.test("a run without a trace counts packets, and its fingerprint and drawings throw", async () => {
  const run = await simulate({ trace: false }, async (net) => {
    net.host("server").serve(echo);
    await net.host("client").run(ask);
  });
  assert.equal(run.packets.length, 0);
  assert.ok(run.counts.sent > 5);
  assert.throws(() => run.fingerprint, /trace was false/);
  assert.throws(() => run.ladder("client", "server"), /trace was false/);
});

Deno.test("World uses the real clock, and leaves no timer after it is disposed", async () => {
  using world = new World({ link: { latency: 0.005, loss: 0.05 }, seed: 4 });
  world.host("server").serve(echo);
  const start = performance.now();
  const answer = await world.host("client").run(ask);
  assert.equal(answer, "ping");
  assert.ok(performance.now() - start >= 19, "four ways of 5 ms");
  assert.ok(world.time > 0.019);
  assert.equal(world.packets[0].flags, "SYN");
  assert.match(world.ladder("client", "server"), /SYN/);
  await world.sleep(0.001);
  await assert.rejects(world.host("client").run(() => Promise.reject(new Error("own"))), /^Error: own$/);
  const errors: unknown[] = [];
  using other = new World({ onError: (error, host) => errors.push([String(error), host]) });
  other.host("x").serve(() => Promise.reject(new Error("gone")));
  await other.sleep(0.001);
  assert.deepEqual(errors, [["Error: gone", "x"]]);
});

/** Lets the clock of a World skip time, until it is disposed. */
class SkippingClock implements Disposable {
  readonly #now = performance.now;
  #skipped = 0;

  constructor() {
    performance.now = () => this.#now.call(performance) + this.#skipped;
  }

  skip(milliseconds: number): void {
    this.#skipped += milliseconds;
  }

  [Symbol.dispose](): void {
    performance.now = this.#now;
  }
}

Deno.test("World: TIME_WAIT ends after a minute in which nothing else happened", async () => {
  using clock = new SkippingClock();
  using world = new World();
  const { socket } = world.host("a");
  const address: [string, number] = ["127.0.0.1", 7000];
  const waits = () => world.host("a").sockets().some(({ state }) => state === "TIME-WAIT");
  for (const look of [() => assert.equal(waits(), false), () => {}]) {
    const listener = socket.create_server(address);
    const client = await socket.create_connection(address);
    const [server] = await listener.accept();
    server.close();
    await client.recv(1);
    client.close();
    listener.close();
    using again = socket.socket();
    assert.throws(() => again.bind(address), { code: "EADDRINUSE" });
    assert.equal(waits(), true);
    clock.skip(61_000);
    look();
    again.bind(address);
  }
});

Deno.test("World: after TIME_WAIT its port can be listened on, and its ports can be connected again", async () => {
  using clock = new SkippingClock();
  using world = new World();
  const { socket } = world.host("a");
  const address: [string, number] = ["127.0.0.1", 7000];
  const listener = socket.create_server(address);
  /** Connects from a port. The connection then waits in TIME_WAIT. */
  const connect = async (port: number) => {
    using client = socket.socket();
    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);
    client.bind(["127.0.0.1", port]);
    await client.connect(address);
    const [server] = await listener.accept();
    client.close();
    await server.recv(1);
    server.close();
  };
  await connect(40_000);
  await assert.rejects(connect(40_000), { code: "EADDRNOTAVAIL" });
  clock.skip(61_000);
  await connect(40_000);
  for (let port = 32_768; port < 61_000; port++) if (port !== 40_000) socket.socket().bind(["127.0.0.1", port]);
  const last = socket.socket();
  assert.throws(() => last.listen(), { code: "EADDRINUSE", syscall: "listen" });
  clock.skip(61_000);
  last.listen();
  assert.deepEqual(last.getsockname(), ["0.0.0.0", 40_000]);
});

Deno.test("a wait on sockets of two hosts is an error", async () => {
  await simulate({}, async (net) => {
    const [a, b] = [net.host("a").socket, net.host("b").socket];
    using foreign = b.socket();
    await assert.rejects(a.select([foreign], [], [], 0), { code: "EBADF" });
  });
});

Deno.test("a socket that is garbage-collected open stays open in a simulation", {
  ignore: !("gc" in globalThis),
}, async () => {
  await simulate({}, async (net) => {
    const { socket } = net.host("a");
    const [one, two] = await socket.socketpair();
    let forgotten: unknown = two;
    await net.sleep(1);
    assert.ok(forgotten);
    forgotten = null;
    for (let n = 0; n < 10; n++) {
      (globalThis as unknown as { gc(): void }).gc();
      await net.outside(new Promise((resolve) => setTimeout(resolve, 1)));
    }
    assert.equal(net.host("a").sockets().length, 2);
    await one.sendall("still read");
  });
});

Deno.test("an epoll that is garbage-collected open stays open in a simulation", {
  ignore: !("gc" in globalThis),
}, async () => {
  await simulate({}, async (net) => {
    const { epoll } = net.host("a").socket;
    const fds = Array.from({ length: 10 }, () => epoll().fileno());
    for (let n = 0; n < 10; n++) {
      (globalThis as unknown as { gc(): void }).gc();
      await net.outside(new Promise((resolve) => setTimeout(resolve, 1)));
    }
    for (const fd of fds) assert.deepEqual(await epoll.fromfd(fd).poll(0), []);
  });
});
