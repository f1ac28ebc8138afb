// The datagram examples communicate with each other, with the flags that they state.

import assert from "node:assert/strict";
import { call, converse, elsewhere, freePort, runLines, serve, start } from "./_examples.ts";
import { TemporaryDirectory } from "./_helpers.ts";

Deno.test("udp_server answers udp_client until it says exit", async () => {
  const { server, port } = await serve("udp_server.ts", 9999);
  await using _ = server;
  const printed = await converse(call("udp_client.ts", 9999, port), "hello", "数据", "exit", "not sent");
  assert.equal(printed, "数据: ok\n数据: ok\n数据: ");
  assert.match(await server.line(), /^hello \[/);
  assert.match(await server.line(), /^数据 \[/);
});

Deno.test("unix_datagram: a message arrives with its severity", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.fresh();
  const [collect, send] = runLines("unix_datagram.ts").map((line) => elsewhere(line, "--path", "/tmp/log.sock", path));
  for (let round = 0; round < 2; round++) {
    await using collector = start("unix_datagram.ts", collect.flags, collect.args);
    assert.equal(await collector.line(), `collecting at ${path}`);
    await converse(start("unix_datagram.ts", send.flags, [...send.args, "--severity", "err"]));
    assert.equal(await collector.line(), "err      example: hello");
  }
});

Deno.test("two instances of multicast_listen on one port receive from multicast_announce", async () => {
  const port = freePort();
  const listen = elsewhere(runLines("multicast_listen.ts")[0], "--port", 7777, port);
  await using one = start("multicast_listen.ts", listen.flags, listen.args);
  await using other = start("multicast_listen.ts", listen.flags, listen.args);
  for (const listener of [one, other]) assert.match(await listener.line(), /^listening/);
  const announce = elsewhere(runLines("multicast_announce.ts")[0], "--port", 7777, port);
  const printed = await converse(
    start("multicast_announce.ts", announce.flags, [...announce.args, "--count", "1", "hi"]),
  );
  assert.equal(printed, "announced 1 of 1\n");
  for (const listener of [one, other]) assert.equal(await listener.line(), "127.0.0.1: hi");
});
