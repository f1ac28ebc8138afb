// Sending datagrams: names, peers, and errors that belong to the right call.

import assert from "node:assert/strict";
import * as udp from "../udp.ts";
import { failure, familyTest, Sockets, text } from "./_datagrams.ts";
import { TemporaryDirectory } from "./_helpers.ts";

familyTest("the first datagram binds an unbound socket, which can then receive answers", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.unbound()];
  await client.sendto("hello", server.getsockname());
  const [data, address] = await server.recvfrom(100);
  assert.equal(text(data), "hello");
  // In the kernel an unbound Unix socket has no name, so no reply can be sent to it.
  if (address === null) return;
  await server.sendto("hello yourself", address);
  assert.equal(text(await client.recv(100)), "hello yourself");
});

familyTest("bind claims the address at once", async (sockets) => {
  const server = sockets.bound();
  assert.notEqual((server.getsockname() as any)[1], 0);
  assert.equal((await failure(() => sockets.unbound().bind(server.getsockname()))).code, "EADDRINUSE");
  assert.equal((await failure(() => server.bind(sockets.free()))).code, "EINVAL");
});

familyTest("a connected socket sends to its peer and receives from no other socket", async (sockets) => {
  const [client, friend, stranger] = [sockets.bound(), sockets.bound(), sockets.bound()];
  await client.connect(friend.getsockname());
  assert.deepEqual(client.getpeername(), friend.getsockname());
  await client.send("hello");
  assert.equal(text((await friend.recvfrom(100))[0]), "hello");
  // On Unix sockets the kernel refuses other senders. On UDP it drops their datagrams.
  const refused = (error: { code: string }) => assert.equal(error.code, "EPERM");
  const receiving = client.recvfrom(100);
  await stranger.sendto("psst", client.getsockname()).catch(refused);
  await friend.sendto("hi", client.getsockname());
  assert.equal(text((await receiving)[0]), "hi");

  await client.connect(stranger.getsockname());
  await friend.sendto("still there?", client.getsockname()).catch(refused);
  await stranger.sendto("now me", client.getsockname());
  assert.equal(text(await client.recv(100)), "now me");
  await client.send("yes");
  assert.equal(text(await stranger.recv(100)), "yes");
});

familyTest("errors belong to the call: no peer, no connections", async (sockets) => {
  const socket = sockets.unbound();
  const expected = sockets.family === "Unix" ? "ENOTCONN" : "EDESTADDRREQ";
  assert.equal((await failure(() => socket.send("x"))).code, expected);
  assert.equal((await failure(() => socket.sendmsg(["x"]))).code, expected);
  assert.equal((await failure(() => socket.getpeername())).code, "ENOTCONN");
  assert.equal((await failure(() => socket.listen())).code, "EOPNOTSUPP");
  assert.equal((await failure(() => socket.accept())).code, "EOPNOTSUPP");
});

familyTest("a datagram that is too long is EMSGSIZE, and the next one is sent", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.unbound()];
  const error = await failure(() => client.sendto(new Uint8Array(300_000), server.getsockname()));
  assert.equal(error.code, "EMSGSIZE");
  await client.sendto("fits", server.getsockname());
  assert.equal(text(await server.recv(100)), "fits");
});

familyTest("sendmsg gathers, recvmsg_into scatters", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.unbound()];
  assert.equal(await client.sendmsg(["ab", new Uint8Array([99, 100])], [], 0, server.getsockname()), 4);
  assert.equal(await client.sendmsg([], [], 0, server.getsockname()), 0);
  const views = [new Uint8Array(1), new Uint8Array(3)];
  assert.equal((await server.recvmsg_into(views))[0], 4);
  assert.equal(views.map(text).join("|"), "a|bcd");
  assert.equal((await server.recv(10)).length, 0);
});

familyTest("the data may be reused as soon as send has returned", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.unbound()];
  const data = new Uint8Array(1);
  for (let number = 0; number < 8; number++) {
    data[0] = number;
    await client.sendto(data, server.getsockname());
  }
  data[0] = 99;
  for (let number = 0; number < 8; number++) assert.deepEqual([...await server.recv(9)], [number]);
});

familyTest("sends that are not awaited are sent in order, and before the close", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.unbound()];
  const sending = ["1", "2", "3"].map((word) => client.sendto(word, server.getsockname()));
  assert.deepEqual(await Promise.all(sending), [1, 1, 1]);
  client.close();
  for (const word of ["1", "2", "3"]) assert.equal(text(await server.recv(9)), word);
});

familyTest("a non-blocking send is exact from the first datagram on", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.unbound()];
  client.setblocking(false);
  assert.equal((await failure(() => client.sendto(new Uint8Array(300_000), server.getsockname()))).code, "EMSGSIZE");
  assert.equal(await client.sendto("x", server.getsockname()), 1);
  assert.equal(text(await server.recv(9)), "x");
});

familyTest("shutdown ends sending with EPIPE", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  await client.connect(server.getsockname());
  await client.shutdown(udp.SHUT_WR);
  assert.equal((await failure(() => client.send("x"))).code, "EPIPE");
  await server.sendto("still hearing", client.getsockname());
  assert.equal(text(await client.recv(100)), "still hearing");
});

Deno.test("Unix: a send to a path without a socket rejects", async () => {
  using sockets = new Sockets("Unix");
  const client = sockets.unbound();
  const path = sockets.directory.fresh();
  assert.equal((await failure(() => client.sendto("x", path))).code, "ENOENT");
  assert.equal((await failure(() => client.connect(path))).code, "ENOENT");
  assert.equal(await client.connect_ex(path), 2);
  Deno.writeTextFileSync(path, "");
  assert.equal((await failure(() => client.sendto("x", path))).code, "ECONNREFUSED");
  assert.equal((await failure(() => client.connect(path))).code, "ECONNREFUSED");
  const dead = sockets.bound();
  const name = dead.getsockname() as string;
  dead.close();
  assert.ok(Deno.lstatSync(name).isSocket, "the path stays behind");
  assert.equal((await failure(() => client.sendto("x", name))).code, "ECONNREFUSED");
});

Deno.test("Unix: a send to a full receiver waits, and nothing is lost", async () => {
  using sockets = new Sockets("Unix");
  const [server, client] = [sockets.bound(), sockets.unbound()];
  client.setblocking(false);
  let sent = 0;
  while (await client.sendto(String(sent), server.getsockname()).catch(() => 0) > 0) sent++;
  assert.ok(sent > 1);
  client.settimeout(10);
  const waiting = client.sendto("last", server.getsockname());
  for (let number = 0; number < sent; number++) assert.equal(text(await server.recv(100)), String(number));
  assert.equal(await waiting, 4);
  assert.equal(text(await server.recv(100)), "last");
});

Deno.test("Unix: abstract names, and bind to an empty name", { ignore: Deno.build.os !== "linux" }, async () => {
  using sockets = new Sockets("Unix");
  const [server, client] = [sockets.unbound(), sockets.unbound()];
  server.bind(`\0berkeley-test-${crypto.randomUUID()}`);
  client.bind("");
  assert.ok((client.getsockname() as string).startsWith("\0"));
  client.bind("");
  await client.sendto("x", server.getsockname());
  assert.deepEqual((await server.recvfrom(9))[1], client.getsockname());
});

Deno.test("UDP: names are looked up in the socket's family", async () => {
  using sockets = new Sockets("IPv4");
  const [server, client] = [sockets.unbound(), sockets.unbound()];
  server.bind(["localhost", 0]);
  const [host, port] = server.getsockname();
  assert.equal(host, "127.0.0.1");
  await client.sendto("by name", ["localhost", port]);
  assert.equal(text(await server.recv(100)), "by name");
  await client.connect(["localhost", port]);
  assert.deepEqual(client.getpeername(), ["127.0.0.1", port]);
  assert.equal((await failure(() => client.sendto("x", ["no.such.host.invalid", port]))).name, "gaierror");
});

familyTest("an empty host means this host", async (sockets) => {
  if (sockets.family === "Unix") return;
  const [server, client] = [sockets.bound(), sockets.unbound()];
  await client.sendto("to this host", ["", server.getsockname()[1]]);
  assert.equal(text(await server.recv(100)), "to this host");
});

Deno.test("UDP: the longest datagram arrives, in both families", async () => {
  for (const [family, longest] of [["IPv4", 65507], ["IPv6", 65527]] as const) {
    using sockets = new Sockets(family);
    const [server, client] = [sockets.bound(), sockets.unbound()];
    for (const size of [longest, 1, longest]) {
      assert.equal(await client.sendto(new Uint8Array(size).fill(7), server.getsockname()), size);
      assert.deepEqual(await server.recv(70_000), new Uint8Array(size).fill(7));
    }
    const error = await failure(() => client.sendto(new Uint8Array(longest + 1), server.getsockname()));
    assert.equal(error.code, "EMSGSIZE");
  }
});

Deno.test("UDP: a wildcard socket that is connected to this host has the loopback address", async () => {
  using sockets = new Sockets("IPv4");
  const [server, client] = [sockets.bound(), sockets.unbound()];
  await client.connect(server.getsockname());
  assert.equal((client.getsockname() as any)[0], "127.0.0.1");
  await client.connect(["", (server.getsockname() as any)[1]]);
  assert.deepEqual(client.getpeername(), server.getsockname());
});

Deno.test("UDP: an IPv6 socket receives IPv4 datagrams too, from mapped addresses", async () => {
  using six = new Sockets("IPv6");
  using four = new Sockets("IPv4");
  const [server, client] = [six.unbound(), four.bound()];
  server.bind(["", 0]);
  const [host, port] = server.getsockname();
  assert.equal(host, "::");
  await client.sendto("x", ["127.0.0.1", port]);
  const [data, address] = await server.recvfrom(9);
  assert.equal(text(data), "x");
  assert.deepEqual(address, ["::ffff:127.0.0.1", (client.getsockname() as any)[1], 0, 0]);
  await server.sendto("y", address!);
  assert.equal(text(await client.recv(9)), "y");
});

Deno.test("UDP: broadcasts need SO_BROADCAST", async () => {
  using sockets = new Sockets("IPv4");
  const client = sockets.unbound();
  for (const host of ["<broadcast>", "255.255.255.255", "127.255.255.255"]) {
    const error = await failure(() => client.sendto("x", [host, 9]));
    assert.ok(error instanceof udp.PermissionError && error.code === "EACCES", host);
    assert.equal(await client.connect_ex([host, 9]), 13);
  }
  const server = sockets.unbound();
  server.bind(["", 0]);
  client.setsockopt(udp.SOL_SOCKET, udp.SO_BROADCAST, 1);
  // The broadcast address of the loopback interface: nothing leaves this machine.
  await client.sendto("hear, hear", ["127.255.255.255", (server.getsockname() as any)[1]]);
  assert.equal(text(await server.recv(100)), "hear, hear");
});

if (Deno.build.os === "linux") {
  Deno.test("a Unix datagram socket that was shut down throws EPIPE, with a peer or without", async () => {
    using directory = new TemporaryDirectory();
    using sock = udp.socket(udp.AF_UNIX);
    sock.bind(directory.fresh());
    await assert.rejects(sock.send("x"), { code: "ENOTCONN" });
    await sock.connect(sock.getsockname());
    await sock.shutdown(udp.SHUT_RDWR);
    await assert.rejects(sock.send("x"), { code: "EPIPE" });
    await sock.connect(udp.AF_UNSPEC);
    await assert.rejects(sock.send("x"), { code: "EPIPE" });
  });

  Deno.test("a Unix datagram that waits for the end of a receive is sent only if its call succeeds", async () => {
    using directory = new TemporaryDirectory();
    using one = udp.socket(udp.AF_UNIX);
    using other = udp.socket(udp.AF_UNIX);
    one.bind(directory.fresh());
    other.bind(directory.fresh());
    const address = other.getsockname();
    const receiving = one.recv(100);
    // Aborted before the receive under way has ended.
    for (const to of [address, directory.fresh()]) {
      const abort = new AbortController();
      const sending = one.sendto("given up", to, { signal: abort.signal });
      abort.abort();
      await assert.rejects(sending, { name: "AbortError" });
    }
    // A non-blocking send gets the time that it needs.
    one.setblocking(false);
    assert.equal(await one.sendto("sent", address), 4);
    await assert.rejects(one.sendto("lost", directory.fresh()), { code: "ENOENT" });
    assert.equal(text(await other.recv(100)), "sent");
    other.setblocking(false);
    await assert.rejects(other.recv(100), { code: "EAGAIN" });
    await other.sendto("answer", one.getsockname());
    assert.equal(text(await receiving), "answer");
  });
}
