// Datagrams above 64 KiB: iteration and `readable` return them whole. On a Unix socket the sender's buffer limits a datagram,
// which is some 208 KiB by default.

import assert from "node:assert/strict";
import * as native from "../native.ts";
import type { Socket } from "../mod.ts";
import { settled } from "./conformance/fixtures.ts";
import { SUBJECTS } from "./_sim.ts";

const MESSAGE = Uint8Array.from({ length: 200_000 }, (_, i) => i >> 3);

/** Ways of receiving a message without a size. */
const WAYS: Record<string, (socket: Socket) => Promise<Uint8Array | undefined>> = {
  iteration: async (socket) => {
    for await (const item of socket) return item instanceof Uint8Array ? item : item[0];
  },
  readable: async (socket) => {
    const reader = socket.readable.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    return value;
  },
};

/** Compares the lengths first, because the difference of long arrays takes minutes to print. */
function assertSame(received: Uint8Array | undefined, sent: Uint8Array): void {
  assert.equal(received?.length, sent.length);
  assert.ok(sent.every((byte, at) => byte === received![at]));
}

for (const [way, receive] of Object.entries(WAYS)) {
  for (const { name, module: m } of SUBJECTS) {
    Deno.test(`${name}: ${way} returns a Unix datagram of ${MESSAGE.length} bytes whole`, async () => {
      const [a, b] = await m.socketpair(m.AF_UNIX, m.SOCK_DGRAM);
      using _a = a, _b = b;
      // The second one is received when it has arrived already.
      const first = receive(b);
      await settled(a.send(MESSAGE));
      assertSame(await settled(first), MESSAGE);
      const sent = a.send(MESSAGE.subarray(1));
      await settled(m.select([b], [], []));
      assertSame(await settled(receive(b)), MESSAGE.subarray(1));
      await sent;
    });
  }

  Deno.test({
    name: `native: ${way} returns a message of ${MESSAGE.length} bytes of a SOCK_SEQPACKET socket whole`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const [a, b] = await native.socketpair(native.AF_UNIX, native.SOCK_SEQPACKET);
      using _a = a, _b = b;
      await a.send(MESSAGE);
      assertSame(await settled(receive(b)), MESSAGE);
    },
  });
}
