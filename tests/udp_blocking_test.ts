// Receives without a timeout, for which the default backend may use Deno's own promise. Their data, the data that they
// leave, and their ends are the same as for other receives.

import assert from "node:assert/strict";
import * as udp from "../udp.ts";
import { ALL_SUBJECTS } from "./_sim.ts";
import { failure, FAMILIES, Sockets, text } from "./_datagrams.ts";
import type { Module } from "./conformance/fixtures.ts";

/** A test over each backend and family with two bound sockets. The receiver has no timeout. */
function blockingTest(
  name: string,
  fn: (receiver: udp.Socket, sender: udp.Socket, sockets: Sockets, module: Module) => Promise<void>,
): void {
  for (const { name: backend, module } of ALL_SUBJECTS) {
    for (const family of FAMILIES) {
      Deno.test(`${backend}: ${family}: blocking: ${name}`, async () => {
        using sockets = new Sockets(family, module);
        const receiver = sockets.bound();
        receiver.settimeout(null);
        await fn(receiver, sockets.bound(), sockets, module);
      });
    }
  }
}

blockingTest("recvfrom, recvfrom_into, recv and recv_into take one datagram each", async (receiver, sender) => {
  const buffer = new Uint8Array(4);
  const calls: [() => Promise<unknown>, (result: any) => unknown][] = [
    [() => receiver.recvfrom(4), ([data, address]) => [text(data), address]],
    [() => receiver.recvfrom_into(buffer), ([length, address]) => [text(buffer.subarray(0, length)), address]],
    [() => receiver.recv(4), (data) => [text(data), sender.getsockname()]],
    [() => receiver.recv_into(buffer), (length) => [text(buffer.subarray(0, length)), sender.getsockname()]],
  ];
  for (const [call, show] of calls) {
    for (const [word, expected] of [["one", "one"], ["", ""], ["longer", "long"]]) {
      const pending = call();
      await sender.sendto(word, receiver.getsockname());
      assert.deepEqual(show(await pending), [expected, sender.getsockname()]);
    }
  }
});

blockingTest("receives are served in order, each once", async (receiver, sender) => {
  const order: string[] = [];
  const pending = Array.from("abc", (name) => receiver.recv(9).then((data) => order.push(name + text(data))));
  for (const word of ["1", "2", "3"]) await sender.sendto(word, receiver.getsockname());
  await Promise.all(pending);
  assert.deepEqual(order, ["a1", "b2", "c3"]);
});

blockingTest(
  "a connected socket continues to wait after a datagram of another sender",
  async (receiver, sender, sockets) => {
    await receiver.connect(sender.getsockname());
    const pending = Promise.all([receiver.recv(9), receiver.recv(9)]);
    const stranger = sockets.bound();
    // On a Unix socket the kernel refuses a datagram of another sender, and the default backend drops it.
    await stranger.sendto("stranger", receiver.getsockname()).catch(() => {});
    await sender.sendto("one", receiver.getsockname());
    await sender.sendto("two", receiver.getsockname());
    assert.deepEqual((await pending).map(text), ["one", "two"]);
  },
);

blockingTest(
  "select waits beside a receive, and reports the datagrams that the receive leaves",
  async (receiver, sender, _, module) => {
    const pending = receiver.recv(9);
    const selected = module.select([receiver], [], [], 10);
    await sender.sendto("one", receiver.getsockname());
    assert.equal(text(await pending), "one");
    await sender.sendto("two", receiver.getsockname());
    assert.deepEqual(await selected, [[receiver], [], []]);
    assert.equal(text(await receiver.recv(9, udp.MSG_DONTWAIT)), "two");
  },
);

blockingTest("close ends it with EBADF", async (receiver) => {
  const pending = receiver.recvfrom(9);
  receiver.close();
  assert.equal((await failure(() => pending)).code, "EBADF");
});

blockingTest("SHUT_RD ends it after the queued datagrams", async (receiver, sender) => {
  await receiver.connect(sender.getsockname());
  const pending = Promise.all([receiver.recv(9), receiver.recv(9)]);
  await sender.sendto("one", receiver.getsockname());
  await receiver.shutdown(udp.SHUT_RD);
  assert.deepEqual((await pending).map(text), ["one", ""]);
  assert.equal((await receiver.recv(9)).length, 0);
});

blockingTest(
  "closing one of two duplicates ends it, and the other receives later datagrams",
  async (receiver, sender) => {
    const pending = receiver.recvfrom(9);
    using other = receiver.dup();
    receiver.close();
    assert.equal((await failure(() => pending)).code, "EBADF");
    await sender.sendto("one", other.getsockname());
    assert.equal(text(await other.recv(9)), "one");
  },
);

blockingTest("detach ends it, and the next owner receives later datagrams", async (receiver, sender, _, module) => {
  const pending = receiver.recvfrom(9);
  const { family } = receiver;
  using other = module.socket(family, udp.SOCK_DGRAM, 0, receiver.detach());
  assert.equal((await failure(() => pending)).code, "EBADF");
  await sender.sendto("one", other.getsockname());
  assert.equal(text(await other.recv(9)), "one");
});

blockingTest("a datagram that arrives while a duplicate closes is not lost", async (receiver, sender) => {
  for (let round = 0; round < 20; round++) {
    const first = receiver.dup();
    const pending = first.recvfrom(9).then(([data]) => text(data), (error) => error.code);
    await sender.sendto("one", receiver.getsockname());
    first.close();
    const outcome = await pending;
    if (outcome === "EBADF") assert.equal(text(await receiver.recv(9)), "one");
    else assert.equal(outcome, "one");
  }
});
