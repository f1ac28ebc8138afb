// bind, listen, accept and connect: names, claimed addresses and the queue.

import assert from "node:assert/strict";
import { Connected, declare, failure, FAMILIES, Listening, place, receive, staysPending, text } from "./fixtures.ts";
import type { Subject } from "./fixtures.ts";

export function addressSuite(subject: Subject): void {
  const { module: m } = subject;
  const test = declare(subject);

  test("a new socket has its family, type and protocol, and no address", () => {
    for (const family of FAMILIES) {
      using free = place(m, family);
      using socket = m.socket(free.family, m.SOCK_STREAM);
      assert.equal(socket.family, free.family);
      assert.equal(socket.type, m.SOCK_STREAM);
      assert.equal(socket.proto, 0);
      assert.equal(socket.timeout, null);
      assert(socket.fileno() >= 0);
      const none = { IPv4: ["0.0.0.0", 0], IPv6: ["::", 0, 0, 0], Unix: "" }[family];
      assert.deepEqual(socket.getsockname(), none);
      assert.throws(() => socket.getpeername(), { code: "ENOTCONN" });
    }
  });

  test("SOCK_NONBLOCK and SOCK_CLOEXEC are no part of the type", () => {
    using socket = m.socket(m.AF_INET, m.SOCK_STREAM | m.SOCK_NONBLOCK | m.SOCK_CLOEXEC);
    assert.equal(socket.type, m.SOCK_STREAM);
    assert.equal(socket.timeout, 0);
    assert.equal(socket.getblocking(), false);
  });

  for (const family of FAMILIES) {
    test(`${family}: addresses of both ends after accept and connect`, async () => {
      using all = await Connected.open(m, family);
      const { server, client, peer, address } = all;
      assert.deepEqual(client.getpeername(), server.getsockname());
      assert.deepEqual(peer.getsockname(), server.getsockname());
      assert.deepEqual(peer.getpeername(), client.getsockname());
      assert.equal(peer.family, server.family);
      assert.equal(peer.type, m.SOCK_STREAM);
      if (family !== "Unix") assert(address[1] > 0);
      assert.throws(() => server.getpeername(), { code: "ENOTCONN" });
    });

    test(`${family}: accept returns the peer's address`, async () => {
      using listening = new Listening(m, family);
      using client = listening.socket();
      const accepted = listening.server.accept();
      await client.connect(listening.address);
      const [peer, address] = await accepted;
      assert.deepEqual(address, client.getsockname());
      peer.close();
    });

    test(`${family}: bind claims the address`, () => {
      using free = place(m, family);
      using first = m.socket(free.family);
      using second = m.socket(free.family);
      first.bind(free.address);
      const address = first.getsockname();
      assert.throws(() => second.bind(address), { name: "OSError", code: "EADDRINUSE", syscall: "bind", address });
      if (family === "IPv4") {
        const named = ["localhost", address[1] as number] as const;
        assert.throws(() => second.bind(named), { code: "EADDRINUSE", address: named }, "the address as it was given");
      }
      if (family !== "Unix") assert((address[1] as number) > 0, "the true port");
      // The bind that failed changed nothing: another address can still be bound.
      using other = place(m, family);
      assert.throws(() => first.bind(other.address), { code: "EINVAL" });
      if (family !== "Unix") second.bind(free.address);
    });

    test(`${family}: no connection is accepted before listen`, async () => {
      using free = place(m, family);
      using server = m.socket(free.family);
      server.bind(free.address);
      using early = m.socket(free.family);
      const error = await early.connect(server.getsockname()).then(() => null, (error) => error);
      // The default backend's claim is a listener with backlog 0. A connect may succeed and is reset by listen. A Unix
      // connect waits, because the path is not opened again: that would change its access rights.
      if (error !== null) assert.equal(error.code, "ECONNREFUSED");
      server.listen(4);
      if (error === null && family === "Unix") (await server.accept())[0].close();
      if (error === null) assert.equal((await early.recv(10).catch(() => [])).length, 0, "cut off");
      using late = m.socket(free.family);
      await late.connect(server.getsockname());
      const [peer] = await server.accept();
      await late.sendall("late");
      assert.equal(text(await receive(peer, 4)), "late");
      peer.close();
    });

    test(`${family}: connections that were queued before accept are served in order`, async () => {
      using listening = new Listening(m, family);
      const clients = [];
      for (let n = 0; n < 5; n++) {
        const client = listening.socket();
        await client.connect(listening.address);
        await client.sendall(`${n}`);
        clients.push(client);
      }
      for (let n = 0; n < 5; n++) {
        const [peer] = await listening.server.accept();
        assert.equal(text(await peer.recv(10)), `${n}`);
        peer.close();
      }
      for (const client of clients) client.close();
    });

    test(`${family}: concurrent accepts are served first come, first served`, async () => {
      using listening = new Listening(m, family);
      const order: number[] = [];
      const accepts = [1, 2, 3].map((n) => listening.server.accept().then(([peer]) => (order.push(n), peer)));
      const clients = [];
      for (let n = 0; n < 3; n++) {
        const client = listening.socket();
        await client.connect(listening.address);
        clients.push(client);
      }
      for (const peer of await Promise.all(accepts)) peer.close();
      assert.deepEqual(order, [1, 2, 3]);
      for (const client of clients) client.close();
    });

    test(`${family}: connect throws and connect_ex returns a refusal`, async () => {
      using free = place(m, family);
      using gone = m.socket(free.family);
      gone.bind(free.address);
      const address = gone.getsockname();
      gone.close();
      using socket = m.socket(free.family);
      // Python leaves the file of a Unix path, so a connect is refused. Deno removes the file with its listener, so the
      // path is missing.
      const refused = family === "Unix" ? ["ECONNREFUSED", "ENOENT"] : ["ECONNREFUSED"];
      const error = await socket.connect(address).then(() => null, (error) => error);
      assert(error instanceof m.OSError && refused.includes(error.code!), String(error));
      if (error.code === "ECONNREFUSED") assert(error instanceof m.ConnectionRefusedError);
      assert.equal(error.syscall, "connect");
      assert.deepEqual(error.address, address);
      assert.equal(await socket.connect_ex(address), error.errno);
    });

    test(`${family}: connect_ex returns 0, and then EISCONN`, async () => {
      using listening = new Listening(m, family);
      using client = listening.socket();
      assert.equal(await client.connect_ex(listening.address), 0);
      const again = await client.connect_ex(listening.address);
      assert.equal(new m.OSError(again).code, "EISCONN");
      await assert.rejects(client.connect(listening.address), { code: "EISCONN" });
    });
  }

  test("Unix: a name in the abstract namespace", async () => {
    const address = `\0berkeley-${crypto.randomUUID()}`;
    using server = m.socket(m.AF_UNIX);
    server.bind(address);
    server.listen();
    assert.equal(server.getsockname(), address);
    using client = m.socket(m.AF_UNIX);
    await client.connect(address);
    const [peer] = await server.accept();
    assert.equal(client.getpeername(), address);
    await client.sendall("hidden");
    assert.equal(text(await receive(peer, 6)), "hidden");
    peer.close();
  });

  test('Unix: bind("") takes a name in the abstract namespace, and keeps it', async () => {
    using server = m.socket(m.AF_UNIX);
    server.bind("");
    const address = server.getsockname();
    assert.match(String(address), /^\0[0-9a-f]{5,}$/);
    server.bind("");
    assert.equal(server.getsockname(), address);
    server.listen();
    using other = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    other.bind("");
    assert.match(String(other.getsockname()), /^\0[0-9a-f]{5,}$/);
    using client = m.socket(m.AF_UNIX);
    await client.connect(address);
    const [peer] = await server.accept();
    assert.equal(peer.getsockname(), address);
    peer.close();
  });

  test("a host name is accepted wherever a host is", async () => {
    using server = m.socket();
    server.bind(["localhost", 0]);
    server.listen();
    const [host, port] = server.getsockname();
    assert.equal(host, "127.0.0.1");
    using client = m.socket();
    await client.connect(["localhost", port]);
    (await server.accept())[0].close();
  });

  test('"" binds every interface', async () => {
    using server = m.socket();
    server.bind(["", 0]);
    server.listen();
    const [host, port] = server.getsockname();
    assert.equal(host, "0.0.0.0");
    using client = m.socket();
    await client.connect(["127.0.0.1", port]);
    (await server.accept())[0].close();
    using server6 = m.socket(m.AF_INET6);
    server6.bind(["", 0]);
    assert.equal(server6.getsockname()[0], "::");
  });

  test("an invalid host name is an error of the look-up", async () => {
    for (const host of ["a..b", "[::1]", "a b"]) {
      const address: [string, number] = [host, 80];
      using stream = m.socket();
      const unknown = { name: "gaierror", errno: -2, code: "EAI_NONAME" };
      assert.throws(() => stream.bind(address), unknown, host);
      await assert.rejects(stream.connect(address), unknown, host);
      await assert.rejects(stream.connect_ex(address), unknown, host);
      using datagrams = m.socket(m.AF_INET, m.SOCK_DGRAM);
      await assert.rejects(datagrams.sendto("x", address), unknown, host);
    }
  });

  test("an international host name is accepted", async () => {
    // The ASCII form of these full-width letters is "localhost".
    const host = "ｌｏｃａｌｈｏｓｔ";
    using server = m.socket();
    server.bind([host, 0]);
    assert.equal(server.getsockname()[0], "127.0.0.1");
    server.listen();
    const [, port] = server.getsockname();
    using client = m.socket();
    await client.connect([host, port]);
    using other = await m.create_connection([host, port]);
    assert.deepEqual(other.getpeername(), ["127.0.0.1", port]);
    // The ASCII form of this name is empty. The empty host means every interface, and this name must not mean the same.
    using unnamed = m.socket();
    assert.throws(() => unnamed.bind(["\u{fffe}", 0]), RangeError);
    await assert.rejects(unnamed.connect(["\u{fffe}", 80]), RangeError);
  });

  test("bind resolves a name to an address of the socket's family", () => {
    for (const [family, type] of [[m.AF_INET, m.SOCK_STREAM], [m.AF_INET, m.SOCK_DGRAM], [m.AF_INET6, m.SOCK_STREAM]]) {
      using sock = m.socket(family, type);
      try {
        sock.bind(["localhost", 0]);
      } catch (error) {
        // This system has an address of localhost in one family only.
        assert.equal((error as Error).name, "gaierror");
        continue;
      }
      assert.equal(sock.getsockname()[0], family === m.AF_INET6 ? "::1" : "127.0.0.1");
    }
  });

  test("port 0 has no listener", async () => {
    using sock = m.socket();
    const refused = await failure(() => sock.connect(["127.0.0.1", 0]));
    assert.equal(refused.code, "ECONNREFUSED");
    using other = m.socket();
    assert.equal(await other.connect_ex(["127.0.0.1", 0]), refused.errno);
  });

  test("listen without bind takes a port", async () => {
    using server = m.socket();
    server.listen(1);
    const [host, port] = server.getsockname();
    assert.equal(host, "0.0.0.0");
    assert(port > 0);
    using client = m.socket();
    await client.connect(["127.0.0.1", port]);
    (await server.accept())[0].close();
  });

  test("an address is free again after close", async () => {
    const listen = (port: number) => {
      const server = m.socket();
      server.setsockopt(m.SOL_SOCKET, m.SO_REUSEADDR, 1);
      server.bind(["127.0.0.1", port]);
      server.listen();
      return server;
    };
    using server = listen(0);
    const address = server.getsockname();
    using client = m.socket();
    await client.connect(address);
    const [peer] = await server.accept();
    server.close();
    using _again = listen(address[1]);
    await client.sendall("still here");
    assert.equal(text(await receive(peer, 10)), "still here");
    peer.close();
  });

  test("a second listen is allowed, and accept goes on", async () => {
    using listening = new Listening(m, "IPv4");
    const accepted = listening.server.accept();
    await staysPending(accepted);
    listening.server.listen(32);
    using client = listening.socket();
    await client.connect(listening.address);
    (await accepted)[0].close();
  });
}
