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

    test("a peek shortens none of the receives behind it", async ({ client, peer }) => {
      await client.sendall("abcdefghij");
      assert.equal(text(await peer.recv(4, m.MSG_PEEK)), "abcd");
      assert.equal(text(await peer.recv(3)), "abc");
      assert.equal(text(await settled(peer.recv(100))), "defghij");
    });

    test("peeks of growing size show more each time, and data that came between", async ({ client, peer }) => {
      await client.sendall("abc");
      assert.equal(text(await peer.recv(2, m.MSG_PEEK)), "ab");
      await client.sendall("def");
      assert.equal(text(await peer.recv(100, m.MSG_PEEK)), "abcdef");
      await client.sendall("ghi");
      const buffer = new Uint8Array(100);
      assert.equal(text(buffer.subarray(0, await peer.recv_into(buffer))), "abcdefghi");
    });

    if (family !== "Unix") {
      test("what comes after SHUT_RD is shown whole, a smaller peek before or not", async ({ client, peer }) => {
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

    test("what a smaller receive left is given with what came since", async ({ client, peer }) => {
      await client.sendall("abcdef");
      await m.select([peer], [], []);
      assert.equal(text(await peer.recv(2)), "ab");
      await client.sendall("ghi");
      assert.equal(text(await settled(peer.recv(100))), "cdefghi");
    });

    test("what comes after SHUT_RD is given whole", async ({ client, peer }) => {
      if (family === "Unix") return;
      await assert.rejects(peer.recv(6, m.MSG_PEEK | m.MSG_DONTWAIT), { code: "EAGAIN" });
      await peer.shutdown(m.SHUT_RD);
      await client.send("si71qsei");
      assert.equal(text(await peer.recv(100, m.MSG_PEEK)), "si71qsei");
      assert.equal(text(await peer.recv(100, m.MSG_WAITALL)), "si71qsei");
      assert.equal((await peer.recv(100)).length, 0);
    });

    test("much that is there is given at once", async ({ client, peer }) => {
      const sent = Uint8Array.from({ length: 50_000 }, (_, n) => n % 251);
      await client.sendall(sent);
      assert.deepEqual(await settled(peer.recv(65536)), sent);
    });

    test("a receive under a short timeout gives what is there", async ({ client, peer }) => {
      await client.sendall("abcdef");
      assert.equal(text(await peer.recv(2, m.MSG_PEEK)), "ab");
      peer.settimeout(0.001);
      assert.equal(text(await peer.recv(100)), "abcdef");
    });

    test("files of a non-blocking socket are not short", async ({ client, peer }) => {
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
