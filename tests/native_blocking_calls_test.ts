// Look-ups and closes that wait on other threads leave a thread for the reactor.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import type { Socket } from "../native.ts";
import { BlockingCalls, closes, lookUps } from "../native/blocking_calls.ts";
import * as names from "../native/names/mod.ts";
import { settled, staysPending } from "./conformance/fixtures.ts";
import { runDeno } from "./_helpers.ts";

/** The number of threads in Deno's pool for calls that wait. */
const THREADS = 32;

Deno.test("blocking calls: at most `limit` of them run, and the others start in their order", async () => {
  const calls = new BlockingCalls(2);
  const started: number[] = [];
  const ends: PromiseWithResolvers<number>[] = [];
  const results = Array.from({ length: 5 }, (_, index) => {
    ends.push(Promise.withResolvers());
    return calls.run(() => {
      started.push(index);
      return ends[index].promise;
    });
  });
  assert.deepEqual(started, [0, 1]);
  ends[1].resolve(1);
  assert.equal(await results[1], 1);
  assert.deepEqual(started, [0, 1, 2]);
  // A call that fails leaves its place too.
  ends[0].reject(new Error("failed"));
  await assert.rejects(results[0], { message: "failed" });
  assert.deepEqual(started, [0, 1, 2, 3]);
  calls.startAll();
  assert.deepEqual(started, [0, 1, 2, 3, 4]);
  for (const { resolve } of ends) resolve(9);
  assert.deepEqual(await Promise.all(results.slice(2)), [9, 9, 9]);
  assert.equal(await calls.run(() => Promise.resolve("later")), "later");
});

const LOOK_UPS: Record<string, () => Promise<unknown>> = {
  getaddrinfo: () => names.getaddrinfo("localhost", 80),
  getnameinfo: () => names.getnameinfo(["127.0.0.1", 80], 0),
  gethostbyname: () => names.gethostbyname("localhost"),
  gethostbyname_ex: () => names.gethostbyname_ex("127.0.0.1"),
  gethostbyaddr: () => names.gethostbyaddr("127.0.0.1"),
  getservbyname: () => names.getservbyname("http"),
  getservbyport: () => names.getservbyport(80),
  getprotobyname: () => names.getprotobyname("tcp"),
};

Deno.test("native: every look-up is queued while too many others run", async () => {
  for (const [name, look] of Object.entries(LOOK_UPS)) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const others = Array.from({ length: THREADS }, () => lookUps.run(() => promise));
    const call = look();
    await staysPending(call);
    resolve();
    assert(await settled(call) !== undefined, name);
    await Promise.all(others);
  }
});

Deno.test("native: closes that wait for unread peers leave a thread for the reactor, and the process ends", async () => {
  const url = (path: string) => JSON.stringify(import.meta.resolve(path));
  await using program = await runDeno(`
    import * as socket from ${url("../native.ts")};
    import { parked } from ${url("./_parked.ts")};
    const server = socket.create_server(["127.0.0.1", 0], { backlog: ${2 * THREADS} });
    const peers = [], full = [];
    for (let n = 0; n < ${THREADS + 8}; n++) {
      const client = socket.socket();
      client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, new Int32Array([1, 60]));
      await client.connect(server.getsockname());
      client.setblocking(false);
      const data = new Uint8Array(65536);
      for (let count = 1; count > 0;) count = await client.send(data).catch(() => 0);
      full.push(client);
      peers.push((await server.accept())[0]);
    }
    const [a, b] = await socket.socketpair();
    for (const client of full) client.close();
    const receiving = a.recv(10);
    await parked();
    await b.sendall("received");
    console.log(new TextDecoder().decode(await receiving));
    // Resets the connections, so that the closes end.
    for (const peer of peers) peer.close();
    a.close();
    b.close();
    server.close();
  `);
  assert.equal(await program.line(), "received");
  assert.equal((await program.end()).code, 0);
});

/** Sockets with an address and SO_LINGER that cannot have unsent data. */
const UNCONNECTED: Record<string, () => Socket> = {
  "a listener": () => socket.create_server(["127.0.0.1", 0]),
  "an adopted listener": () => socket.socket(-1, -1, -1, socket.create_server(["127.0.0.1", 0]).detach()),
  "a socket that is bound only": () => bound(socket.SOCK_STREAM),
  "a datagram socket": () => bound(socket.SOCK_DGRAM),
};

function bound(type: number): Socket {
  const sock = socket.socket(socket.AF_INET, type);
  sock.bind(["127.0.0.1", 0]);
  return sock;
}

Deno.test("native: close of a socket that has no connection frees its address at once, with SO_LINGER too", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  // A close that needs a thread does not begin while these calls run.
  const others = Array.from({ length: THREADS }, () => closes.run(() => promise));
  for (const [name, open] of Object.entries(UNCONNECTED)) {
    const sock = open();
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, new Int32Array([1, 5]));
    if (sock.type === socket.SOCK_DGRAM) await sock.connect(sock.getsockname());
    const address = sock.getsockname();
    sock.close();
    using again = socket.socket(socket.AF_INET, sock.type);
    assert.doesNotThrow(() => again.bind(address), name);
  }
  resolve();
  await Promise.all(others);
});
