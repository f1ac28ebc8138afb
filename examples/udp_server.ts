// The UDP server of every tutorial: it answers "ok" to the sender of each datagram.
//
//   deno run --unstable-net --allow-net=127.0.0.1 examples/udp_server.ts
//
// Its client is udp_client.ts.

import { AF_INET, socket } from "@berkeley/socket/udp";
import { options } from "./_shared.ts";

const { port } = options("udp_server: answers every datagram with ok", { port: 9999 });

using sk = socket(AF_INET);
sk.bind(["127.0.0.1", port]);
console.log("server waiting on", sk.getsockname());

const decoder = new TextDecoder();
for (;;) {
  const [data, address] = await sk.recvfrom(1024);
  console.log(decoder.decode(data), address);
  await sk.sendto("ok", address);
}
