// The waiters of a TLS connection learn of what others receive and send for them.

import assert from "node:assert/strict";
import { POLLIN, POLLOUT } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Transport } from "../seam/transport.ts";
import { TlsListener } from "../tls/listener.ts";
import { ManualClock } from "./_manual_clock.ts";
import { Controlled, controlledPair } from "./tls/controlled.ts";
import type { ControlledPair } from "./tls/controlled.ts";

const clock = new ManualClock();

class Counter {
  wakes = 0;
  wake(): void {
    this.wakes++;
  }
}

/** A connection, and a receive that waits. */
function waiting(): ControlledPair & { caller: Caller; waiter: Counter } {
  const pair = controlledPair(clock);
  const caller = { turn: 0 };
  const waiter = new Counter();
  assert.equal(pair.near.recv(caller, 10, 0), WOULD_BLOCK);
  pair.near.watch(POLLIN, waiter);
  return { ...pair, caller, waiter, [Symbol.dispose]: pair[Symbol.dispose] };
}

Deno.test("a TLS receive that waits is woken by a select that has received its data", async () => {
  using pair = waiting();
  pair.deliver("data");
  // The kernel may not report this data any more.
  assert.notEqual(pair.near.events(POLLIN) & POLLIN, 0);
  await Promise.resolve();
  assert.equal(pair.waiter.wakes, 1);
  assert.equal((pair.near.recv(pair.caller, 10, 0) as Uint8Array).length, 4);
});

Deno.test("a TLS receive that waits is woken by another receive that leaves data to it", async () => {
  using pair = waiting();
  pair.deliver("data");
  const other = { turn: 0 };
  assert.equal((pair.near.recv(other, 1, 0) as Uint8Array).length, 1);
  await Promise.resolve();
  assert.equal(pair.waiter.wakes, 1);
  assert.equal((pair.near.recv(pair.caller, 10, 0) as Uint8Array).length, 3);
});

Deno.test("a TLS send that waits is woken by a receive that has sent the earlier data", async () => {
  using pair = waiting();
  const sender = new Counter();
  const caller = { turn: 0 };
  pair.below.room = 100;
  while (pair.near.send(caller, new Uint8Array(50), 0) !== WOULD_BLOCK);
  pair.near.watch(POLLOUT, sender);
  pair.below.room = Infinity;
  assert.equal(pair.near.recv(pair.caller, 10, 0), WOULD_BLOCK);
  await Promise.resolve();
  assert.equal(sender.wakes, 1);
  assert.equal(pair.near.send(caller, new Uint8Array(50), 0), 50);
});

Deno.test("a TLS waiter is woken once for data that the transport below has reported", async () => {
  using pair = waiting();
  pair.deliver("data");
  pair.below.waiters.wake(POLLIN);
  assert.equal(pair.waiter.wakes, 1);
  assert.notEqual(pair.near.events(POLLIN) & POLLIN, 0);
  assert.equal((pair.near.recv(pair.caller, 10, 0) as Uint8Array).length, 4);
  await Promise.resolve();
  assert.equal(pair.waiter.wakes, 1);
});

Deno.test("a TLS connection that is closed wakes its waiters, also after unwrap", () => {
  for (const unwrapped of [false, true]) {
    using pair = waiting();
    if (unwrapped) {
      pair.peer.engine.closeNotify();
      pair.deliver("");
      assert.equal(pair.near.unwrap(), undefined);
    }
    pair.near.close();
    assert.equal(pair.waiter.wakes, 1);
  }
});

Deno.test("a TLS connection that is closed registers no waiter with the transport below", () => {
  using pair = waiting();
  const other = new Counter();
  pair.near.watch(POLLIN, other);
  pair.near.close();
  // As an epoll and a select do after their wake.
  pair.near.unwatch(pair.waiter);
  assert.equal(pair.below.waiters.mask, 0);
});

Deno.test("a TLS connection whose last data is sent after close registers no waiter with the transport below", () => {
  using pair = waiting();
  pair.below.room = 0;
  pair.near.send({ turn: 0 }, new Uint8Array(50), 0);
  pair.near.close();
  assert.equal(pair.below.closed, false);
  pair.below.room = Infinity;
  pair.below.waiters.wake(POLLOUT);
  assert.equal(pair.below.closed, true);
  assert.equal(pair.below.waiters.mask, 0);
});

Deno.test("a TLS listener that is closed registers no waiter with the listener below", () => {
  const below = new Controlled();
  const listener = new TlsListener(below as unknown as Transport, () => assert.fail(), true);
  const waiters = [new Counter(), new Counter()];
  for (const waiter of waiters) listener.watch(POLLIN, waiter);
  listener.close();
  assert.deepEqual(waiters.map(({ wakes }) => wakes), [1, 1]);
  listener.unwatch(waiters[0]);
  assert.equal(below.waiters.mask, 0);
});
