// Closing a socket while calls wait: each call ends once, with EBADF, and nothing else happens. Signals of the system do
// not end a call.

import assert from "node:assert/strict";
import type { Socket } from "../../mod.ts";
import { TemporaryDirectory } from "../_helpers.ts";
import { runDeno } from "../_helpers.ts";
import { Connected, declare, failure, Listening } from "../conformance/fixtures.ts";
import type { Subject } from "../conformance/fixtures.ts";
import { fill, turn } from "./raw.ts";

/** Calls that wait on a connected stream whose peer sends nothing. */
const RECEIVES: Record<string, (sock: Socket) => Promise<unknown>> = {
  recv: (sock) => sock.recv(1),
  recv_into: (sock) => sock.recv_into(new Uint8Array(1)),
  recvfrom: (sock) => sock.recvfrom(1),
  recvfrom_into: (sock) => sock.recvfrom_into(new Uint8Array(1)),
  recvmsg: (sock) => sock.recvmsg(1),
  recvmsg_into: (sock) => sock.recvmsg_into([new Uint8Array(1)]),
  "readable stream": (sock) => sock.readable.getReader().read(),
};

/** Calls that wait on a connected stream whose buffers are full. */
const SENDS: Record<string, (sock: Socket) => Promise<unknown>> = {
  send: (sock) => sock.send(new Uint8Array(65536)),
  sendall: (sock) => sock.sendall(new Uint8Array(1 << 20)),
  sendmsg: (sock) => sock.sendmsg([new Uint8Array(65536)]),
  sendto: (sock) => sock.sendto(new Uint8Array(65536), ["127.0.0.1", 9]),
  "writable stream": (sock) => sock.writable.getWriter().write(new Uint8Array(1 << 20)),
};

export function closingSuite(subject: Subject): void {
  const { module: m, url } = subject;
  const test = declare(subject);

  for (const [method, call] of Object.entries(RECEIVES)) {
    test(`close under ${method}`, async () => {
      for (const turns of [0, 1, 2, 50]) {
        using all = await Connected.open(m);
        const pending = failure(() => call(all.peer));
        await turn(turns);
        all.peer.close();
        assert.equal((await pending)?.code, "EBADF");
      }
    });
  }

  for (const [method, call] of Object.entries(SENDS)) {
    test(`close under ${method}`, async () => {
      using all = await Connected.open(m);
      await fill(all.client);
      const pending = failure(() => call(all.client));
      await turn(50);
      all.client.close();
      assert.equal((await pending)?.code, "EBADF");
      // The peer can read what the kernel has accepted, up to the end.
      for await (const _ of all.peer);
    });
  }

  test("close under sendfile", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    Deno.writeFileSync(path, new Uint8Array(1 << 22));
    using file = await Deno.open(path);
    using all = await Connected.open(m);
    await fill(all.client);
    const pending = failure(() => all.client.sendfile(file));
    await turn();
    all.client.close();
    assert.equal((await pending)?.code, "EBADF");
    for await (const _ of all.peer);
  });

  test("close under several accepts", async () => {
    const all = new Listening(m, "IPv4");
    const pending = [1, 2, 3].map(() => failure(() => all.server.accept()));
    await turn(50);
    all[Symbol.dispose]();
    for (const error of await Promise.all(pending)) assert.equal(error?.code, "EBADF");
  });

  test("close under connect", async () => {
    using all = new Listening(m, "IPv4");
    for (const turns of [0, 1, 2]) {
      const client = all.socket();
      const pending = client.connect(all.address).then(() => undefined, (error) => error.code);
      await turn(turns);
      client.close();
      assert.ok([undefined, "EBADF"].includes(await pending));
    }
  });

  test("close under recvfrom of datagrams", async () => {
    const sock = m.socket(m.AF_INET, m.SOCK_DGRAM);
    sock.bind(["127.0.0.1", 0]);
    const pending = failure(() => sock.recvfrom(10));
    await turn(50);
    sock.close();
    assert.equal((await pending)?.code, "EBADF");
  });

  test("close under a sendto that waits for room", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    using server = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    server.bind(path);
    const client = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    client.settimeout(0);
    let room = 0;
    while (await failure(() => client.sendto(new Uint8Array(100), path)) === null) room++;
    assert.ok(room > 0);
    client.settimeout(null);
    const pending = failure(() => client.sendto(new Uint8Array(100), path));
    await turn(50);
    client.close();
    assert.equal((await pending)?.code, "EBADF");
  });

  test("close ends iterations after they have returned all received data", async () => {
    using all = await Connected.open(m);
    const connections = (async () => {
      for await (const [conn] of all.server) conn.close();
    })();
    const chunks = Array.fromAsync(all.peer);
    await turn(50);
    all.peer.close();
    all.server.close();
    assert.deepEqual(await chunks, []);
    await connections;
  });

  test("close under select and poll does not affect other sockets in the wait", async () => {
    using one = await Connected.open(m);
    using other = await Connected.open(m);
    const poller = m.poll();
    poller.register(one.peer, m.POLLIN);
    poller.register(other.peer, m.POLLIN);
    const waiting = poller.poll();
    await turn(50);
    one.peer.close();
    await other.client.sendall("x");
    const found = new Map(await waiting);
    assert.ok(found.size > 0);
    assert.deepEqual((await m.select([other.peer], [], []))[0], [other.peer]);
  });

  test("a signal of the system does not end a wait", async () => {
    await using program = await runDeno(`
      import * as m from ${JSON.stringify(url)};
      let signals = 0;
      let arrived = () => {};
      Deno.addSignalListener("SIGUSR1", () => {
        signals++;
        arrived();
      });
      using server = m.create_server(["127.0.0.1", 0]);
      using client = await m.create_connection(server.getsockname());
      const [conn] = await server.accept();
      const received = conn.recv(10);
      const accepted = server.accept();
      const selected = m.select([conn], [], []);
      while (signals < 50) {
        const heard = new Promise<void>((resolve) => arrived = resolve);
        Deno.kill(Deno.pid, "SIGUSR1");
        await heard;
      }
      await client.sendall("hello");
      const text = new TextDecoder().decode(await received);
      await client.sendall("again");
      await selected;
      using late = await m.create_connection(server.getsockname());
      (await accepted)[0].close();
      conn.close();
      console.log(JSON.stringify({ text, interrupted: signals >= 50 }));
      Deno.exit();
    `);
    assert.deepEqual(await program.json(), { text: "hello", interrupted: true });
  });
}
