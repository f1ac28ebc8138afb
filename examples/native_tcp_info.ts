// TCP_INFO: what the kernel knows about a TCP connection, while data goes through it.
//
//   deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 --allow-net=127.0.0.1 examples/native_tcp_info.ts

import * as socket from "@berkeley/socket/native";
import { options } from "./_shared.ts";

const { rounds, size } = options("native_tcp_info: prints TCP_INFO of a connection while it sends data", {
  rounds: 5,
  size: 1_000_000,
});

// Fields of struct tcp_info (linux/tcp.h): offset and width.
const FIELDS: Record<string, [offset: number, bytes: 1 | 4 | 8]> = {
  state: [0, 1],
  retransmits: [2, 1],
  mss: [16, 4],
  "rtt µs": [68, 4],
  "rttvar µs": [72, 4],
  cwnd: [80, 4],
  acked: [120, 8],
  segments: [136, 4],
};

using server = socket.create_server(["127.0.0.1", 0]);
using client = await socket.create_connection(server.getsockname());
const [conn] = await server.accept();
swallow(conn).catch(console.error).finally(() => conn.close());

const data = new Uint8Array(size);
for (let round = 1; round <= rounds; round++) {
  await client.sendall(data);
  await client.recv(1); // all of it has arrived
  const facts = Object.entries(info(client)).map(([name, value]) => `${name} ${value}`);
  console.log(`${round}: ${facts.join(", ")}`);
}

function info(sk: socket.Socket): Record<string, number> {
  const bytes = sk.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (offset: number, width: 1 | 4 | 8) => {
    if (offset + width > view.byteLength) return NaN; // an older kernel has fewer fields
    if (width === 1) return view.getUint8(offset);
    return width === 4 ? view.getUint32(offset, true) : Number(view.getBigUint64(offset, true));
  };
  return Object.fromEntries(Object.entries(FIELDS).map(([name, [offset, width]]) => [name, read(offset, width)]));
}

/** Receives the data, and answers one byte to each round. */
async function swallow(sk: socket.Socket): Promise<void> {
  let total = 0;
  for await (const chunk of sk) {
    const before = total;
    total += chunk.length;
    if (Math.floor(total / size) > Math.floor(before / size)) await sk.sendall(".");
  }
}
