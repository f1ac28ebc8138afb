// Attempts that are held back until the next turn of the event loop. Waiters that were registered before are woken then.

import assert from "node:assert/strict";
import { AF_INET, epoll, EPOLLIN, SOCK_DGRAM, socket } from "../native.ts";
import { rawPair } from "./tls/raw_pair.ts";

/** More attempts than one turn of the event loop permits. */
const MANY = 600;

Deno.test("native: epoll reports TLS data after many calls in the same turn of the event loop", async () => {
  using udp = socket(AF_INET, SOCK_DGRAM);
  udp.bind(["127.0.0.1", 0]);
  using pair = await rawPair();
  using poller = epoll();
  poller.register(pair.near, EPOLLIN);
  // More than one receive of ciphertext takes. The kernel reports it once only.
  await pair.peer.send("x".repeat(200_000));
  const readable = [[pair.near.fileno(), EPOLLIN]];
  assert.deepEqual(await poller.poll(5), readable);
  await pair.near.recv(65536);
  const sent = Array.from({ length: MANY }, () => udp.sendto("", udp.getsockname()));
  assert.deepEqual(await poller.poll(5), readable);
  await Promise.all(sent);
});
