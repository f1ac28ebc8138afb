// The errors of non-blocking calls on a native TLS socket. They name the direction that the call waits for, as CPython's.

import assert from "node:assert/strict";
import { select } from "../native.ts";
import { SSLWantReadError, SSLWantWriteError } from "../native/ssl.ts";
import type { Socket } from "../mod.ts";
import { errorOf, text } from "./tls/backends.ts";
import { rawPair } from "./tls/raw_pair.ts";

/** Sends until the peer, which does not receive, lets the socket take no more. */
async function fill(sock: Socket): Promise<Error> {
  for (;;) {
    try {
      await sock.send(new Uint8Array(1 << 18));
    } catch (error) {
      return error as Error;
    }
  }
}

Deno.test("native: a non-blocking receive throws SSLWantReadError, also while earlier data is unsent", async () => {
  using pair = await rawPair();
  const { near, peer } = pair;
  near.setblocking(false);
  assert.ok((await errorOf(near.recv(10))) instanceof SSLWantReadError);
  assert.ok((await fill(near)) instanceof SSLWantWriteError);
  assert.ok((await errorOf(near.recv(10))) instanceof SSLWantReadError);
  await peer.send("data");
  assert.deepEqual(await select([near], [], [], 5), [[near], [], []]);
  assert.equal(text(await near.recv(10)), "data");
});

Deno.test("native: a non-blocking unwrap throws SSLWantWriteError while earlier data is unsent", async () => {
  using pair = await rawPair();
  const { near } = pair;
  near.setblocking(false);
  assert.ok((await errorOf(near.unwrap())) instanceof SSLWantReadError);
  using other = await rawPair();
  other.near.setblocking(false);
  await fill(other.near);
  assert.ok((await errorOf(other.near.unwrap())) instanceof SSLWantWriteError);
});
