// unwrap while a send waits.

import assert from "node:assert/strict";
import { POLLIN, POLLOUT } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Waiter } from "../seam/transport.ts";
import { SSLError } from "../tls/errors.ts";
import { ManualClock } from "./_manual_clock.ts";
import { controlledPair } from "./tls/controlled.ts";

for (const first of ["unwrap", "send"] as const) {
  Deno.test(`a send that waits when unwrap ends TLS fails, and sends nothing unencrypted: ${first} is woken first`, () => {
    using pair = controlledPair(new ManualClock());
    const { near, below, peer } = pair;
    const caller = { turn: 0 };
    const data = new Uint8Array(1000);
    let error: unknown;
    let unwrapped = false;
    const send = () => {
      near.unwatch(sender);
      if (error !== undefined) return;
      try {
        while (near.send(caller, data, 0) !== WOULD_BLOCK);
        near.watch(POLLOUT, sender);
      } catch (caught) {
        error = caught;
      }
    };
    const unwrap = () => {
      near.unwatch(unwrapper);
      unwrapped = near.unwrap() !== WOULD_BLOCK;
      if (!unwrapped) near.watch(POLLIN, unwrapper);
    };
    const sender: Waiter = { wake: send };
    const unwrapper: Waiter = { wake: unwrap };

    below.room = 100;
    send();
    if (first === "unwrap") near.unwatch(sender);
    peer.engine.closeNotify();
    below.incoming.push(...peer.outgoing.read());
    unwrap();
    if (first === "unwrap") near.watch(POLLOUT, sender);
    assert.equal(unwrapped, false);
    below.room = 10_000;
    below.waiters.wake(POLLOUT);
    assert.equal(unwrapped, true);
    assert.ok(error instanceof SSLError && error.reason === "PROTOCOL_IS_SHUTDOWN", String(error));
    peer.incoming.write(Uint8Array.from(below.sent));
    const view = new Uint8Array(10_000);
    while (peer.engine.read(view) !== 0);
    assert.equal(peer.incoming.pending, 0);
  });
}
