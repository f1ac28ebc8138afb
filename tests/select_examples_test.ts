// The examples that wait, run as their users run them, with the permissions that their first lines name.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import type { Socket } from "../mod.ts";
import { Program } from "./_helpers.ts";

/** Starts an example with the flags of its own run line, and answers it with the port that it prints. */
async function start(name: string, ...args: string[]): Promise<[Program, number]> {
  const path = new URL(`../examples/${name}`, import.meta.url);
  const flags = /deno run (.*?) examples/.exec(await Deno.readTextFile(path))![1].split(" ");
  const program = new Program(Deno.execPath(), ["run", "--no-prompt", ...flags, path.pathname, ...args]);
  const line = await program.line();
  return [program, Number(/(\d+) \]/.exec(line)![1])];
}

async function hear(sock: Socket, length: number): Promise<string> {
  let heard = "";
  while (heard.length < length) heard += new TextDecoder().decode(await sock.recv(length - heard.length));
  return heard;
}

for (const name of ["select_server.ts", "epoll_server.ts"]) {
  Deno.test(`${name} serves many at once`, async () => {
    const [program, port] = await start(name, "--port=0");
    await using _program = program;
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
  const [program, port] = await start("epoll_server.ts", "--port=0");
  await using _program = program;
  using greedy = await socket.create_connection(["127.0.0.1", port]);
  using modest = await socket.create_connection(["127.0.0.1", port]);
  greedy.settimeout(0.3);
  await assert.rejects(greedy.sendall(new Uint8Array(64 << 20)), socket.timeout);
  await modest.sendall("me too");
  assert.equal(await hear(modest, 6), "ME TOO");
});

Deno.test("chat_server.ts and chat_client.ts talk", async () => {
  const [server, port] = await start("chat_server.ts", "--port=0");
  await using _server = server;
  const [ann] = await start("chat_client.ts", `--port=${port}`);
  await using _ann = ann;
  const [bob, named] = await start("chat_client.ts", `--port=${port}`);
  await using _bob = bob;
  assert.match(await ann.line(), /^\* 127\.0\.0\.1:\d+ has come$/);
  await bob.write("hello, ann");
  const heard = /^127\.0\.0\.1:(\d+): hello, ann$/.exec(await ann.line());
  assert.ok(heard !== null && named > 0);
  await ann.write("hello, bob");
  assert.match(await bob.line(), /: hello, bob$/);
  await bob.closeInput();
  assert.match(await ann.line(), /^\* .* has gone$/);
  assert.equal((await bob.end()).code, 0);
});

Deno.test("the examples explain themselves", async () => {
  for (const name of ["select_server.ts", "epoll_server.ts", "chat_server.ts", "chat_client.ts"]) {
    const path = new URL(`../examples/${name}`, import.meta.url).pathname;
    await using program = new Program(Deno.execPath(), ["run", "--no-prompt", path, "--help"]);
    assert.ok((await program.line()).startsWith(name));
  }
});
