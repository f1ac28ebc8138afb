// Ten thousand connections in one process. All of them are closed again.

import assert from "node:assert/strict";
import * as socket from "../native.ts";

const COUNT = 10_000;
const RLIMIT_NOFILE = 7;

/** Raises the soft limit of descriptors to the hard one and returns it. */
function raiseLimit(): number {
  const libc = Deno.dlopen(Deno.build.arch === "x86_64" ? "/lib/x86_64-linux-gnu/libc.so.6" : "libc.so.6", {
    getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
    setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  });
  const limits = new BigUint64Array(2);
  libc.symbols.getrlimit(RLIMIT_NOFILE, limits);
  limits[0] = limits[1];
  libc.symbols.setrlimit(RLIMIT_NOFILE, limits);
  libc.close();
  return Number(limits[0]);
}

const countDescriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;

Deno.test("native: 10,000 connections, 1 KB on each, no descriptor left", async () => {
  assert(raiseLimit() > COUNT + 100, "the hard limit of descriptors is too low");
  // Opens the reactor's own descriptors, which stay open.
  const [a, b] = await socket.socketpair();
  const first = b.recv(1);
  await a.send("x");
  await first;
  a.close();
  b.close();
  const before = countDescriptors();
  // Both ends of 5,000 connections. 20,000 descriptors would often exceed the hard limit.
  const pairs: [socket.Socket, socket.Socket][] = [];
  using server = socket.create_server(["127.0.0.1", 0], { backlog: 1024 });
  const address = server.getsockname();
  for (let i = 0; i < COUNT / 2; i++) {
    const client = socket.socket();
    const [[peer]] = await Promise.all([server.accept(), client.connect(address)]);
    pairs.push([client, peer]);
  }
  assert.equal(countDescriptors() - before, COUNT + 1);
  const kilobyte = new Uint8Array(1024).map((_, i) => i);
  const receive = async (sock: socket.Socket) => {
    const data = await sock.recv(1024, socket.MSG_WAITALL);
    assert.equal(data.length, 1024);
    assert.equal(data[1000], 1000 & 255);
  };
  const received = pairs.flat().map(receive);
  for (const sock of pairs.flat()) await sock.sendall(kilobyte);
  await Promise.all(received);
  for (const sock of pairs.flat()) sock.close();
  server.close();
  assert.equal(countDescriptors(), before);
});
