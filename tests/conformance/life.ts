// close, detach, dup and using: which sockets and connections they close.

import assert from "node:assert/strict";
import { Connected, declare, FAMILIES, Listening, receive, staysPending, text } from "./fixtures.ts";
import type { Subject } from "./fixtures.ts";

export function lifeSuite(subject: Subject): void {
  const { module: m } = subject;
  const test = declare(subject);

  for (const family of FAMILIES) {
    test(`${family}: close rejects every pending call with EBADF`, async () => {
      using all = await Connected.open(m, family);
      const { server, client } = all;
      const calls = [
        server.accept(),
        server.accept(),
        client.recv(10),
        client.recv_into(new Uint8Array(1)),
        client.recv(10, m.MSG_PEEK),
        // This is more than both buffers hold. Linux lets them grow to some megabytes.
        client.sendall(new Uint8Array(32 * 2 ** 20)),
        client.send("behind it"),
      ];
      await staysPending(Promise.race(calls));
      const failed = calls.map((call) => assert.rejects(call, { name: "OSError", code: "EBADF" }));
      server.close();
      client.close();
      await Promise.all(failed);
      // The peer may still receive bytes that were under way.
      all.peer.close();
    });

    test(`${family}: close ends a connection for its peer`, async () => {
      using all = await Connected.open(m, family);
      const waiting = all.peer.recv(10);
      await staysPending(waiting);
      all.client.close();
      assert.equal((await waiting).length, 0);
    });

    test(`${family}: close while a receive is pending ends the connection for its peer`, async () => {
      using all = await Connected.open(m, family);
      const pending = assert.rejects(all.client.recv(10), { code: "EBADF" });
      await staysPending(pending);
      all.client.close();
      await pending;
      assert.equal((await all.peer.recv(10)).length, 0);
    });

    test(`${family}: a closed listener refuses connections, and resets those in its queue`, async () => {
      using listening = new Listening(m, family);
      using waiting = listening.socket();
      await waiting.connect(listening.address);
      listening.server.close();
      assert.equal((await waiting.recv(1).catch(() => [])).length, 0);
      using late = listening.socket();
      const answer = new m.OSError(await late.connect_ex(listening.address)).code;
      assert(answer === "ECONNREFUSED" || family === "Unix" && answer === "ENOENT", answer);
    });

    test(`${family}: dup is the same socket twice`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      client.settimeout(5);
      using copy = client.dup();
      assert.notEqual(copy.fileno(), client.fileno());
      assert.equal(copy.family, client.family);
      assert.equal(copy.type, client.type);
      assert.equal(copy.gettimeout(), 5);
      assert.deepEqual(copy.getsockname(), client.getsockname());
      await copy.sendall("a");
      await client.sendall("b");
      assert.equal(text(await receive(peer, 2)), "ab");
      await peer.sendall("cd");
      assert.equal(text(await copy.recv(1)) + text(await client.recv(1)), "cd");
      // Closing one duplicate leaves the other duplicate and the connection open.
      client.close();
      await copy.sendall("e");
      assert.equal(text(await peer.recv(10)), "e");
      const end = peer.recv(10);
      await staysPending(end);
      copy.close();
      assert.equal((await end).length, 0);
    });

    test(`${family}: closing a dup rejects only its own pending calls`, async () => {
      using all = await Connected.open(m, family);
      using copy = all.client.dup();
      const own = assert.rejects(copy.recv(10), { code: "EBADF" });
      const other = all.client.recv(10);
      await staysPending(other);
      copy.close();
      await own;
      await staysPending(other);
      await all.peer.sendall("x");
      assert.equal(text(await other), "x");
    });

    test(`${family}: the original closed before its dup`, async () => {
      using all = await Connected.open(m, family);
      using copy = all.client.dup();
      const own = assert.rejects(all.client.recv(10), { code: "EBADF" });
      const other = copy.recv(10);
      await staysPending(other);
      all.client.close();
      await own;
      await all.peer.sendall("x");
      assert.equal(text(await other), "x");
    });

    test(`${family}: a dup of a listener accepts`, async () => {
      using listening = new Listening(m, family);
      using copy = listening.server.dup();
      listening.server.close();
      using client = listening.socket();
      const accepted = copy.accept();
      await client.connect(listening.address);
      (await accepted)[0].close();
    });

    test(`${family}: detach gives the descriptor away, and it can be adopted`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      const fd = client.fileno();
      const pending = assert.rejects(client.recv(10), { code: "EBADF" });
      assert.equal(client.detach(), fd);
      await pending;
      assert.equal(client.fileno(), -1);
      assert.throws(() => client.getsockname(), { code: "EBADF" });
      client.close();
      await peer.sendall("x");
      using adopted = m.socket(-1, -1, -1, fd);
      assert.equal(adopted.fileno(), fd);
      assert.equal(adopted.family, peer.family);
      assert.equal(adopted.type, m.SOCK_STREAM);
      assert.equal(text(await adopted.recv(10)), "x");
      assert.equal(client.detach(), -1);
    });

    test(`${family}: using and await using close`, async () => {
      using all = await Connected.open(m, family);
      let kept;
      {
        using copy = all.client.dup();
        kept = copy;
      }
      assert.equal(kept.fileno(), -1);
      {
        await using copy = all.client.dup();
        kept = copy;
      }
      assert.equal(kept.fileno(), -1);
      assert(all.client.fileno() >= 0);
    });

    test(`${family}: closing with unread data resets the peer`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      await client.sendall("unread");
      const waiting = client.recv(10);
      await staysPending(waiting);
      peer.close();
      const answer = await waiting.catch((error) => error.code);
      // Deno shuts down a TCP connection before it closes it, so the end of the stream arrives before the reset.
      if (answer.length !== 0 || family === "Unix") assert.equal(answer, "ECONNRESET");
      assert.equal((await client.recv(10)).length, 0);
      await assert.rejects(client.send("x"), { name: "BrokenPipeError", code: "EPIPE" });
    });
  }

  test("close is idempotent, and a closed socket answers EBADF to everything", async () => {
    using all = await Connected.open(m);
    const { client } = all;
    const { family, type, proto } = client;
    client.settimeout(3);
    client.close();
    client.close();
    assert.equal(client.fileno(), -1);
    const calls: (() => unknown)[] = [
      () => client.accept(),
      () => client.bind(["127.0.0.1", 0]),
      () => client.connect(all.address),
      () => client.listen(),
      () => client.recv(1),
      () => client.recv_into(new Uint8Array(1)),
      () => client.recvfrom(1),
      () => client.recvfrom_into(new Uint8Array(1)),
      () => client.recvmsg(1),
      () => client.recvmsg_into([new Uint8Array(1)]),
      () => client.send("x"),
      () => client.sendall("x"),
      () => client.sendmsg(["x"]),
      () => client.sendto("x", all.address),
      () => client.shutdown(m.SHUT_RDWR),
      () => client.getsockname(),
      () => client.getpeername(),
      () => client.getsockopt(m.SOL_SOCKET, m.SO_TYPE),
      () => client.setsockopt(m.SOL_SOCKET, m.SO_KEEPALIVE, 1),
      () => client.dup(),
    ];
    for (const call of calls) {
      await assert.rejects(async () => await call(), { name: "OSError", code: "EBADF" }, String(call));
    }
    assert.equal(new m.OSError(await client.connect_ex(all.address)).code, "EBADF");
    // What the kernel does not store is kept.
    assert.deepEqual([client.family, client.type, client.proto], [family, type, proto]);
    assert.equal(client.gettimeout(), 3);
    for await (const _ of client) assert.fail("iteration over a closed socket");
  });

  test("the inspect form is Python's", async () => {
    using all = await Connected.open(m);
    const { client, peer } = all;
    const [laddr, raddr] = [JSON.stringify(client.getsockname()), JSON.stringify(peer.getsockname())];
    assert.equal(
      Deno.inspect(client),
      `<socket.socket fd=${client.fileno()}, family=2, type=1, proto=0, laddr=${laddr}, raddr=${raddr}>`,
    );
    client.close();
    assert.equal(Deno.inspect(client), "<socket.socket [closed] fd=-1, family=2, type=1, proto=0>");
  });

  test("1,000 connections opened, used and closed", async () => {
    using listening = new Listening(m, "IPv4", 128);
    const serving = (async () => {
      for await (const [peer] of listening.server) {
        (async () => {
          for await (const chunk of peer) await peer.sendall(chunk);
          peer.close();
        })();
      }
    })();
    const before = listening.socket();
    const first = before.fileno();
    before.close();
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 50 }, async (_, n) => {
        using client = listening.socket();
        await client.connect(listening.address);
        await client.sendall(`${round}/${n}`);
        assert.equal(text(await client.recv(100)), `${round}/${n}`);
        await client.shutdown(m.SHUT_WR);
        assert.equal((await client.recv(100)).length, 0);
      }));
    }
    assert(first >= 0);
    listening.server.close();
    await serving;
  });
}
