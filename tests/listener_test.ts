// The default backend's accept queue, over a Deno.Listener that the test controls.

import assert from "node:assert/strict";
import { Listener } from "../deno/listener.ts";
import { Waiters } from "../seam/waiters.ts";
import { POLLIN } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import * as standard from "../mod.ts";
import * as native from "../native.ts";
import type { Socket } from "../mod.ts";
import { BACKENDS } from "./_backends.ts";
import type { Module } from "./conformance/fixtures.ts";
import { TemporaryDirectory } from "./_helpers.ts";

/** Deno's error when a process has no free descriptor. */
const EMFILE = Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });

/** A listener whose accepts end when the test says so. */
class Door {
  readonly addr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  #asked = Promise.withResolvers<Deno.Conn>();
  accepts = 0;
  accept(): Promise<Deno.Conn> {
    this.accepts++;
    return (this.#asked = Promise.withResolvers<Deno.Conn>()).promise;
  }
  come(): void {
    this.#asked.resolve({ close() {} } as Deno.Conn);
  }
  fail(error: unknown): void {
    this.#asked.reject(error);
  }
  ref(): void {}
  unref(): void {}
  close(): void {}
}

function open(): { door: Door; listener: Listener; waiters: Waiters } {
  const door = new Door();
  const waiters = new Waiters();
  const listener = new Listener(() => door as unknown as Deno.Listener, waiters, true);
  listener.listen(1);
  return { door, listener, waiters };
}

Deno.test("after an accept that failed, a waiter that stays registered is woken by the next connection", async () => {
  const { door, listener, waiters } = open();
  let news = Promise.withResolvers<void>();
  waiters.add(POLLIN, { background: true, wake: () => news.resolve() });
  listener.acceptAhead();
  door.fail(EMFILE);
  await news.promise;
  news = Promise.withResolvers();
  assert.throws(() => listener.accept(), { code: "EMFILE" });
  assert.equal(door.accepts, 2);
  door.come();
  await news.promise;
  assert.notEqual(listener.accept(), WOULD_BLOCK);
});

Deno.test("an accept that fails while no call waits does not fail the next call", async () => {
  const { door, listener, waiters } = open();
  const waiter = { background: false, wake() {} };
  waiters.add(POLLIN, waiter);
  listener.acceptAhead();
  waiters.remove(waiter);
  listener.park();
  door.fail(EMFILE);
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(listener.events(), 0);
  assert.equal(listener.accept(), WOULD_BLOCK);
  listener.acceptAhead();
  assert.equal(door.accepts, 2);
});

Deno.test("an accept that ends because the listener was shut down does not fail the next call", async () => {
  const { door, listener, waiters } = open();
  waiters.add(POLLIN, { background: true, wake() {} });
  listener.acceptAhead();
  const claimed = listener.unlisten();
  door.fail(new Deno.errors.BadResource("Listener has been closed"));
  await claimed;
  listener.listen(1);
  assert.equal(listener.events(), 0);
  assert.equal(listener.accept(), WOULD_BLOCK);
});

for (const [backend, m] of Object.entries({ default: standard, native })) {
  Deno.test({
    name: `a client in the queue of a Unix listener that was shut down stays until the listener is closed: ${backend}`,
    ignore: Deno.build.os === "windows" || (backend === "native" && Deno.build.os !== "linux"),
    async fn() {
      using directory = new TemporaryDirectory();
      const path = directory.fresh();
      const server = m.socket(m.AF_UNIX);
      server.bind(path);
      server.listen();
      using client = m.socket(m.AF_UNIX);
      await client.connect(path);
      // On the default backend this accepts the connection ahead.
      assert.deepEqual(await m.select([server], [], []), [[server], [], []]);
      await server.shutdown(m.SHUT_RDWR);
      assert.equal(await client.send("o"), 1);
      server.close();
      await assert.rejects(async () => {
        assert.equal((await client.recv(1)).length, 0);
        await client.send("o");
      }, { name: /ConnectionResetError|BrokenPipeError/ });
    },
  });
}

/** What may be under way on a listener when it is shut down. Each returns what to do before it listens again. */
const UNDER_WAY: Record<string, (m: Module, server: Socket) => Promise<() => unknown>> = {
  "an accept that waits": (_m, server) => {
    const ended = assert.rejects(server.accept(), { code: "EINVAL" });
    return Promise.resolve(() => ended);
  },
  "an accept that timed out": async (_m, server) => {
    server.settimeout(0.01);
    await assert.rejects(server.accept(), { name: "TimeoutError" });
    server.settimeout(null);
    return () => {};
  },
  "an interest in an epoll": async (m, server) => {
    const epoll = m.epoll();
    epoll.register(server, m.EPOLLIN);
    await epoll.poll(0);
    return () => epoll.close();
  },
};

for (const { name, module: m } of BACKENDS) {
  for (const [what, start] of Object.entries(UNDER_WAY)) {
    Deno.test(`${name}: a listener that was shut down during ${what} can listen again`, async () => {
      using server = m.create_server(["127.0.0.1", 0]);
      const end = await start(m, server);
      await server.shutdown(m.SHUT_RDWR);
      await end();
      server.listen();
      const address = server.getsockname();
      const accepted = server.accept();
      using client = await m.create_connection(address);
      const [conn, peer] = await accepted;
      conn.close();
      assert.deepEqual(peer, client.getsockname());
    });
  }
}
