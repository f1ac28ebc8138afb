// Receiving datagrams: they are whole and in order, the first receive gets the first one, and giving up loses none.

import assert from "node:assert/strict";
import * as udp from "../udp.ts";
import { epoll, EPOLLERR, EPOLLIN } from "../select.ts";
import { failure, familyTest, text } from "./_datagrams.ts";
import { settled, staysPending } from "./conformance/fixtures.ts";

familyTest("datagrams arrive complete and in order, with their sender", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  for (const word of ["one", "", "three"]) await client.sendto(word, server.getsockname());
  for (const word of ["one", "", "three"]) {
    const [data, address] = await server.recvfrom(100);
    assert.equal(text(data), word);
    assert.deepEqual(address, client.getsockname());
  }
});

familyTest("a datagram that is longer than the buffer is truncated", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  for (const word of ["abcdef", "next"]) await client.sendto(word, server.getsockname());
  assert.equal(text(await server.recv(3)), "abc");
  assert.equal(text(await server.recv(100)), "next");
});

familyTest("MSG_PEEK leaves the datagram, and MSG_TRUNC returns its length", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  await client.sendto("abcdef", server.getsockname());
  assert.equal(text(await server.recv(3, udp.MSG_PEEK)), "abc");
  const view = new Uint8Array(2);
  assert.equal(await server.recv_into(view, 0, udp.MSG_PEEK | udp.MSG_TRUNC), 6);
  assert.equal(text(view), "ab");
  const [data, ancillary, flags, address] = await server.recvmsg(4, 0, udp.MSG_PEEK);
  assert.deepEqual([text(data), ancillary, flags], ["abcd", [], udp.MSG_TRUNC]);
  assert.deepEqual(address, client.getsockname());
  assert.deepEqual(await server.recvmsg_into([new Uint8Array(2), new Uint8Array(9)]), [6, [], 0, address]);
  assert.equal((await failure(() => server.recv(3, udp.MSG_DONTWAIT))).code, "EAGAIN");
});

familyTest("recvfrom_into returns the count and the sender", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  await client.sendto("abcdef", server.getsockname());
  const view = new Uint8Array(4);
  assert.deepEqual(await server.recvfrom_into(view), [4, client.getsockname()]);
  assert.equal(text(view), "abcd");
});

familyTest("a receive that timed out loses nothing", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  server.settimeout(0.01);
  assert.equal((await failure(() => server.recv(100))).message, "timed out");
  server.settimeout(10);
  await client.sendto("late", server.getsockname());
  assert.equal(text(await server.recv(100)), "late");
});

familyTest("a receive that was aborted loses nothing", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  const controller = new AbortController();
  const receiving = failure(() => server.recv(100, 0, { signal: controller.signal }));
  controller.abort("enough");
  assert.equal(await receiving, "enough");
  await client.sendto("late", server.getsockname());
  assert.equal(text(await server.recv(100)), "late");
});

familyTest("a non-blocking receive returns a datagram if the kernel has one, and throws if not", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  server.setblocking(false);
  for (let round = 0; round < 3; round++) {
    const error = await failure(() => server.recvfrom(100));
    assert.ok(error instanceof udp.BlockingIOError);
    await client.sendto("here", server.getsockname());
    await client.sendto("too", server.getsockname());
    assert.equal(text((await server.recvfrom(100))[0]), "here");
    assert.equal(text((await server.recvfrom(100))[0]), "too");
  }
});

familyTest("receives are served in order", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  const receiving = ["a", "b", "c"].map(() => server.recv(100));
  for (const word of ["a", "b", "c"]) await client.sendto(word, server.getsockname());
  assert.deepEqual((await Promise.all(receiving)).map(text), ["a", "b", "c"]);
});

familyTest("a parked receive does not delay sends", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  const receiving = server.recvfrom(100);
  for (const word of ["x", "y", "z"]) {
    await server.sendto(word, client.getsockname());
    const [data, address] = await client.recvfrom(100);
    assert.equal(text(data), word);
    assert.deepEqual(address, server.getsockname());
  }
  await client.sendto("answer", server.getsockname());
  const [data, address] = await receiving;
  assert.equal(text(data), "answer");
  assert.deepEqual(address, client.getsockname());
});

familyTest("iteration yields [data, address] until the socket is closed", async (sockets) => {
  const [server, client] = [sockets.bound(), sockets.bound()];
  const heard: string[] = [];
  const listening = (async () => {
    for await (const [data, address] of server) {
      assert.deepEqual(address, client.getsockname());
      heard.push(text(data));
      await server.sendto("ok", address);
    }
  })();
  for (const word of ["one", "", "two"]) {
    await client.sendto(word, server.getsockname());
    assert.equal(text(await client.recv(10)), "ok");
  }
  server.close();
  await listening;
  assert.deepEqual(heard, ["one", "", "two"]);
});

familyTest("close rejects waiting calls with EBADF", async (sockets) => {
  const server = sockets.bound();
  const receiving = [failure(() => server.recv(1)), failure(() => server.recv(1))];
  server.close();
  for (const error of await Promise.all(receiving)) assert.equal(error.code, "EBADF");
  assert.equal(server.fileno(), -1);
});

familyTest("an unbound socket that waits receives datagrams after it was bound", async (sockets) => {
  const [server, client] = [sockets.unbound(), sockets.bound()];
  const receiving = server.recv(100);
  server.bind(sockets.free());
  await client.sendto("found you", server.getsockname());
  assert.equal(text(await receiving), "found you");
});

Deno.test("100,000 datagrams of 64 bytes to the same host within a window: none is lost", async () => {
  const COUNT = 100_000;
  const WINDOW = 64;
  using socket = udp.socket();
  socket.settimeout(10);
  socket.bind(["127.0.0.1", 0]);
  const address = socket.getsockname();
  const [data, view] = [new Uint8Array(64), new Uint8Array(64)];
  const numbers = [new DataView(data.buffer), new DataView(view.buffer)];
  for (let sent = 0, received = 0; received < COUNT;) {
    while (sent < COUNT && sent - received < WINDOW) {
      numbers[0].setUint32(0, sent++);
      await socket.sendto(data, address);
    }
    assert.equal(await socket.recv_into(view), 64);
    assert.equal(numbers[1].getUint32(0), received++);
  }
});

Deno.test("datagrams that are not received are dropped at the kernel's limit, and not kept without end", async () => {
  const COUNT = 5000;
  using server = udp.socket();
  using client = udp.socket();
  server.bind(["127.0.0.1", 0]);
  // A wait for readiness is always pending, in case a backend reads ahead during waits.
  server.settimeout(10);
  await client.sendto("first", server.getsockname());
  assert.equal(text(await server.recv(100, udp.MSG_PEEK)), "first");
  for (let sent = 0; sent < COUNT; sent++) await client.sendto(new Uint8Array(1000), server.getsockname());
  server.setblocking(false);
  let received = 0;
  while (await server.recv(1000).catch(() => null) !== null) received++;
  assert.ok(received > 1 && received < COUNT / 2, `${received} of ${COUNT}`);
});

familyTest("iteration ends at SHUT_RD, after the queued datagrams", async (sockets) => {
  const [one, other] = [sockets.bound(), sockets.bound()];
  await one.connect(other.getsockname() as udp.AddressLike);
  await other.connect(one.getsockname() as udp.AddressLike);
  for (const word of ["first", "", "last"]) await one.send(word);
  const got: string[] = [];
  for await (const [data] of other) {
    got.push(text(data));
    if (got.length === 2) await other.shutdown(udp.SHUT_RD);
  }
  assert.deepEqual(got, ["first", "", "last"]);
});

Deno.test("an epoll reports datagrams after SO_ERROR has returned a pending error", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  using server = udp.socket();
  using client = udp.socket();
  for (const socket of [server, client]) socket.bind(["127.0.0.1", 0]);
  const EADDRINUSE = 98;
  // Joins one group twice on the loopback interface, by two of its addresses. Only the kernel notices that, and the
  // error comes late.
  for (const on of ["127.0.0.1", "127.0.0.2"]) udp.join(server, "239.192.7.11", on);
  // It is sent after them.
  await server.sendto("", client.getsockname());
  using events = epoll();
  events.register(server, EPOLLIN);
  assert.deepEqual(await events.poll(), [[server.fileno(), EPOLLIN | EPOLLERR]]);
  assert.equal(server.getsockopt(udp.SOL_SOCKET, udp.SO_ERROR), EADDRINUSE);
  const polling = events.poll();
  await staysPending(polling);
  await client.sendto("after it", server.getsockname());
  assert.deepEqual(await settled(polling), [[server.fileno(), EPOLLIN]]);
  assert.equal(text(await server.recv(100)), "after it");
});

Deno.test("datagrams of other senders do not use memory of a connected socket that waits", {
  ignore: !("gc" in globalThis),
}, async () => {
  const COUNT = 80_000;
  using server = udp.socket();
  using peer = udp.socket();
  using stranger = udp.socket();
  for (const socket of [server, peer]) socket.bind(["127.0.0.1", 0]);
  await server.connect(peer.getsockname());
  const receiving = server.recv(100);
  const annoy = async (count: number) => {
    for (let sent = 0; sent < count; sent++) {
      await stranger.sendto("spam", server.getsockname());
      // Lets Deno's receives run before the kernel's queue is full.
      if (sent % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    (globalThis as unknown as { gc(): void }).gc();
    return Deno.memoryUsage().heapUsed;
  };
  const before = await annoy(2000);
  const growth = await annoy(COUNT) - before;
  // Sent again until it arrives: the kernel drops it while its queue is full of the others.
  let received: string | undefined;
  const arrival = receiving.then((data) => received = text(data));
  while (received === undefined) {
    await peer.sendto("from the peer", server.getsockname());
    await new Promise((resolve) => setImmediate(resolve));
  }
  await arrival;
  assert.equal(received, "from the peer");
  assert.ok(growth < 2e6, `${growth} bytes`);
});
