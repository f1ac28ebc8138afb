// A peer that sends TLS records without data as fast as it can.

import assert from "node:assert/strict";
import { POLLIN } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import { ManualClock } from "./_manual_clock.ts";
import { controlledPair } from "./tls/controlled.ts";

/** More than two chunks of 64 KiB. */
const UPDATES = 6000;

for (const call of ["receive", "select"] as const) {
  Deno.test(`a TLS ${call} lets the event loop turn while the peer sends only key updates`, async () => {
    const clock = new ManualClock();
    using pair = controlledPair(clock);
    const { near, below, peer } = pair;
    for (let update = 0; update < UPDATES; update++) {
      peer.updateKeys(false);
      peer.engine.handshake();
    }
    below.incoming = [...below.incoming, ...peer.outgoing.read()];
    pair.deliver("data");
    const caller = { turn: 0, lends: false };
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
