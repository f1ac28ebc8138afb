// The examples that wait, run as their users run them, with the permissions that their first lines name.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import type { Socket } from "../mod.ts";
import { call, serve } from "./_examples.ts";

async function hear(sock: Socket, length: number): Promise<string> {
  let heard = "";
  while (heard.length < length) heard += new TextDecoder().decode(await sock.recv(length - heard.length));
  return heard;
}

for (const name of ["select_server.ts", "epoll_server.ts"]) {
  Deno.test(`${name} serves many at once`, async () => {
    const { server, port } = await serve(name, 8089);
    await using _ = server;
    const clients: Socket[] = [];
    for (let count = 0; count < 5; count++) clients.push(await socket.create_connection(["127.0.0.1", port]));
    for (const round of ["one", "two"]) {
      for (const [place, client] of clients.toReversed().entries()) await client.sendall(`${round} ${place}`);
      for (const [place, client] of clients.toReversed().entries()) {
        assert.equal(await hear(client, 5), `${round.toUpperCase()} ${place}`);
      }
    }
    clients[1].close();
    await clients[2].sendall("still there");
    assert.equal(await hear(clients[2], 11), "STILL THERE");
    for (const client of clients) client.close();
  });
}

Deno.test("epoll_server.ts is not held up by one who does not read", async () => {
  const { server, port } = await serve("epoll_server.ts", 8089);
  await using _ = server;
  using greedy = await socket.create_connection(["127.0.0.1", port]);
  using modest = await socket.create_connection(["127.0.0.1", port]);
  greedy.settimeout(0.3);
  await assert.rejects(greedy.sendall(new Uint8Array(64 << 20)), socket.timeout);
  await modest.sendall("me too");
  assert.equal(await hear(modest, 6), "ME TOO");
});

Deno.test("chat_server.ts and chat_client.ts talk", async () => {
  const { server, port } = await serve("chat_server.ts", 8090);
  await using _ = server;
  await using ann = call("chat_client.ts", 8090, port);
  assert.match(await ann.line(), /^connected to/);
  await using bob = call("chat_client.ts", 8090, port);
  assert.match(await bob.line(), /^connected to/);
  assert.match(await ann.line(), /^\* 127\.0\.0\.1:\d+ has come$/);
  await bob.write("hello, ann");
  assert.match(await ann.line(), /^127\.0\.0\.1:\d+: hello, ann$/);
  await ann.write("hello, bob");
  assert.match(await bob.line(), /: hello, bob$/);
  await bob.closeInput();
  assert.match(await ann.line(), /^\* .* has gone$/);
  assert.equal((await bob.end()).code, 0);
});
