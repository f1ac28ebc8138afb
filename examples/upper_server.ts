// A server that sends back in capitals what it receives, to any number of clients at once.
//
//   deno run --allow-net=127.0.0.1:6969 examples/upper_server.ts
//
// Connect with upper_client.ts, from two terminals at the same time. With --port 0 the system chooses a port:
// then allow 127.0.0.1 without a port.

import * as socket from "@berkeley/socket";
import { options, upper } from "./_shared.ts";

const { port } = options("upper_server: sends back in capitals what it receives", { port: 6969 });

using server = socket.socket();
server.bind(["127.0.0.1", port]);
server.listen();
console.log("listening on", server.getsockname());

// Each conversation is a function that is called and not awaited, so no client waits for another.
for await (const [conn, address] of server) talk(conn, address);

async function talk(conn: socket.Socket, address: socket.Address): Promise<void> {
  console.log("connection from", address);
  try {
    for await (const data of conn) await conn.sendall(upper(data));
    console.log("closed:", address);
  } catch (error) {
    console.log("lost:", address, (error as Error).message);
  } finally {
    conn.close();
  }
}
