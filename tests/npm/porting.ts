// The packages that docs/from-python.md recommends, used as shown there.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { load } from "./_streams.ts";

Deno.test("python-struct packs and unpacks with Python's formats", () => {
  const struct = load("python-struct");
  const packed = struct.pack(">HI", 1, 2);
  assert.deepEqual([...packed], [0, 1, 0, 0, 0, 2]);
  const data = new Uint8Array(packed);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  assert.deepEqual(struct.unpack(">HI", bytes), [1, 2]);
  assert.equal(struct.sizeOf(">HI"), 6);
});

Deno.test("ipaddr.js parses, matches and classifies addresses", () => {
  const ipaddr = load("ipaddr.js");
  assert.equal(
    ipaddr.parse("192.168.7.1").match(ipaddr.parseCIDR("192.168.0.0/16")),
    true,
  );
  assert.equal(ipaddr.parse("::1").range(), "loopback");
});
