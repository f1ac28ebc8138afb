// The same round on Deno's own API, which has nothing like select: a program that waits for several connections has a
// read under way on each. A write, and the read that it completes, are the parts of every wait over that API.

import { measure, sizes } from "./clock.ts";

const byte = new Uint8Array(1);
const buffer = new Uint8Array(2048);
const results: Record<string, number> = {};
for (const size of sizes) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ours: Deno.TcpConn[] = [];
  const theirs: Deno.TcpConn[] = [];
  for (let count = 0; count < size; count++) {
    ours.push(await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }));
    theirs.push(await listener.accept());
  }
  const active = ours[size >> 1];
  const other = theirs[size >> 1];
  for (const conn of ours) if (conn !== active) conn.read(new Uint8Array(2048)).catch(() => {});
  const time = await measure(async () => {
    await other.write(byte);
    await active.read(buffer);
  });
  results[`select${size}`] = results[`epoll${size}`] = time;
  for (const closer of [listener, ...ours, ...theirs]) closer.close();
}
console.log(JSON.stringify(results));
