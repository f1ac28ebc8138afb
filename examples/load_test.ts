// Puts an echo server under load, and prints how long its answers take.
//
//   deno run --allow-net=127.0.0.1 examples/load_test.ts
//
// Without --port it starts a server itself. With --port it measures any echo server on this machine.

import * as socket from "@berkeley/socket";
import { options } from "./_shared.ts";

const { port, connections, seconds, size } = options("load_test: measures the round trips of an echo server", {
  port: 0,
  connections: 50,
  seconds: 2,
  size: 64,
});

using own = port === 0 ? serve() : null;
const address: socket.AddressLike = own === null ? ["127.0.0.1", port] : own.getsockname();

/** Counts of round trips by their duration in microseconds: two slots for each power of two. */
const histogram: number[] = [];
let total = 0;

const start = performance.now();
const end = start + seconds * 1000;
await Promise.all(Array.from({ length: connections }, load));
report((performance.now() - start) / 1000);

function serve(): socket.Socket {
  const server = socket.create_server(["127.0.0.1", 0], { backlog: connections });
  (async () => {
    for await (const [conn] of server) {
      echo(conn).catch((error) => console.error("lost a client:", error.message)).finally(() => conn.close());
    }
  })();
  return server;
}

async function echo(conn: socket.Socket): Promise<void> {
  for await (const data of conn) await conn.sendall(data);
}

/** One connection: sends data, receives all of it back, and repeats. */
async function load(): Promise<void> {
  using sk = await socket.create_connection(address, 5);
  sk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1);
  const message = crypto.getRandomValues(new Uint8Array(size));
  for (let sent = performance.now(); sent < end; sent = performance.now()) {
    await sk.sendall(message);
    const echoed = await sk.recv(size, socket.MSG_WAITALL);
    if (echoed.length < size) throw new Error("the server hung up");
    const slot = Math.max(0, Math.floor(2 * Math.log2((performance.now() - sent) * 1000)));
    histogram[slot] = (histogram[slot] ?? 0) + 1;
    total++;
  }
}

function report(elapsed: number): void {
  console.log(`${total} round trips of ${size} bytes over ${connections} connections`);
  console.log(`${Math.round(total / elapsed)} per second`);
  const most = Math.max(...histogram.filter(Boolean));
  for (let slot = histogram.findIndex(Boolean); slot < histogram.length; slot++) {
    const count = histogram[slot] ?? 0;
    const share = (count / total * 100).toFixed(1).padStart(5);
    console.log(
      `< ${duration(2 ** ((slot + 1) / 2)).padStart(7)} ${share} % ${"█".repeat(Math.ceil(count / most * 40))}`,
    );
  }
}

function duration(microseconds: number): string {
  return microseconds < 1000 ? `${Math.round(microseconds)} µs` : `${(microseconds / 1000).toFixed(1)} ms`;
}
