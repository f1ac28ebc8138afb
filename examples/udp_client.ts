// The UDP client of every tutorial: sends each typed line as a datagram and prints the answer; `exit` ends it.
//
//   deno run --unstable-net --allow-net=127.0.0.1 examples/udp_client.ts
//
// Start udp_server.ts first. connect sends nothing. It sets the peer, so that datagrams of other senders are dropped.

import { AF_INET, socket, timeout } from "@berkeley/socket/udp";
import { input, options } from "./_shared.ts";

const { port } = options("udp_client: sends what you type to udp_server, until exit", { port: 9999 });

using sk = socket(AF_INET);
sk.settimeout(5); // a datagram may get lost without an error
await sk.connect(["127.0.0.1", port]);

const decoder = new TextDecoder();
for await (const line of input("数据: ")) {
  if (line === "exit") break;
  await sk.send(line);
  try {
    console.log(decoder.decode(await sk.recv(1024)));
  } catch (error) {
    if (!(error instanceof timeout)) throw error;
    console.log("no answer");
  }
}
