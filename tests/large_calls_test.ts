// Large calls and calls that must wait, whose results differ from CPython's (see docs/known-differences.md).

import assert from "node:assert/strict";
import { SUBJECTS } from "./_sim.ts";
import { Connected, Listening } from "./conformance/fixtures.ts";
import { askPython, pythonTest, TemporaryDirectory } from "./_helpers.ts";

for (const { name, module: m } of SUBJECTS) {
  Deno.test(`${name}: a blocking send of much data sends a part of it`, async () => {
    using all = await Connected.open(m);
    const data = new Uint8Array(1 << 25);
    const sent = await all.client.send(data);
    assert.ok(sent > 0 && sent < data.length, String(sent));
    const received = await all.peer.recv(sent, m.MSG_WAITALL);
    assert.equal(received.length, sent);
  });

  pythonTest(`${name}: a Unix connect with a timeout waits for a full queue, where python3 throws EAGAIN`, async () => {
    using directory = new TemporaryDirectory();
    assert.equal(
      await askPython(
        `
import json, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(0)
first = socket.socket(socket.AF_UNIX)
first.connect(sys.argv[1])
second = socket.socket(socket.AF_UNIX)
second.settimeout(5)
try:
    second.connect(sys.argv[1])
except OSError as error:
    print(json.dumps(error.errno))`,
        directory.fresh(),
      ),
      11,
    );
    using all = new Listening(m, "Unix", 0);
    const waiting = [];
    // Deno's own backlog is larger than the requested one.
    for (let count = 0; count < 5000; count++) {
      const sk = all.socket();
      waiting.push(sk);
      sk.setblocking(false);
      const errno = await sk.connect_ex(all.address);
      if (errno === 0) continue;
      assert.equal(errno, 11);
      sk.settimeout(0.02);
      await assert.rejects(sk.connect(all.address), m.TimeoutError);
      sk.settimeout(30);
      const connecting = sk.connect(all.address);
      (await all.server.accept())[0].close();
      await connecting;
      break;
    }
    assert.ok(waiting.length < 5000);
    for (const sk of waiting) sk.close();
  });
}
