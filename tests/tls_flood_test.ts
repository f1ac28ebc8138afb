// A peer that sends TLS records without data as fast as it can.

import assert from "node:assert/strict";
import { POLLIN, POLLOUT } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import { ManualClock } from "./_manual_clock.ts";
import { controlledPair } from "./tls/controlled.ts";
import type { ControlledPair } from "./tls/controlled.ts";

/** More than two chunks of 64 KiB. */
const UPDATES = 6000;

/** The peer changes its keys many times, and asks for as many answers if `answered` is set. */
function deliverUpdates({ below, peer }: ControlledPair, answered: boolean): void {
  for (let update = 0; update < UPDATES; update++) {
    peer.updateKeys(answered);
    peer.engine.handshake();
  }
  below.incoming = [...below.incoming, ...peer.outgoing.read()];
}

for (const call of ["receive", "select"] as const) {
  Deno.test(`a TLS ${call} lets the event loop turn while the peer sends only key updates`, async () => {
    const clock = new ManualClock();
    using pair = controlledPair(clock);
    const { near, below } = pair;
    deliverUpdates(pair, false);
    pair.deliver("data");
    const caller = { turn: 0 };
    const found = () =>
      call === "receive" ? near.recv(caller, 10, 0) !== WOULD_BLOCK : (near.events(POLLIN) & POLLIN) !== 0;
    let wakes = 0;
    near.watch(POLLIN, { wake: () => wakes++ });
    assert.equal(found(), false);
    assert.ok(below.incoming.length > 0);
    await clock.turn();
    assert.ok(wakes > 0);
    assert.equal(found(), true);
    await clock.turn();
  });
}

Deno.test("a TLS receive takes no more while a peer does not receive the answers to its key updates", async () => {
  const clock = new ManualClock();
  using pair = controlledPair(clock);
  const { near, below } = pair;
  const caller = { turn: 0 };
  below.room = 0;
  for (let i = 0; i < 3; i++) deliverUpdates(pair, true);
  pair.deliver("data");
  for (let turn = 0; turn < 20; turn++) {
    assert.equal(near.recv(caller, 10, 0), WOULD_BLOCK);
    await clock.turn();
  }
  assert.ok(below.incoming.length > 0);
  let wakes = 0;
  near.watch(POLLIN, { wake: () => wakes++ });
  below.room = Infinity;
  below.waiters.wake(POLLOUT);
  assert.ok(wakes > 0);
  while (near.recv(caller, 10, 0) === WOULD_BLOCK) await clock.turn();
  // Nothing is left to send when the connection is closed.
  await clock.turn();
});
