// select, poll and epoll over real sockets: complete results, repeated wakes, constant memory.

import assert from "node:assert/strict";
import { EPOLLET, EPOLLIN, EPOLLONESHOT, POLLIN, POLLOUT } from "../select.ts";
import type { Socket } from "../mod.ts";
import { ALL_SUBJECTS, SUBJECTS } from "./_sim.ts";
import type { Module, Subject } from "./conformance/fixtures.ts";
import { runDeno } from "./_helpers.ts";

async function pairs(socket: Module, count: number): Promise<[ours: Socket[], theirs: Socket[]]> {
  const made = await Promise.all(Array.from({ length: count }, () => socket.socketpair()));
  return [made.map(([ours]) => ours), made.map(([, theirs]) => theirs)];
}

function close(...lists: Socket[][]): void {
  for (const list of lists) for (const sock of list) sock.close();
}

/** The size of the heap after a garbage collection. */
function heap(): number {
  (globalThis as unknown as { gc(): void }).gc();
  return Deno.memoryUsage().heapUsed;
}

function suite({ name, module: socket }: Subject): void {
  const { epoll, poll, select } = socket;

  Deno.test(`${name}: a wait reports all data that was sent before it`, async () => {
    const [ours, theirs] = await pairs(socket, 5);
    using poller = epoll();
    const polled = poll();
    for (const sock of ours) {
      poller.register(sock, EPOLLIN);
      polled.register(sock, POLLIN);
    }
    const fds = ours.map((sock) => sock.fileno());
    const sorted = (found: [number, number][]) => found.map(([fd]) => fd).toSorted((one, other) => one - other);
    // One socket more each time, and nothing is received, so the result grows. The last result is complete without
    // settling. So 12 waits settle for more than they have found, which is within the burst of 16 (core/timing.ts),
    // even on a fast machine.
    for (let count = 1; count <= 5; count++) {
      await theirs[count - 1].sendall("x");
      const timeout = count % 2 === 0 ? 0 : 5;
      assert.deepEqual((await select(ours, [], [], timeout))[0], ours.slice(0, count));
      assert.deepEqual(sorted(await polled.poll(timeout * 1000)), fds.slice(0, count));
      assert.deepEqual(sorted(await poller.poll(timeout)), fds.slice(0, count));
    }
    close(ours, theirs);
  });

  Deno.test(`${name}: one wait reports all sockets that received data at the same time`, async () => {
    const [ours, theirs] = await pairs(socket, 4);
    using poller = epoll();
    for (const sock of ours) poller.register(sock, EPOLLIN | EPOLLET);
    for (let round = 0; round < 5; round++) {
      for (const sock of theirs) await sock.sendall("x");
      assert.equal((await poller.poll(5)).length, 4);
      assert.equal((await select(ours, [], [], 5))[0].length, 4);
      for (const sock of ours) await sock.recv(10);
    }
    close(ours, theirs);
  });

  for (const way of ["poll", "epoll"] as const) {
    Deno.test(`${name}: ${way} for input and output reports data although a listener has a connection`, async () => {
      using server = socket.create_server(["127.0.0.1", 0]);
      const [[left], [right]] = await pairs(socket, 1);
      using epoller = epoll();
      const poller = way === "poll" ? poll() : epoller;
      for (const sock of [server, right]) poller.register(sock);
      using _client = await socket.create_connection(server.getsockname());
      await select([server], [], [], 5);
      // Since then something looks for data.
      await poller.poll(0);
      await left.sendall("x");
      const found = new Map(await poller.poll(0));
      assert.deepEqual([server, right].map((sock) => found.get(sock.fileno())), [POLLIN, POLLIN | POLLOUT]);
      close([left, right]);
    });
  }

  Deno.test(`${name}: epoll reports all events of streams, listeners and datagram sockets`, async () => {
    for (const mode of [0, EPOLLET, EPOLLONESHOT]) {
      const [[left], [right]] = await pairs(socket, 1);
      using server = socket.create_server(["127.0.0.1", 0]);
      using datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
      datagrams.bind(["127.0.0.1", 0]);
      using sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
      using poller = epoll();
      for (const sock of [right, server, datagrams]) poller.register(sock, EPOLLIN | mode);
      const news = async (sock: Socket) => {
        assert.deepEqual(await poller.poll(5), [[sock.fileno(), EPOLLIN]]);
        if (mode === EPOLLONESHOT) poller.modify(sock, EPOLLIN | mode);
      };
      for (let round = 0; round < 3; round++) {
        await left.sendall("x");
        await news(right);
        await right.recv(1);
        using _client = await socket.create_connection(server.getsockname());
        await news(server);
        (await server.accept())[0].close();
        await sender.sendto("x", datagrams.getsockname());
        await news(datagrams);
        await datagrams.recv(1);
        assert.deepEqual(await poller.poll(0), []);
      }
      close([left, right]);
    }
  });

  Deno.test(`${name}: edge: more data is an edge, although the first data was not received`, async () => {
    const [[left], [right]] = await pairs(socket, 1);
    using poller = epoll();
    poller.register(right, EPOLLIN | EPOLLET);
    for (let round = 0; round < 3; round++) {
      await left.sendall("more");
      assert.deepEqual(await poller.poll(5), [[right.fileno(), EPOLLIN]]);
      assert.deepEqual(await poller.poll(0), []);
    }
    assert.equal((await right.recv(100)).length, 12);
    close([left, right]);
  });

  Deno.test(`${name}: a socket that is closed during a wait ends select, is POLLNVAL for poll, and leaves epoll`, async () => {
    const [[a, b, c], theirs] = await pairs(socket, 3);
    const polled = poll();
    polled.register(b, POLLIN);
    using poller = epoll();
    poller.register(c, EPOLLIN);
    const number = b.fileno();
    const waiting = [select([a], [], []), polled.poll(), poller.poll(0.05)];
    await Promise.resolve();
    await Promise.resolve();
    close([a, b, c]);
    await assert.rejects(waiting[0], { code: "EBADF" });
    assert.deepEqual(await waiting[1], [[number, 0x20]]);
    assert.deepEqual(await waiting[2], []);
    close(theirs);
  });

  Deno.test(`${name}: a duplicate is ready with its original`, async () => {
    const [[left], [right]] = await pairs(socket, 1);
    using same = right.dup();
    const waiting = select([right, same], [], [], 5);
    await left.sendall("x");
    assert.equal((await waiting)[0].length, 2);
    close([left, right]);
  });

  Deno.test({
    name: `${name}: 200,000 waits leave nothing behind`,
    ignore: !("gc" in globalThis),
    fn: async () => {
      const [ours, theirs] = await pairs(socket, 101);
      const rounds = async (count: number) => {
        for (let round = 0; round < count; round++) {
          if (round % 10 === 0) {
            await theirs[50].sendall("x");
            await select(ours, [], [], 5);
            await ours[50].recv(10);
            await theirs[50].sendall("x");
          }
          await select(ours, [], []);
        }
        await ours[50].recv(1000);
      };
      await rounds(1000);
      const before = heap();
      await rounds(200_000);
      const growth = heap() - before;
      close(ours, theirs);
      assert.ok(growth < 5e6, `${growth} bytes`);
    },
  });
}

function processSuite({ name, url }: Subject): void {
  Deno.test(`${name}: a wait keeps the process alive, and a registration in an epoll does not`, async () => {
    await using program = await runDeno(`
    import { create_server, epoll, select, socketpair } from ${JSON.stringify(url)};
    const server = create_server(["127.0.0.1", 0]);
    const [left, right] = await socketpair();
    const poller = epoll();
    for (const sock of [server, left, right]) poller.register(sock, 1);
    console.log((await poller.poll(0.01)).length);
    left.sendall("x");
    console.log((await select([right], [], []))[0].length, (await poller.poll()).length);
  `);
    const { code, stdout } = await program.end();
    assert.deepEqual([code, stdout], [0, "0\n1 1\n"]);
  });
}

ALL_SUBJECTS.forEach(suite);
SUBJECTS.forEach(processSuite);
