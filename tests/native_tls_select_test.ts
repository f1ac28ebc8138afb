// select, poll and epoll decrypt data of a native TLS socket. The next receive gets what they have found.

import assert from "node:assert/strict";
import { epoll, EPOLLIN, poll, POLLIN, select } from "../native.ts";
import * as ssl from "../native/ssl.ts";
import type { SSLSocket } from "../ssl.ts";
import { errorOf, text } from "./tls/backends.ts";
import { rawPair } from "./tls/raw_pair.ts";
import type { RawPair } from "./tls/raw_pair.ts";

/** Waits until the socket is readable. */
const looks: Record<string, (sock: SSLSocket) => Promise<unknown>> = {
  select: (sock) => select([sock], [], [], 5),
  poll: async (sock) => {
    const poller = poll();
    poller.register(sock, POLLIN);
    return await poller.poll(5000);
  },
  epoll: async (sock) => {
    using poller = epoll();
    poller.register(sock, EPOLLIN);
    return await poller.poll(5);
  },
};

/** Each sends something after which a receive fails with an error of this reason. */
const faults: Record<string, (pair: RawPair) => Promise<void>> = {
  async SSLV3_ALERT_BAD_RECORD_MAC({ peer }) {
    // A record that the peer's engine cannot decrypt.
    peer.incoming.write(Uint8Array.of(0x17, 3, 3, 0, 30, ...new Uint8Array(30)));
    assert.throws(() => peer.engine.read(new Uint8Array(10)));
    await peer.flush();
  },
  async DECRYPTION_FAILED_OR_BAD_RECORD_MAC({ peer, far }) {
    peer.engine.write(new TextEncoder().encode("bad"));
    const record = peer.outgoing.read();
    record[record.length - 1] ^= 1;
    await far.sendall(record);
  },
  async UNEXPECTED_EOF_WHILE_READING({ far }) {
    await far.shutdown(1);
  },
};

for (const [name, look] of Object.entries(looks)) {
  for (const [reason, send] of Object.entries(faults)) {
    Deno.test(`native: after ${name}, receives throw ${reason}`, async () => {
      using pair = await rawPair();
      await pair.peer.send("good");
      assert.equal(text(await pair.near.recv(10)), "good");
      await send(pair);
      for (let again = 0; again < 2; again++) {
        await look(pair.near);
        const error = await errorOf(pair.near.recv(10));
        assert.ok(error instanceof ssl.SSLError, String(error));
        assert.equal(error.reason, reason);
      }
    });
  }
}
