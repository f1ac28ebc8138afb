// A receive for which no memory is left fails and loses nothing. The default backend allocates as much as a receive with
// MSG_WAITALL asks for.

import assert from "node:assert/strict";
import { MSG_WAITALL, SHUT_RD } from "../mod.ts";
import * as m from "../mod.ts";
import { Connected, settled, text } from "./conformance/fixtures.ts";

/** The size of a receive that finds no memory, in bytes. */
const LARGE = 1 << 24;

/** Makes allocations of so many bytes fail until it is disposed of. */
function scarceMemory(): Disposable {
  const Real = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(Real, {
    construct(target, args, newTarget) {
      if (args[0] >= LARGE) throw new RangeError("Array buffer allocation failed");
      return Reflect.construct(target, args, newTarget);
    },
  });
  return {
    [Symbol.dispose]() {
      globalThis.Uint8Array = Real;
    },
  };
}

const NO_MEMORY = { name: "RangeError", message: /allocation failed/ };

Deno.test("a receive for which no memory is left loses no data", async () => {
  using all = await Connected.open(m);
  const { client, peer } = all;
  using _ = scarceMemory();
  await assert.rejects(client.recv(LARGE, MSG_WAITALL), NO_MEMORY);
  await peer.sendall("first");
  assert.equal(text(await settled(client.recv(100))), "first");
  // The same with data in the buffer.
  await peer.sendall("second");
  assert.equal(text(await settled(client.recv(1))), "s");
  await assert.rejects(settled(client.recv(LARGE, MSG_WAITALL)), NO_MEMORY);
  assert.equal(text(await settled(client.recv(100))), "econd");
});

Deno.test("a receive for which no memory is left behind another one fails when its turn comes", async () => {
  using all = await Connected.open(m);
  const { client, peer } = all;
  using _ = scarceMemory();
  const [first, second, third] = [client.recv(3), client.recv(LARGE, MSG_WAITALL), client.recv(100)];
  await Promise.all([
    settled(first).then((data) => assert.equal(text(data), "one")),
    assert.rejects(settled(second), NO_MEMORY),
    settled(third).then((data) => assert.equal(text(data), "two")),
    peer.sendall("onetwo"),
  ]);
});

Deno.test("a receive for which no memory is left after another one was given up fails", async () => {
  using all = await Connected.open(m);
  const { client, peer } = all;
  using _ = scarceMemory();
  const abort = new AbortController();
  const [first, second, third] = [
    client.recv(3, 0, { signal: abort.signal }),
    client.recv(LARGE, MSG_WAITALL),
    client.recv(100),
  ];
  const outcomes = Promise.all([
    assert.rejects(settled(first), { name: "AbortError" }),
    assert.rejects(settled(second), NO_MEMORY),
  ]);
  abort.abort();
  await peer.sendall("three");
  assert.equal(text(await settled(third)), "three");
  await outcomes;
});

Deno.test("a receive after SHUT_RD for which no memory is left fails", async () => {
  using all = await Connected.open(m);
  const { client, peer } = all;
  // More than is read ahead, so that no read is under way.
  await peer.sendall(new Uint8Array(200_000).fill(1));
  await client.shutdown(SHUT_RD);
  using _ = scarceMemory();
  await assert.rejects(settled(client.recv(LARGE, MSG_WAITALL)), NO_MEMORY);
  assert.deepEqual(await settled(client.recv(3)), new Uint8Array([1, 1, 1]));
});

Deno.test("a receive for which no memory is left takes no data from one of a duplicate", async () => {
  using all = await Connected.open(m);
  const { client, peer } = all;
  using copy = client.dup();
  using _ = scarceMemory();
  // The receive of the duplicate finds a read under way. Its own read would begin when the first receive has its data.
  const first = client.recv(100);
  const second = copy.recv(LARGE, MSG_WAITALL);
  await Promise.all([
    settled(first).then((data) => assert.equal(text(data), "data")),
    assert.rejects(settled(second), NO_MEMORY),
    peer.sendall("data"),
  ]);
  await peer.sendall("more");
  assert.equal(text(await settled(copy.recv(100))), "more");
});
