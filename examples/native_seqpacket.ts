// Records that stay apart: SOCK_SEQPACKET is connected and reliable as a stream, and keeps the bounds of what was sent.
//
//   deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 examples/native_seqpacket.ts
//
// A stream would run the three messages together, and a datagram socket would not notice that the other end has gone.

import * as socket from "@berkeley/socket/native";
import { options } from "./_shared.ts";

const { size } = options("native_seqpacket: records through a SOCK_SEQPACKET pair", { size: 64 });

const [left, right] = await socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET);
const decoder = new TextDecoder();

for (const record of ["one", "two and a half", "世界,你好"]) await left.send(record);
left.close();

for (;;) {
  // A record that is longer than `size` is cut, and MSG_TRUNC says so.
  const [data, , flags] = await right.recvmsg(size);
  if (data.length === 0) break; // the end: the other side has closed
  const cut = (flags & socket.MSG_TRUNC) !== 0 ? " (cut)" : "";
  console.log(`${data.length} bytes: ${decoder.decode(data)}${cut}`);
}
right.close();
console.log("the other end has gone");
