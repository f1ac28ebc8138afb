// The first client of every tutorial: connect, send, receive the answer.
//
//   deno run --allow-net=127.0.0.1:9999 examples/echo_client.ts
//
// Start echo_server.ts first.

import * as socket from "@berkeley/socket";
import { options } from "./_shared.ts";

const { port, rest } = options("echo_client [text]: sends a text to echo_server and prints the answer", {
  port: 9999,
});

using sk = socket.socket();
await sk.connect(["127.0.0.1", port]);
await sk.sendall(rest[0] ?? "请求占领地球");
const reply = await sk.recv(1024);
console.log(new TextDecoder().decode(reply));
