// One port, several cores: each worker binds its own socket to the port with SO_REUSEPORT, and the kernel spreads the
// connections over them. The program serves with one worker, then with two, and prints the gain.
//
//   deno run --allow-net=127.0.0.1 --allow-read examples/cores.ts
//
// The workers need --allow-read, because they load this file again.

import * as socket from "@berkeley/socket";
import { options } from "./_shared.ts";

const CONNECTIONS = 64;

/** Serves requests that take some computing, on a port shared with other workers. Returns the port. */
function serve(port: number): number {
  const server = socket.socket();
  server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1);
  server.bind(["127.0.0.1", port]);
  server.listen(1024);
  (async () => {
    for await (const [conn] of server) {
      answer(conn).catch((error) => console.error("lost a client:", error.message)).finally(() => conn.close());
    }
  })();
  return server.getsockname()[1];
}

async function answer(conn: socket.Socket): Promise<void> {
  for await (const request of conn) await conn.sendall(compute(request));
}

/** About 0.1 ms of work, so that a second core helps. */
function compute(request: Uint8Array): Uint8Array {
  let hash = 0;
  for (let round = 0; round < 2000; round++) {
    for (const byte of request) hash = Math.imul(hash ^ byte, 16777619);
  }
  return new Uint8Array(Int32Array.of(hash).buffer);
}

/** Starts a worker on a port (0: a free one). Returns its port. */
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
  // The global scope of a worker has postMessage and onmessage, as the Worker object has in the program.
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
    await measure(port, seconds / 4); // a first run, so that the time for compiling does not count
    console.log(
      `${count} worker${count > 1 ? "s" : ""}: ${Math.round(await measure(port, seconds))} requests per second`,
    );
  }
  for (const worker of workers) worker.terminate();
}
