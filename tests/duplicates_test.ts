// Duplicates of a socket, and objects on one descriptor, share a connection. Each call gets its own outcome.

import assert from "node:assert/strict";
import { SUBJECTS } from "./_sim.ts";
import { Connected, receive, settled, staysPending, text } from "./conformance/fixtures.ts";

const MUCH = 2 ** 20;

for (const { name, module: m } of SUBJECTS) {
  const test = (what: string, fn: () => Promise<void>) => Deno.test(`${name}: duplicates: ${what}`, fn);

  test("concurrent sendall calls are each sent once", async () => {
    using all = await Connected.open(m);
    using second = all.client.dup();
    using third = m.socket(-1, -1, -1, all.client.fileno());
    const sockets = [all.client, second, third];
    const sending = Promise.all(sockets.map((sock, n) => sock.sendall(new Uint8Array(MUCH).fill(n + 1))));
    const counts = [0, 0, 0, 0];
    for (let left = sockets.length * MUCH; left > 0;) {
      const part = await settled(all.peer.recv(65536));
      for (const byte of part) counts[byte]++;
      left -= part.length;
    }
    await settled(sending);
    assert.deepEqual(counts, [0, MUCH, MUCH, MUCH]);
    await all.client.shutdown(m.SHUT_WR);
    assert.equal((await all.peer.recv(10)).length, 0, "nothing more");
    third.detach();
  });

  test("a receive of all bytes and a receive of some get each byte once", async () => {
    using all = await Connected.open(m);
    using copy = all.client.dup();
    const whole = all.client.recv(6, m.MSG_WAITALL);
    await staysPending(whole);
    const some = copy.recv(100);
    await staysPending(some);
    for (const part of ["ab", "cd", "ef", "gh", "ij"]) await all.peer.sendall(part);
    await all.peer.shutdown(m.SHUT_WR);
    const rest: string[] = [];
    for await (const part of copy) rest.push(text(part));
    const got = [text(await settled(whole)), text(await settled(some)), ...rest].join("");
    assert.equal([...got].sort().join(""), "abcdefghij");
  });

  test("the outcome of a send that was given up does not end the next call", async () => {
    using all = await Connected.open(m);
    all.client.settimeout(0.01);
    let sent = 0;
    const piece = new Uint8Array(262144).fill(1);
    // Until nothing more is sent: what the send that timed out took counts as sent.
    for (;;) {
      const count = await all.client.send(piece).catch((error) => {
        assert.equal(error.name, "TimeoutError");
        return 0;
      });
      if (count === 0) break;
      sent += count;
    }
    all.client.settimeout(null);
    const last = all.client.sendall(new Uint8Array(1000).fill(2));
    const got = await receive(all.peer, sent + 1000);
    await settled(last);
    assert.equal(got.indexOf(2), sent);
    assert(got.subarray(sent).every((byte) => byte === 2));
  });

  test("of two concurrent connects the first connects", async () => {
    using all = await Connected.open(m);
    for (const method of ["connect", "connect_ex"] as const) {
      using sock = m.socket();
      using copy = sock.dup();
      const other = m.socket(-1, -1, -1, sock.fileno());
      const accepted = all.server.accept();
      const first: Promise<unknown> = sock[method](all.address);
      const outcomes = await Promise.all(
        [sock, copy, other].map((one) => one.connect(all.address).then(() => "connected", (error) => error.code)),
      );
      await settled(first);
      for (const outcome of outcomes) assert.match(outcome, /^(EALREADY|EISCONN)$/);
      assert.deepEqual(sock.getpeername(), all.address);
      (await settled(accepted))[0].close();
      other.detach();
    }
  });

  test("a repeated non-blocking connect has the same outcome as in the kernel", async () => {
    using all = await Connected.open(m);
    using sock = m.socket();
    sock.setblocking(false);
    await assert.rejects(sock.connect(all.address), { code: "EINPROGRESS" });
    await m.select([], [sock], []);
    assert.equal(await sock.connect_ex(all.address), 0);
    await assert.rejects(sock.connect(all.address), { code: "EISCONN" });
  });
}
