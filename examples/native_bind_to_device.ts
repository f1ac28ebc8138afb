// One port, a socket for each network interface: with SO_BINDTODEVICE a socket receives from one interface only. So the
// program knows where each datagram came in.
//
//   deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 --allow-net=0.0.0.0:7777,127.0.0.1:7777 \
//     examples/native_bind_to_device.ts

import * as socket from "@berkeley/socket/native";
import { options } from "./_shared.ts";

const { port, patience } = options("native_bind_to_device: sends to 127.0.0.1 and prints which interface receives it", {
  port: 7777,
  patience: 0.2,
});

const sockets = new Map<socket.Socket, string>();
for (const [, name] of socket.if_nameindex()) {
  const sk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  sk.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, new TextEncoder().encode(name));
  sk.bind(["", port]); // the same port for all: their interfaces differ
  sockets.set(sk, name);
}
console.log(`listening at ${port} on ${[...sockets.values()].join(", ")}`);

using sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
await sender.sendto("hello", ["127.0.0.1", port]);

const [ready] = await socket.select([...sockets.keys()], [], [], patience);
for (const [sk, name] of sockets) {
  const received = ready.includes(sk) ? new TextDecoder().decode(await sk.recv(1024)) : "nothing";
  console.log(`${name} received ${received}`);
  sk.close();
}
