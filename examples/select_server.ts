// Many clients, one loop, with select: the server sends back in capitals what it receives.
//
// A server that serves one connection to its end lets the second client wait. This one waits for the listening socket
// and all connections at once, and serves those that are ready.
//
//   deno run --allow-net=127.0.0.1:8089 examples/select_server.ts
//
// Start several clients: deno run --allow-net=127.0.0.1:8089 examples/upper_client.ts --port 8089

import * as socket from "@berkeley/socket";
import { select } from "@berkeley/socket/select";
import { options, upper } from "./_shared.ts";

const { port } = options("select_server: answers many clients in capitals, with select", { port: 8089 });

using server = socket.create_server(["127.0.0.1", port]);
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
    if (data.length > 0) return await client.sendall(upper(data));
  } catch (error) {
    // The broken connection of one client must not end the others.
    console.log("lost", (error as Error).message);
  }
  console.log("gone", client.fileno());
  clients.delete(client);
  client.close();
}
