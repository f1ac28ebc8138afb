// SOCK_SEQPACKET: connected and reliable like a stream, with message boundaries like datagrams.
//
//   deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 examples/native_seqpacket.ts
//
// On a stream the three messages would run together. A datagram socket would not notice that the peer has closed.

import * as socket from "@berkeley/socket/native";
import { options } from "./_shared.ts";

const { size } = options("native_seqpacket: sends records through a SOCK_SEQPACKET pair", { size: 64 });

const [left, right] = await socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET);
const decoder = new TextDecoder();

for (const record of ["one", "two and a half", "世界,你好"]) await left.send(record);
left.close();

for (;;) {
  // A record longer than `size` is cut, and MSG_TRUNC is set.
  const [data, , flags] = await right.recvmsg(size);
  if (data.length === 0) break; // the end: the peer has closed
  const cut = (flags & socket.MSG_TRUNC) !== 0 ? " (cut)" : "";
  console.log(`${data.length} bytes: ${decoder.decode(data)}${cut}`);
}
right.close();
console.log("the peer has closed");
