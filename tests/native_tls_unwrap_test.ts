// Receives after unwrap: the bytes that came together with the peer's close_notify are like those in the kernel's queue.

import assert from "node:assert/strict";
import { MSG_PEEK, MSG_WAITALL, select, SO_LINGER, SOL_SOCKET } from "../native.ts";
import type { Socket } from "../mod.ts";
import { errorOf, text } from "./tls/backends.ts";
import { rawPair } from "./tls/raw_pair.ts";
import type { RawPair } from "./tls/raw_pair.ts";

/** A socket after unwrap. The text "together" came with the peer's close_notify. */
async function unwrapped(): Promise<RawPair & { plain: Socket }> {
  const pair = await rawPair();
  pair.peer.engine.closeNotify();
  await pair.far.sendall(Uint8Array.of(...pair.peer.outgoing.read(), ...new TextEncoder().encode("together")));
  return { ...pair, plain: await pair.near.unwrap() };
}

Deno.test("native: after unwrap, MSG_PEEK takes nothing, and shows the data that came later too", async () => {
  using pair = await unwrapped();
  const { plain, far } = pair;
  assert.equal(text(await plain.recv(3, MSG_PEEK)), "tog");
  assert.equal(text(await plain.recv(100, MSG_PEEK)), "together");
  const [data] = await plain.recvmsg(100, 0, MSG_PEEK);
  assert.equal(text(data), "together");
  await far.sendall(" and later");
  assert.equal(text(await plain.recv(100, MSG_PEEK)), "together and later");
  assert.equal(text(await plain.recv(100)), "together");
  assert.equal(text(await plain.recv(100)), " and later");
});

Deno.test("native: after unwrap, MSG_WAITALL waits for all bytes, and loses none if it is given up", async () => {
  using pair = await unwrapped();
  const { plain, far } = pair;
  const all = plain.recv(12, MSG_WAITALL);
  await far.sendall(" and");
  assert.equal(text(await all), "together and");

  using other = await unwrapped();
  const controller = new AbortController();
  const given = errorOf(other.plain.recv_into(new Uint8Array(100), 0, MSG_WAITALL, { signal: controller.signal }));
  await other.far.sendall("!");
  controller.abort("enough");
  assert.equal(await given, "enough");
  assert.equal(text(await other.plain.recv(9, MSG_WAITALL)), "together!");
});

Deno.test("native: after unwrap, recvmsg_into fills all of its buffers", async () => {
  using pair = await unwrapped();
  const views = [new Uint8Array(3), new Uint8Array(4), new Uint8Array(4)];
  assert.equal((await pair.plain.recvmsg_into(views))[0], 8);
  assert.deepEqual(views.map(text), ["tog", "ethe", "r\0\0\0"]);
});

Deno.test("native: after unwrap, an error follows the bytes that came before it", async () => {
  using pair = await unwrapped();
  const { plain, far } = pair;
  far.setsockopt(SOL_SOCKET, SO_LINGER, new Int32Array([1, 0]));
  far.close();
  assert.equal(text(await plain.recv(100, MSG_WAITALL)), "together");
  assert.deepEqual(await select([plain], [], [], 5), [[plain], [], []]);
  assert.equal((await errorOf(plain.recv(1))).code, "ECONNRESET");
  assert.equal((await plain.recv(1)).length, 0);
});
