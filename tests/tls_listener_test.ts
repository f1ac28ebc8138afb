// A TLS listener over a listener that the test controls.

import assert from "node:assert/strict";
import { errorFor } from "../base/errors.ts";
import { POLLIN } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Transport } from "../seam/transport.ts";
import { TlsListener } from "../tls/listener.ts";
import type { SecureTransport } from "../tls/transport.ts";

/** A listener with queued connections. Without free descriptors it accepts none. */
class Queue {
  exhausted = false;
  accepts = 0;
  constructor(public queued: number) {}
  accept() {
    if (this.queued === 0) return WOULD_BLOCK;
    if (this.exhausted) throw errorFor("EMFILE", { syscall: "accept" });
    this.queued--;
    this.accepts++;
    return { transport: {}, address: ["127.0.0.1", this.accepts] };
  }
  events(mask: number): number {
    return this.queued > 0 ? mask & POLLIN : 0;
  }
  watch(): void {}
  unwatch(): void {}
}

/** A TLS listener whose handshakes end at once. */
function listenerOver(queue: Queue, handshakeOnAccept = true): TlsListener {
  const secure = () => ({ handshake() {} }) as unknown as SecureTransport;
  return new TlsListener(queue as unknown as Transport, secure, handshakeOnAccept);
}

Deno.test("a TLS listener without a free descriptor is readable, and reports EMFILE only while that lasts", () => {
  const queue = new Queue(1);
  const listener = listenerOver(queue);
  queue.exhausted = true;
  for (let look = 0; look < 3; look++) assert.equal(listener.events(POLLIN), POLLIN);
  assert.throws(() => listener.accept(), { code: "EMFILE" });
  queue.exhausted = false;
  assert.notEqual(listener.accept(), WOULD_BLOCK);
  assert.equal(listener.events(POLLIN), 0);
  assert.equal(listener.accept(), WOULD_BLOCK);
});

Deno.test("a TLS listener without a free descriptor returns the connections whose handshake is done", () => {
  const queue = new Queue(1);
  const listener = listenerOver(queue);
  assert.equal(listener.events(POLLIN), POLLIN);
  queue.queued = 1;
  queue.exhausted = true;
  assert.notEqual(listener.accept(), WOULD_BLOCK);
  assert.throws(() => listener.accept(), { code: "EMFILE" });
});

Deno.test("a TLS listener without handshakes leaves all connections but one in the kernel's queue", () => {
  const queue = new Queue(5);
  const listener = listenerOver(queue, false);
  for (let look = 0; look < 3; look++) assert.equal(listener.events(POLLIN), POLLIN);
  assert.equal(queue.accepts, 1);
  for (let connection = 0; connection < 5; connection++) assert.notEqual(listener.accept(), WOULD_BLOCK);
  assert.equal(listener.accept(), WOULD_BLOCK);
});

for (const handshakeOnAccept of [true, false]) {
  const kind = handshakeOnAccept ? "with" : "without";
  Deno.test(`an accept on a TLS listener ${kind} handshakes is woken by a select that has accepted its connection`, () => {
    const queue = new Queue(0);
    const listener = listenerOver(queue, handshakeOnAccept);
    assert.equal(listener.accept(), WOULD_BLOCK);
    let wakes = 0;
    const waiter = { wake: () => wakes++ };
    listener.watch(POLLIN, waiter);
    queue.queued = 1;
    assert.equal(listener.events(POLLIN), POLLIN);
    assert.equal(wakes, 1);
    assert.notEqual(listener.accept(), WOULD_BLOCK);
  });
}
