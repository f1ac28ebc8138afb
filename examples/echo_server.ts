// The first server of every tutorial: accept a client, receive, answer, close, and wait for the next client.
//
//   deno run --allow-net=127.0.0.1:9999 examples/echo_server.ts
//
// Its client is echo_client.ts. With --port 0 the system chooses a port: then allow 127.0.0.1 without a port.

import * as socket from "@berkeley/socket";
import { options } from "./_shared.ts";

const { port } = options("echo_server: answers every client with one sentence", { port: 9999 });

using sk = socket.socket();
sk.bind(["127.0.0.1", port]);
sk.listen(5);
console.log("server waiting on", sk.getsockname());

for await (const [conn] of sk) {
  try {
    const data = await conn.recv(1024);
    console.log(new TextDecoder().decode(data));
    await conn.sendall("不要回答,不要回答,不要回答");
  } catch (error) {
    console.error("lost a client:", (error as Error).message); // the server goes on
  } finally {
    conn.close();
  }
}
