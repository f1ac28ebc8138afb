// The memory for the copies of data that the default backend sends.

import assert from "node:assert/strict";
import { copyToSend, reuse } from "../deno/send_memory.ts";

Deno.test("copies of any length hold the first bytes of the data, and do not overlap", () => {
  const data = Uint8Array.from({ length: 5000 }, (_, i) => i);
  const lengths = [0, 1, 64, 1023, 1024, 1025, 4096, 5000];
  const copies = Array.from({ length: 40 }, () => lengths.map((length) => copyToSend(data, length)));
  const wanted = data.slice();
  data.fill(0);
  for (const set of copies) {
    set.forEach((copy, at) => assert.deepEqual(copy, wanted.subarray(0, lengths[at])));
  }
});

Deno.test("the memory of a large copy is used again after its send, and small ones have none of their own", () => {
  const data = new Uint8Array(3000);
  const first = copyToSend(data, 3000);
  reuse(first);
  assert.equal(copyToSend(data, 2500).buffer, first.buffer);
  assert.notEqual(copyToSend(data, 2500).buffer, first.buffer);
  const [one, other] = [copyToSend(data, 100), copyToSend(data, 100)];
  reuse(one);
  assert.notEqual(one.byteOffset, other.byteOffset);
  assert.ok(one.buffer.byteLength > 100);
});

Deno.test("the memory of a copy above 1 MiB is not kept, and of smaller ones 1 MiB of each size", () => {
  for (const [size, kept] of [[2 ** 20 + 1, 0], [2 ** 20, 1], [2 ** 18, 4]]) {
    const data = new Uint8Array(size);
    // More than any other test has left.
    const copies = Array.from({ length: 6 }, () => copyToSend(data, size));
    copies.forEach(reuse);
    const buffers = new Set(copies.map(({ buffer }) => buffer));
    const again = copies.map(() => copyToSend(data, size));
    assert.equal(again.filter(({ buffer }) => buffers.has(buffer)).length, kept, `${size} bytes`);
  }
});
