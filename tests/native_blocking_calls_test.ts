// Look-ups and closes that wait on other threads leave a thread for the reactor.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import type { Socket } from "../native.ts";
import { BlockingCalls, closes, lookUps } from "../native/blocking_calls.ts";
import * as names from "../native/names/mod.ts";
import { partsOf } from "../core/socket.ts";
import { PROTOCOL_TLS_CLIENT, SSLContext } from "../native/ssl.ts";
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

Deno.test("blocking calls: an aborted call is dropped from the queue, and one that runs keeps its place", async () => {
  const calls = new BlockingCalls(1);
  const running = new AbortController(), waiting = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const started: string[] = [];
  const run = (name: string, signal?: AbortSignal) =>
    calls.run(() => {
      started.push(name);
      return promise;
    }, signal);
  const first = run("first", running.signal), second = run("second", waiting.signal), third = run("third");
  waiting.abort("given up");
  await assert.rejects(second, (reason) => reason === "given up");
  running.abort("given up");
  await assert.rejects(first, (reason) => reason === "given up");
  await assert.rejects(run("late", running.signal), (reason) => reason === "given up");
  assert.equal(calls.queued, 1);
  assert.deepEqual(started, ["first"]);
  resolve();
  await third;
  assert.deepEqual(started, ["first", "third"]);
});

/** The look-ups that take a signal. */
const ABORTED_LOOK_UPS: Record<string, (options?: socket.WaitOptions) => Promise<unknown>> = {
  getaddrinfo: (options) => names.getaddrinfo("localhost", 80, 0, 0, 0, 0, options),
  getnameinfo: (options) => names.getnameinfo(["127.0.0.1", 80], 0, options),
  gethostbyname: (options) => names.gethostbyname("localhost", options),
  gethostbyname_ex: (options) => names.gethostbyname_ex("127.0.0.1", options),
  gethostbyaddr: (options) => names.gethostbyaddr("127.0.0.1", options),
};

/** Calls whose look-up of a name is given up. Each gets a socket and an AbortController. */
const GIVEN_UP: Record<string, (sock: Socket, controller: AbortController) => Promise<unknown>> = {
  ...Object.fromEntries(
    Object.entries(ABORTED_LOOK_UPS).map(([name, look]) => [name, (_sock, { signal }) => look({ signal })]),
  ),
  connect: (sock, { signal }) => sock.connect(["localhost", 80], { signal }),
  sendto: (sock, { signal }) => sock.sendto("data", ["localhost", 80], { signal }),
  sendmsg: (sock, { signal }) => sock.sendmsg(["data"], [], 0, ["localhost", 80], { signal }),
  create_connection: (_sock, { signal }) => socket.create_connection(["localhost", 80], { signal }),
  "create_connection with a timeout": () => socket.create_connection(["localhost", 80], { timeout: 0.02 }),
  "connect of a socket that is closed": (sock) => sock.connect(["localhost", 80]),
  "sendto of a socket that is closed": (sock) => sock.sendto("data", ["localhost", 80]),
};

Deno.test("native: a queued look-up of a call that was given up is dropped", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const others = Array.from({ length: THREADS }, () => lookUps.run(() => promise));
  const { queued } = lookUps;
  for (const [name, begin] of Object.entries(GIVEN_UP)) {
    const controller = new AbortController();
    const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    const call = begin(sock, controller);
    let ended = false;
    call.catch(() => ended = true);
    while (lookUps.queued === queued && !ended) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    sock.close();
    await assert.rejects(call, { message: /aborted|timed out|Bad file descriptor/ }, name);
    assert.equal(lookUps.queued, queued, name);
  }
  resolve();
  await Promise.all(others);
});

Deno.test("native: a connect with TLS gives its signal to the look-up", async () => {
  const plain = socket.socket();
  let given: AbortSignal | undefined;
  partsOf(plain).descriptor.open.resolve = (_address, signal) => {
    given = signal;
    throw new Error("looked up");
  };
  using sock = await new SSLContext(PROTOCOL_TLS_CLIENT).wrap_socket(plain, { server_hostname: "localhost" });
  const { signal } = new AbortController();
  await assert.rejects(sock.connect(["localhost", 80], { signal }), /looked up/);
  assert.equal(given, signal);
});

const LOOK_UPS: Record<string, () => Promise<unknown>> = {
  ...ABORTED_LOOK_UPS,
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
