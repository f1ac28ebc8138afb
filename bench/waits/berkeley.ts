// The wait times of this module's select and epoll, on either backend.

import type * as sockets from "../../mod.ts";
import type { Socket } from "../../mod.ts";
import { measure, sizes } from "./clock.ts";

/** Measures, and prints `{"select10": µs, …}`. */
export async function run({ create_connection, create_server, epoll, EPOLLIN, select }: typeof sockets): Promise<void> {
  const byte = new Uint8Array(1);
  const results: Record<string, number> = {};
  for (const size of sizes) {
    using server = create_server(["127.0.0.1", 0], { backlog: 1024 });
    const ours: Socket[] = [];
    const theirs: Socket[] = [];
    for (let count = 0; count < size; count++) {
      ours.push(await create_connection(server.getsockname()));
      theirs.push((await server.accept())[0]);
    }
    const active = ours[size >> 1];
    const other = theirs[size >> 1];
    results[`select${size}`] = await measure(async () => {
      await other.sendall(byte);
      await select(ours, [], [], 5);
      await active.recv(1);
    });
    using poller = epoll();
    for (const sock of ours) poller.register(sock, EPOLLIN);
    results[`epoll${size}`] = await measure(async () => {
      await other.sendall(byte);
      await poller.poll(5);
      await active.recv(1);
    });
    await other.sendall(byte);
    await poller.poll(5);
    results[`select-ready${size}`] = await measure(() => select(ours, [], [], 5));
    results[`epoll-ready${size}`] = await measure(() => poller.poll(5));
    for (const sock of [...ours, ...theirs]) sock.close();
  }
  console.log(JSON.stringify(results));
  // A parked read of Deno must not keep the process alive.
  Deno.exit(0);
}
