// The memory of the default backend's receives.

import assert from "node:assert/strict";
import { ReadBuffer } from "../deno/read_buffer.ts";

const LARGE = 2 ** 24;

/** Reads some bytes, which all have one value. */
function read(buffer: ReadBuffer, size: number, count: number, value: number): void {
  buffer.beginRead(size).fill(value, 0, count);
  buffer.endRead(count);
}

/** Returns how many bytes of memory lie outside V8's heap, after everything that is unused was collected. */
async function externalBytes(): Promise<number> {
  let bytes = Infinity;
  for (let turns = 0; turns < 4; turns++) {
    // A WeakRef keeps its object alive until the end of a turn.
    await new Promise((resolve) => setImmediate(resolve));
    (globalThis as unknown as { gc(): void }).gc();
    bytes = Math.min(bytes, Deno.memoryUsage().external);
  }
  return bytes;
}

/** What happens after the bytes of a large receive have arrived. */
const USES: Record<string, (buffer: ReadBuffer) => void> = {
  "all bytes were received": (buffer) => buffer.drop(LARGE),
  "most of the bytes were received": (buffer) => {
    buffer.drop(LARGE - 100);
    assert.deepEqual(buffer.peek(100), new Uint8Array(100).fill(1));
  },
  "the bytes were received in parts": (buffer) => {
    for (let left = LARGE; left > 0; left -= 65536) assert.equal(buffer.take(65536)[65535], 1);
  },
  "they were received during a small read": (buffer) => {
    buffer.beginRead(0);
    buffer.drop(LARGE);
    buffer.endRead(0);
    read(buffer, 2048, 1, 2);
    assert.deepEqual(buffer.take(1), Uint8Array.of(2));
  },
};

for (const [what, use] of Object.entries(USES)) {
  Deno.test({
    name: `deno: the memory of a large receive is released when ${what}`,
    ignore: !("gc" in globalThis),
    fn: async () => {
      const buffer = new ReadBuffer();
      const before = await externalBytes();
      read(buffer, LARGE, LARGE, 1);
      use(buffer);
      const kept = await externalBytes() - before;
      assert.ok(kept < 2 ** 20, `${kept} bytes`);
      // It still works.
      const left = buffer.length;
      read(buffer, 2048, 3, 3);
      buffer.drop(left);
      assert.deepEqual(buffer.take(3), Uint8Array.of(3, 3, 3));
    },
  });
}

Deno.test("deno: memory that was given to the program is not used for later receives", () => {
  const buffer = new ReadBuffer();
  const size = 2 ** 20;
  read(buffer, size, size, 1);
  buffer.drop(size);
  read(buffer, size, size, 2);
  const given = buffer.take(size);
  read(buffer, size, size, 3);
  assert.ok(given.every((byte) => byte === 2));
  buffer.drop(size);
  read(buffer, size, size, 4);
  assert.ok(given.every((byte) => byte === 2));
});
