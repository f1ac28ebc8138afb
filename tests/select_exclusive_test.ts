// EPOLLEXCLUSIVE and closing, in every order: nothing throws, nothing is left registered, and no other socket is
// affected.

import assert from "node:assert/strict";
import { epoll, EPOLLEXCLUSIVE, EPOLLIN, POLLIN } from "../select.ts";
import { SUBJECTS } from "./_sim.ts";
import { Memory } from "./_memory_pollable.ts";
import { Connected } from "./conformance/fixtures.ts";

/** A pollable that cannot be watched after it was closed, as a descriptor of the process. */
class Strict extends Memory {
  override watch(...args: Parameters<Memory["watch"]>): void {
    if (this.fileno() < 0) throw new Error("watched after its close");
    super.watch(...args);
  }
}

/** A pollable whose unwatch throws. */
class Failing extends Memory {
  override unwatch(): void {
    throw new Error("cannot be left");
  }
}

Deno.test("exclusive entries of a closed descriptor are withdrawn, whichever epoll closes first", () => {
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2]]) {
    const one = new Strict();
    const pollers = Array.from({ length: 3 }, () => epoll());
    for (const poller of pollers) poller.register(one, EPOLLIN | EPOLLEXCLUSIVE);
    one.closeNumber();
    for (const place of order) pollers[place].close();
    assert.equal(one.waiters.size, 0);
  }
});

Deno.test("the next wait withdraws an exclusive entry whose descriptor was closed", async () => {
  using poller = epoll();
  using other = epoll();
  const one = new Strict();
  for (const each of [poller, other]) each.register(one, EPOLLIN | EPOLLEXCLUSIVE);
  one.closeNumber();
  for (const each of [poller, other]) assert.deepEqual(await each.poll(0), []);
  assert.equal(one.waiters.size, 0);
});

Deno.test("a collected epoll that fails to close ends nothing", async () => {
  const one = new Failing();
  let collected = false;
  const registry = new FinalizationRegistry(() => collected = true);
  (() => {
    const poller = epoll();
    poller.register(one, EPOLLIN);
    registry.register(poller, undefined);
  })();
  for (let rounds = 0; !collected; rounds++) {
    assert(rounds < 1000, "it is not collected");
    (globalThis as unknown as { gc(): void }).gc();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  // The module's own finalizer has run by then: an error in it would fail this test.
  await new Promise((resolve) => setTimeout(resolve, 0));
  one.set(POLLIN);
  one.closeNumber();
});

for (const { name, module: m } of SUBJECTS) {
  Deno.test(`${name}: epolls that shared a listener exclusively go on, and close, after it was closed`, async () => {
    using all = await Connected.open(m);
    const pollers = [m.epoll(), m.epoll()];
    for (const poller of pollers) poller.register(all.server, m.EPOLLIN | m.EPOLLEXCLUSIVE);
    pollers[0].register(all.peer, m.EPOLLIN);
    all.server.close();
    await all.client.sendall("still there");
    assert.deepEqual(await pollers[0].poll(5), [[all.peer.fileno(), m.EPOLLIN]]);
    for (const poller of pollers) poller.close();
  });

  Deno.test(`${name}: a new socket with the number of a closed listener works while epolls withdraw from it`, async () => {
    const server = m.create_server(["127.0.0.1", 0]);
    const pollers = [m.epoll(), m.epoll()];
    for (const poller of pollers) poller.register(server, m.EPOLLIN | m.EPOLLEXCLUSIVE);
    const number = server.fileno();
    server.close();
    using receiver = m.socket(m.AF_INET, m.SOCK_DGRAM);
    if (name === "native") assert.equal(receiver.fileno(), number);
    receiver.bind(["127.0.0.1", 0]);
    receiver.settimeout(5);
    using sender = m.socket(m.AF_INET, m.SOCK_DGRAM);
    for (const poller of pollers) {
      const receiving = receiver.recv(10);
      poller.close();
      await sender.sendto("x", receiver.getsockname());
      assert.equal((await receiving).length, 1);
    }
  });

  Deno.test(`${name}: closing a duplicate of a socket keeps the socket's exclusive entry`, async () => {
    using all = await Connected.open(m);
    const copy = all.peer.dup();
    using poller = m.epoll();
    using other = m.epoll();
    poller.register(all.peer, m.EPOLLIN | m.EPOLLEXCLUSIVE);
    other.register(copy, m.EPOLLIN | m.EPOLLEXCLUSIVE);
    copy.close();
    other.close();
    await all.client.sendall("x");
    assert.deepEqual(await poller.poll(5), [[all.peer.fileno(), m.EPOLLIN]]);
  });
}
