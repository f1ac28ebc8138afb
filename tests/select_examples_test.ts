// The examples of select, poll and epoll, run with the permissions that their first lines name.

import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import * as socket from "../mod.ts";
import type { Socket } from "../mod.ts";
import { call, elsewhere, runLines, serve } from "./_examples.ts";
import { pythonTest, runPython } from "./_helpers.ts";

async function hear(sock: Socket, length: number): Promise<string> {
  let heard = "";
  while (heard.length < length) heard += new TextDecoder().decode(await sock.recv(length - heard.length));
  return heard;
}

for (const name of ["select_server.ts", "epoll_server.ts"]) {
  Deno.test(`${name} serves many clients at the same time`, async () => {
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

Deno.test("a client that does not read does not delay epoll_server.ts", async () => {
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

// Runs a program on a pseudo-terminal. Lines from here are typed, and the terminal's output is returned.
const ON_A_TERMINAL = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
inputs = [terminal, 0]
while terminal in inputs:
    for fd in select.select(inputs, [], [])[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""  # EIO: the program has ended
        if not data:
            inputs.remove(fd)
        else:
            os.write(terminal if fd == 0 else 1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

pythonTest("chat_client.ts waits on a terminal and on its connection", async () => {
  const { server, port } = await serve("chat_server.ts", 8090);
  await using _ = server;
  const { flags, args } = elsewhere(runLines("chat_client.ts")[0], "--port", 8090, port);
  const file = new URL("../examples/chat_client.ts", import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "--no-prompt", "--no-lock", ...flags, file, ...args];
  await using ann = runPython(ON_A_TERMINAL, ...command);
  const shown = async () => stripVTControlCharacters(await ann.line()).trimEnd();
  assert.match(await shown(), /^connected to/);
  await using bob = call("chat_client.ts", 8090, port);
  assert.match(await bob.line(), /^connected to/);
  // Data of the connection is shown while the program waits for the terminal.
  assert.match(await shown(), /^\* 127\.0\.0\.1:\d+ has come$/);
  await bob.write("hello, ann");
  assert.match(await shown(), /^127\.0\.0\.1:\d+: hello, ann$/);
  // The terminal echoes what is typed, and the program sends it line by line. The server may receive two lines at once.
  await ann.write("hello, 世界\nand again");
  assert.match(await bob.line(), /: hello, 世界$/);
  assert.match(await bob.line(), /(: |^)and again$/);
  assert.deepEqual([await shown(), await shown()], ["hello, 世界", "and again"]);
  // Ctrl-D at the start of a line.
  await ann.write("\x04");
  assert.match(await bob.line(), /^\* .* has gone$/);
  assert.equal((await ann.end()).code, 0);
});
