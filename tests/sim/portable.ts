// A run that depends on the runtime's arithmetic: links with loss, jitter, duplicates and bandwidth, TCP in both
// directions, datagrams, timers. It uses only sim.ts, so the same file runs in Deno, Node and a browser.

import { simulate } from "../../sim.ts";

/** Runs a seed. Returns results that must be the same on all JavaScript runtimes. */
export async function portable(seed: number): Promise<string> {
  const link = { latency: 0.0213, jitter: 0.0117, loss: 0.06, duplicate: 0.03, reorder: 0.03, bandwidth: 333_333 };
  const run = await simulate({ seed, link, limit: 10_000 }, async (net) => {
    const server = net.host("server");
    server.serve(async ({ socket }) => {
      for await (const [conn] of socket.create_server(["", 7])) {
        (async () => {
          for await (const data of conn) await conn.sendall(data);
          conn.close();
        })().catch(() => conn.close());
      }
    });
    for (const name of ["a", "b", "c"]) {
      net.host(name).run(async ({ socket, sleep, random }) => {
        const sock = await socket.create_connection(["server", 7]);
        const data = new Uint8Array(60_000).map((_, i) => i & 0xff);
        const sending = (async () => {
          for (let place = 0; place < data.length; place += 5000) {
            await sock.sendall(data.subarray(place, place + 5000));
            await sleep(random() / 7);
          }
          await sock.shutdown(socket.SHUT_WR);
        })();
        let length = 0;
        for await (const piece of sock) length += piece.length;
        await sending;
        if (length !== data.length) throw new Error(`${length} of ${data.length} bytes`);
        sock.close();
        const datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM);
        await datagrams.sendto(new Uint8Array(3000), ["server", 9]);
        datagrams.close();
      });
    }
    await net.sleep(1 / 3);
    net.partition("a", "server");
    await net.sleep(Math.sqrt(2));
    net.heal("a", "server");
  });
  return `${run.fingerprint} ${run.time} ${run.packets.length} ${run.events}`;
}
