// The option `observe`, and connections in the list of a host's sockets.

import assert from "node:assert/strict";
import { failedRun, simulate } from "../sim.ts";
import type { Net } from "../sim.ts";

const link = { latency: 0.01 };

Deno.test("observe is called in each state of a connection, also in states that wake no program", async () => {
  const states = new Set<string>();
  let packets = 0;
  let last = 0;
  const observe = (net: Net) => {
    assert.ok(net.time >= last, "time runs backwards");
    last = net.time;
    packets = net.packets.length;
    for (const host of net.hosts) for (const { state } of host.sockets()) states.add(`${host.name} ${state}`);
  };
  const run = await simulate({ seed: 1, link, observe }, async (net) => {
    net.host("server").run(async ({ socket, sleep }) => {
      using server = socket.create_server(["", 7]);
      const [conn] = await server.accept();
      assert.equal((await conn.recv(1)).length, 0);
      await sleep(1);
      conn.close();
    });
    await net.host("client").run(async ({ socket }) => {
      const sock = await socket.create_connection(["server", 7]);
      await sock.shutdown(socket.SHUT_WR);
      await sock.recv(1);
      sock.close();
    });
    await net.sleep(1);
  });
  for (
    const state of [
      "server LISTEN",
      "server SYN-RECV",
      "server CLOSE-WAIT",
      "server LAST-ACK",
      "client SYN-SENT",
      "client FIN-WAIT-1",
      "client FIN-WAIT-2", // An ACK causes this state. It wakes no program.
      "client TIME-WAIT",
    ]
  ) assert.ok(states.has(state), `${state} was not seen: ${[...states].join(", ")}`);
  assert.equal(packets, run.packets.length);
});

Deno.test("observe does not change a run", async () => {
  const main = async (net: Net) => {
    net.host("a").run(async ({ socket }) => {
      using server = socket.create_server(["", 7]);
      const [conn] = await server.accept();
      for await (const data of conn) await conn.sendall(data);
      conn.close();
    });
    await net.host("b").run(async ({ socket }) => {
      using sock = await socket.create_connection(["a", 7]);
      const sending = sock.sendall(new Uint8Array(100_000)).then(() => sock.shutdown(socket.SHUT_WR));
      let length = 0;
      for await (const data of sock) length += data.length;
      await sending;
      assert.equal(length, 100_000);
    });
  };
  const options = { seed: 3, link: { latency: 0.01, loss: 0.05 } };
  const plain = await simulate(options, main);
  const observed = await simulate({ ...options, observe: (net) => void net.hosts.map((host) => host.sockets()) }, main);
  assert.equal(observed.fingerprint, plain.fingerprint);
});

Deno.test("a run fails with the first error of observe, at its time", async () => {
  let calls = 0;
  const observe = (net: Net) => {
    calls++;
    if (net.time >= 2) throw new Error(`too late, ${calls}`);
  };
  const error = await simulate({ seed: 9, link, observe }, (net) => net.sleep(5)).catch((error) => error);
  assert.match(error.message, /^too late, \d+ \[seed 9, 5 s\]$/);
  assert.equal(failedRun(error)?.seed, 9);
});

Deno.test("observe must be a function", async () => {
  await assert.rejects(simulate({ observe: 1 as never }, () => {}), TypeError);
});

Deno.test("a host lists the connections that wait for accept, with the data that they have received", async () => {
  await simulate({ seed: 1, link }, async (net) => {
    const server = net.host("server");
    const listener = server.socket.create_server(["", 7]);
    const sock = await net.host("client").socket.create_connection(["server", 7]);
    await sock.sendall("hello");
    await net.sleep(1);
    const [{ state, receiveQueue }, waiting] = server.sockets().sort((a, b) => b.state.localeCompare(a.state));
    assert.deepEqual([state, receiveQueue], ["LISTEN", 1]);
    assert.deepEqual([waiting.state, waiting.receiveQueue], ["ESTAB", 5]);
    sock.close();
    listener.close();
  });
});

Deno.test("a select without a timeout is a deadlock if no event can end it", async () => {
  for (const timeout of [undefined, null]) {
    const outcome = simulate({ seed: 1, limit: 1e6, link }, (net) =>
      net.host("a").run(async ({ socket }) => {
        using server = socket.create_server(["", 7]);
        // A select that ends leaves a spare timer, which the next one may use.
        await socket.select([server], [], [], 0.5);
        await socket.select([server], [], [], timeout);
      }));
    await assert.rejects(outcome, /^Error: deadlock.*0\.5 s\]$/s);
  }
});
