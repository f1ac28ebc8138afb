// Many clients, one loop, with select: everybody gets back what they send in upper case.
//
// A server that serves one connection to its end keeps the second client out. This one waits on the listening
// socket and on all connections at once, and serves whoever has something.
//
//   deno run --allow-net=127.0.0.1 examples/select_server.ts [--host=127.0.0.1] [--port=8089]
//
// Try it with several of: nc 127.0.0.1 8089

import { parseArgs } from "node:util";
import * as socket from "../mod.ts";
import { select } from "../select.ts";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8089" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  console.log("select_server.ts [--host=127.0.0.1] [--port=8089]   (port 0: any free one)");
  Deno.exit();
}

const decoder = new TextDecoder();
using server = socket.create_server([values.host, Number(values.port)]);
console.log("listening on", server.getsockname());

const clients = new Set<socket.Socket>();
for (;;) {
  const [readable] = await select([server, ...clients], [], []);
  for (const sock of readable) {
    if (sock === server) {
      const [client, address] = await server.accept();
      console.log("come", address);
      clients.add(client);
    } else await serve(sock);
  }
}

async function serve(client: socket.Socket): Promise<void> {
  try {
    const data = await client.recv(4096);
    if (data.length > 0) return await client.sendall(decoder.decode(data).toUpperCase());
  } catch (error) {
    // One client's broken connection is no reason to leave the others.
    console.log("lost", (error as Error).message);
  }
  console.log("gone", client.fileno());
  clients.delete(client);
  client.close();
}
