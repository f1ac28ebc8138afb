// A TLS connection that is closed with unsent data, and a peer that reads slowly.

import assert from "node:assert/strict";
import { POLLOUT } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import { ManualClock } from "./_manual_clock.ts";
import { controlledPair } from "./tls/controlled.ts";
import type { Controlled, ControlledPair } from "./tls/controlled.ts";

const SIZE = 10_000;

/** A connection that was closed with unsent data. */
function closedUnsent(clock: ManualClock): ControlledPair {
  const pair = controlledPair(clock);
  pair.below.room = 100;
  assert.notEqual(pair.near.send({ turn: 0 }, new Uint8Array(SIZE), 0), WOULD_BLOCK);
  pair.near.close();
  return { ...pair, [Symbol.dispose]: () => pair.peer.free() };
}

/** The ways of a slow peer. */
const peers: Record<string, (below: Controlled) => void> = {
  "makes room now and then": (below) => {
    below.room = 100;
    below.waiters.wake(POLLOUT);
  },
  "acknowledges data without making room": (below) => {
    below.acknowledged += 100;
  },
};

for (const [name, read] of Object.entries(peers)) {
  Deno.test(`a closed TLS connection sends on while its peer ${name}`, async () => {
    const clock = new ManualClock();
    using pair = closedUnsent(clock);
    for (let minute = 0; minute < 10; minute++) {
      read(pair.below);
      await clock.advance(60_000);
      assert.equal(pair.below.closed, false);
    }
    pair.below.room = Infinity;
    pair.below.waiters.wake(POLLOUT);
    assert.equal(pair.below.closed, true);
    assert.equal(clock.pending, 0);
    pair.peer.incoming.write(Uint8Array.from(pair.below.sent));
    assert.equal(pair.peer.engine.read(new Uint8Array(SIZE * 2)), SIZE);
    assert.equal(pair.peer.engine.read(new Uint8Array(1)), 0);
  });
}

Deno.test("a closed TLS connection ends when its peer makes no progress", async () => {
  const clock = new ManualClock();
  using pair = closedUnsent(clock);
  peers["makes room now and then"](pair.below);
  await clock.advance(120_000);
  assert.equal(pair.below.closed, true);
  assert.equal(clock.pending, 0);
});
