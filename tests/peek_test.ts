// A receive returns all available data, also after a peek, after a receive that was given up, or after a smaller
// receive.

import assert from "node:assert/strict";
import { SUBJECTS } from "./_sim.ts";
import { Connected, FAMILIES, settled, staysPending, text } from "./conformance/fixtures.ts";

for (const { name, module: m } of SUBJECTS) {
  for (const family of FAMILIES) {
    const test = (what: string, fn: (all: Connected) => Promise<void>) =>
      Deno.test(`${name}: ${family}: ${what}`, async () => {
        using all = await Connected.open(m, family);
        await fn(all);
      });

    test("a peek does not shorten later receives", async ({ client, peer }) => {
      await client.sendall("abcdefghij");
      assert.equal(text(await peer.recv(4, m.MSG_PEEK)), "abcd");
      assert.equal(text(await peer.recv(3)), "abc");
      assert.equal(text(await settled(peer.recv(100))), "defghij");
    });

    test("peeks of growing size return more each time, and data that arrived meanwhile", async ({ client, peer }) => {
      await client.sendall("abc");
      assert.equal(text(await peer.recv(2, m.MSG_PEEK)), "ab");
      await client.sendall("def");
      assert.equal(text(await peer.recv(100, m.MSG_PEEK)), "abcdef");
      await client.sendall("ghi");
      const buffer = new Uint8Array(100);
      assert.equal(text(buffer.subarray(0, await peer.recv_into(buffer))), "abcdefghi");
    });

    if (family === "Unix") {
      test("a peek with MSG_WAITALL does not wait for more, as in the kernel", async ({ client, peer }) => {
        await client.sendall("abc");
        assert.equal(text(await settled(peer.recv(10, m.MSG_PEEK | m.MSG_WAITALL))), "abc");
        assert.equal(text(await peer.recv(10)), "abc");
      });
    }

    if (family !== "Unix") {
      test("a peek returns all data that arrives after SHUT_RD, also after a smaller peek", async ({ client, peer }) => {
        await assert.rejects(peer.recv(6, m.MSG_PEEK | m.MSG_DONTWAIT), { code: "EAGAIN" });
        await peer.shutdown(m.SHUT_RD);
        await client.sendall("abcdefgh");
        // Data that was read ahead makes no new event, so receives show whether it has arrived.
        for (let tries = 0; tries < 1000 && (await peer.recv(1, m.MSG_PEEK)).length === 0; tries++);
        assert.equal(text(await peer.recv(100, m.MSG_PEEK)), "abcdefgh");
        assert.equal(text(await peer.recv(100)), "abcdefgh");
      });
    }

    for (const mode of ["blocking", "timeout", "non-blocking"]) {
      test(`a receive that was given up does not shorten the next one (${mode})`, async ({ client, peer }) => {
        const abort = new AbortController();
        const receiving = peer.recv(3, { signal: abort.signal });
        await staysPending(receiving);
        abort.abort("aborted");
        await assert.rejects(receiving, (reason) => reason === "aborted");
        await client.sendall("abcdef");
        await client.sendall("ghij");
        if (mode === "timeout") peer.settimeout(10);
        if (mode === "non-blocking") {
          await m.select([peer], [], []);
          peer.setblocking(false);
        }
        assert.equal(text(await settled(peer.recv(100))), "abcdefghij");
      });
    }

    test("a receive returns the data that a smaller receive left, and the data that arrived since", async ({ client, peer }) => {
      await client.sendall("abcdef");
      await m.select([peer], [], []);
      assert.equal(text(await peer.recv(2)), "ab");
      await client.sendall("ghi");
      assert.equal(text(await settled(peer.recv(100))), "cdefghi");
    });

    test("a receive returns all data that arrives after SHUT_RD", async ({ client, peer }) => {
      if (family === "Unix") return;
      await assert.rejects(peer.recv(6, m.MSG_PEEK | m.MSG_DONTWAIT), { code: "EAGAIN" });
      await peer.shutdown(m.SHUT_RD);
      await client.send("si71qsei");
      assert.equal(text(await peer.recv(100, m.MSG_PEEK)), "si71qsei");
      assert.equal(text(await peer.recv(100, m.MSG_WAITALL)), "si71qsei");
      assert.equal((await peer.recv(100)).length, 0);
    });

    test("a receive returns a large amount of present data at once", async ({ client, peer }) => {
      const sent = Uint8Array.from({ length: 50_000 }, (_, n) => n % 251);
      await client.sendall(sent);
      assert.deepEqual(await settled(peer.recv(65536)), sent);
    });

    test("a receive with a short timeout returns the present data", async ({ client, peer }) => {
      await client.sendall("abcdef");
      assert.equal(text(await peer.recv(2, m.MSG_PEEK)), "ab");
      peer.settimeout(0.001);
      assert.equal(text(await peer.recv(100)), "abcdef");
    });

    test("reads of files of a non-blocking socket are not short", async ({ client, peer }) => {
      peer.setblocking(false);
      await using file = peer.makefile("rb", { buffering: 0 });
      assert.equal(await file.readinto(new Uint8Array(10)), null);
      assert.equal(await file.read(19), null);
      await client.sendall("Mary had a little lamb");
      assert.equal(text((await file.read(19))!), "Mary had a little l");
      assert.equal(await file.readinto(new Uint8Array(10)), 3);
      assert.equal(await file.readinto(new Uint8Array(16)), null);
    });
  }
}
