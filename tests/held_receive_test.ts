// On the default backend a large receive reads directly into the program's buffer. Its result is the same as with a
// copy. Data that arrives after the call was given up is for the next receive.

import assert from "node:assert/strict";
import { MSG_PEEK, type Socket, socket, socketpair } from "../mod.ts";
import { select } from "../select.ts";

const LARGE = 65536;

/** A connected pair. A large receive is under way at its first end. */
async function waiting(): Promise<[a: Socket, b: Socket, buffer: Uint8Array, received: Promise<number>]> {
  const [a, b] = await socketpair();
  const buffer = new Uint8Array(LARGE);
  return [a, b, buffer, a.recv_into(buffer)];
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("large recv_into: data, order among receives of all kinds, end of stream", async () => {
  const [a, b, buffer, received] = await waiting();
  const second = a.recv(3);
  const third = new Uint8Array(LARGE);
  const thirdReceived = a.recv_into(third);
  await b.sendall("first");
  assert.equal(await received, 5);
  assert.equal(text(buffer.subarray(0, 5)), "first");
  buffer.fill(120);
  await b.sendall("second");
  assert.equal(text(await second), "sec");
  assert.equal(await thirdReceived, 3);
  assert.equal(text(third.subarray(0, 3)), "ond");
  const last = a.recv_into(buffer);
  b.close();
  assert.equal(await last, 0);
  a.close();
});

Deno.test("large recv_into: many pieces arrive whole, with small receives between", async () => {
  const [a, b] = await socketpair();
  const sent = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251);
  const sending = b.sendall(sent);
  const buffer = new Uint8Array(LARGE);
  let at = 0;
  while (at < sent.length) {
    const piece = at % 7 === 0 ? await a.recv(1000) : buffer.subarray(0, await a.recv_into(buffer));
    assert.deepEqual(piece, sent.subarray(at, at + piece.length));
    at += piece.length;
  }
  await sending;
  a.close();
  b.close();
});

Deno.test("large recv_into: a select and a peek at the same time", async () => {
  const [a, b, buffer, received] = await waiting();
  const readable = select([a], [], []);
  await b.sendall("hello");
  assert.equal(await received, 5);
  assert.equal(text(buffer.subarray(0, 5)), "hello");
  await b.sendall("again");
  assert.equal((await readable)[0][0], a);
  assert.equal(text(await a.recv(LARGE, MSG_PEEK)), "again");
  assert.equal(await a.recv_into(buffer), 5);
  a.close();
  b.close();
});

Deno.test("large recv_into: detach ends it, and later data is kept", async () => {
  const [a, b, buffer, received] = await waiting();
  const fd = a.detach();
  await assert.rejects(received, { code: "EBADF" });
  const again = socket(-1, -1, -1, fd);
  const data = again.recv(100);
  await b.sendall("hello");
  assert.equal(text(await data), "hello");
  buffer.fill(120);
  await b.sendall("more");
  assert.equal(await again.recv_into(buffer), 4);
  assert.equal(text(buffer.subarray(0, 4)), "more");
  again.close();
  b.close();
});

Deno.test("large recv_into: after close, an open duplicate receives the later data", async () => {
  const [a, b, buffer, received] = await waiting();
  const copy = a.dup();
  a.close();
  await assert.rejects(received, { code: "EBADF" });
  await b.sendall("hello");
  assert.equal((await select([copy], [], []))[0][0], copy);
  buffer.fill(120);
  assert.equal(text(await copy.recv(100)), "hello");
  copy.close();
  b.close();
});

Deno.test("large recv_into: close ends it", async () => {
  const [a, b, , received] = await waiting();
  a.close();
  await assert.rejects(received, { code: "EBADF" });
  b.close();
});

Deno.test("large recv_into and sendall: shared memory", async () => {
  const [a, b] = await socketpair();
  const shared = new Uint8Array(new SharedArrayBuffer(LARGE));
  const received = a.recv_into(shared);
  await b.sendall("hello");
  assert.equal(await received, 5);
  const reading = (async () => {
    for (let n = 0; n < LARGE;) n += (await b.recv(LARGE)).length;
  })();
  await a.sendall(shared);
  await reading;
  a.close();
  b.close();
});
