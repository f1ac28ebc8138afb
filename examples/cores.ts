// One port, several cores: each worker binds a socket of its own to the port with SO_REUSEPORT, and the kernel
// spreads the connections over them. Serves with one worker, then with two, and prints what that gains.
//
//   deno run --allow-net=127.0.0.1 --allow-read examples/cores.ts
//
// Reading is for the workers, which load this file again.

import * as socket from "@berkeley/socket";
import { options } from "./_shared.ts";

const CONNECTIONS = 64;

/** Serves requests that each take some computing, on a port shared with other workers; returns the port. */
function serve(port: number): number {
  const server = socket.socket();
  server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1);
  server.bind(["127.0.0.1", port]);
  server.listen(1024);
  (async () => {
    for await (const [conn] of server) {
      answer(conn).catch((error) => console.error("lost a caller:", error.message)).finally(() => conn.close());
    }
  })();
  return server.getsockname()[1];
}

async function answer(conn: socket.Socket): Promise<void> {
  for await (const request of conn) await conn.sendall(compute(request));
}

/** About 0.1 ms of work: what makes a second core worth having. */
function compute(request: Uint8Array): Uint8Array {
  let hash = 0;
  for (let round = 0; round < 2000; round++) {
    for (const byte of request) hash = Math.imul(hash ^ byte, 16777619);
  }
  return new Uint8Array(Int32Array.of(hash).buffer);
}

/** Starts a worker on a port (0: a free one) and learns the port. */
async function startWorker(port: number): Promise<[Worker, number]> {
  const worker = new Worker(import.meta.url, { type: "module" });
  const answer = new Promise<number>((resolve) => {
    worker.onmessage = ({ data }) => data === "ready" ? worker.postMessage(port) : resolve(data);
  });
  return [worker, await answer];
}

/** Requests per second over all connections. */
async function measure(port: number, seconds: number): Promise<number> {
  const request = new Uint8Array(64);
  const end = performance.now() + seconds * 1000;
  let requests = 0;
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    using conn = socket.socket();
    await conn.connect(["127.0.0.1", port]);
    while (performance.now() < end) {
      await conn.sendall(request);
      await conn.recv(64);
      requests++;
    }
  }));
  return requests / seconds;
}

if ("WorkerGlobalScope" in globalThis) {
  // Seen from inside, a worker's scope has the same two ends as the Worker that its maker holds.
  const maker = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;
  maker.onmessage = ({ data }) => maker.postMessage(serve(data));
  maker.postMessage("ready");
} else {
  const { workers: most, seconds } = options("cores: one port, several workers, with SO_REUSEPORT", {
    workers: 2,
    seconds: 2,
  });
  let port = 0;
  const workers: Worker[] = [];
  for (let count = 1; count <= most; count++) {
    const [worker, shared] = await startWorker(port);
    workers.push(worker);
    port = shared;
    await measure(port, seconds / 4); // the compiler's time is not the worker's
    console.log(
      `${count} worker${count > 1 ? "s" : ""}: ${Math.round(await measure(port, seconds))} requests per second`,
    );
  }
  for (const worker of workers) worker.terminate();
}
