// Deadlocks of a simulation: a timer that will end a wait rules a deadlock out, and timers that repeat for ever do not.

import assert from "node:assert/strict";
import { simulate } from "../sim.ts";
import type { Host } from "../sim.ts";
import type { Socket } from "../socket.ts";

/** Accepts connections and never reads. */
function acceptOnly(host: Host): void {
  host.serve(async ({ socket }) => {
    const server = socket.create_server(["", 7]);
    for (;;) await server.accept();
  });
}

/** Sets keepalive with an idle time, and with other numbers if they are given. */
function keepAlive({ socket }: Host, sock: Socket, idle: number, interval = 75, count = 9): void {
  sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1);
  sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle);
  sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval);
  sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, count);
}

Deno.test("sim: the keepalive of a crashed peer ends a wait, although another peer answers probes more often", async () => {
  await simulate({}, async (net) => {
    const [near, live, dead] = ["near", "live", "dead"].map((name) => net.host(name));
    acceptOnly(live);
    acceptOnly(dead);
    await near.run(async ({ socket }) => {
      const toLive = await socket.create_connection(["live", 7]);
      const toDead = await socket.create_connection(["dead", 7]);
      keepAlive(near, toLive, 10);
      keepAlive(near, toDead, 7200);
      dead.crash();
      await assert.rejects(Promise.race([toLive.recv(1), toDead.recv(1)]), { code: "ETIMEDOUT" });
      assert.equal(net.time, 7200 + 9 * 75);
    });
  });
});

Deno.test("sim: the largest number of keepalive probes is no deadlock", async () => {
  await simulate({}, async (net) => {
    const [near, dead] = [net.host("near"), net.host("dead")];
    acceptOnly(dead);
    await near.run(async ({ socket }) => {
      const sock = await socket.create_connection(["dead", 7]);
      keepAlive(near, sock, 1, 1, 127);
      dead.crash();
      await assert.rejects(sock.recv(1), { code: "ETIMEDOUT" });
      assert.equal(net.time, 128);
    });
  });
});

Deno.test("sim: SO_RCVTIMEO of a day ends a wait beside a peer that reads nothing", async () => {
  await simulate({}, async (net) => {
    acceptOnly(net.host("full"));
    await net.host("near").run(async ({ socket }) => {
      const sending = await socket.create_connection(["full", 7]);
      const waiting = await socket.create_connection(["full", 7]);
      sending.sendall(new Uint8Array(3_000_000)).catch(() => {});
      const day = new Uint8Array(16);
      new DataView(day.buffer).setBigInt64(0, 86_400n, true);
      waiting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, day);
      await assert.rejects(waiting.recv(1), { code: "EAGAIN" });
      assert.equal(Math.round(net.time), 86_400);
    });
  });
});

Deno.test("sim: peers that answer their probes for ever are a deadlock", async () => {
  const running = simulate({ trace: false }, async (net) => {
    const near = net.host("near");
    acceptOnly(net.host("live"));
    await near.run(async ({ socket }) => {
      const often = await socket.create_connection(["live", 7]);
      const seldom = await socket.create_connection(["live", 7]);
      keepAlive(near, often, 60);
      keepAlive(near, seldom, 7200);
      await Promise.race([often.recv(1), seldom.recv(1)]);
    });
  });
  await assert.rejects(running, /deadlock/);
});

Deno.test("sim: a global interval after unref does not hide a deadlock, and ref takes unref back", async () => {
  type Interval = { ref(): void; unref(): void; hasRef(): boolean };
  const run = (use: (interval: Interval) => void) =>
    simulate({ globals: true, limit: 100_000 }, async () => {
      use(setInterval(() => {}, 1000) as unknown as Interval);
      await new Promise(() => {});
    });
  await assert.rejects(run((interval) => interval.unref()), /deadlock/);
  const refAgain = (interval: Interval) => {
    interval.unref();
    assert.equal(interval.hasRef(), false);
    interval.ref();
    assert.equal(interval.hasRef(), true);
  };
  await assert.rejects(run(refAgain), /the limit/);
});

Deno.test("sim: a global timer after unref ends a wait", async () => {
  await simulate({ globals: true }, async (net) => {
    await new Promise<void>((resolve) => {
      (setTimeout(resolve, 1000) as unknown as { unref(): void }).unref();
    });
    assert.equal(net.time, 1);
  });
});
