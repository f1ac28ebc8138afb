// The first server of every tutorial: accept a caller, read what it says, answer, hang up, wait for the next.
//
//   deno run --allow-net=127.0.0.1:9999 examples/echo_server.ts
//
// Its counterpart is echo_client.ts. With --port 0 the system chooses a port: then allow 127.0.0.1 without a port.

import * as socket from "@berkeley/socket";
import { options } from "./_shared.ts";

const { port } = options("echo_server: answers every caller with one sentence", { port: 9999 });

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
    console.error("lost a caller:", (error as Error).message); // the others are still to be served
  } finally {
    conn.close();
  }
}
