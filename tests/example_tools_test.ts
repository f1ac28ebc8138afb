// The examples that are tools (netcat, port_forward, http_get …), run as a user runs them.

import assert from "node:assert/strict";
import * as socket from "@berkeley/socket";
import { call, converse, freePort, runLines, serve, start, untilBound } from "./_examples.ts";
import { TemporaryDirectory } from "./_helpers.ts";
import type { Program } from "./_helpers.ts";

const [listenLine, connectLine, udpListenLine, udpLine, unixLine] = runLines("netcat.ts");

function netcat(line: { flags: string[]; args: string[] }, usual: string, other: string | number): Program {
  const moved = (words: string[]) => words.map((word) => word.replaceAll(usual, String(other)));
  return start("netcat.ts", moved(line.flags), moved(line.args));
}

const linuxOnly = { ignore: Deno.build.os !== "linux" };

Deno.test("netcat: two instances talk over TCP, and the end of an input ends the dialogue", linuxOnly, async () => {
  const port = freePort();
  await using listening = netcat(listenLine, "7000", port);
  await untilBound(port);
  await using connected = netcat(connectLine, "7000", port);
  await connected.write("hello 世界");
  assert.equal(await listening.line(), "hello 世界");
  await listening.write("and back");
  assert.equal(await connected.line(), "and back");
  await connected.closeInput();
  assert.equal(await converse(listening), "");
  assert.equal(await converse(connected), "");
});

Deno.test("netcat: piped input is sent, followed by a half-close, and the answer is printed", async () => {
  using server = socket.create_server(["127.0.0.1", 0]);
  const answering = (async () => {
    const [conn] = await server.accept();
    let question = "";
    for await (const data of conn) question += new TextDecoder().decode(data); // To the end of the stream.
    await conn.sendall(question.toUpperCase());
    conn.close();
  })();
  const client = netcat(connectLine, "7000", server.getsockname()[1]);
  assert.equal(await converse(client, "one", "two"), "ONE\nTWO\n");
  await answering;
});

Deno.test("netcat: two instances exchange datagrams", linuxOnly, async () => {
  const port = freePort();
  await using listening = netcat(udpListenLine, "7000", port);
  await untilBound(port);
  await using connected = netcat(udpLine, "7000", port);
  await connected.write("hello");
  assert.equal(await listening.line(), "hello");
  await listening.write("and back");
  assert.equal(await connected.line(), "and back");
  assert.equal(await converse(connected), "");
});

Deno.test("netcat: two instances talk over a Unix path", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.fresh();
  const watcher = Deno.watchFs(directory.path);
  await using listening = netcat(unixLine, "/tmp/cat.sock", path);
  // The path exists as soon as the socket is bound, and the server listens shortly after that.
  for await (const _ of watcher) if ((await Deno.lstat(path).catch(() => null))?.isSocket) break;
  const connect = { flags: unixLine.flags, args: unixLine.args.filter((word) => word !== "--listen") };
  await using connected = netcat(connect, "/tmp/cat.sock", path);
  await connected.write("hello");
  assert.equal(await listening.line(), "hello");
  await connected.closeInput();
  assert.equal(await converse(listening), "");
});

Deno.test("port_forward forwards a whole dialogue", async () => {
  const upper = await serve("upper_server.ts", 6969);
  await using _upper = upper.server;
  const [line] = runLines("port_forward.ts");
  const port = freePort();
  const moved = (words: string[]) =>
    words.map((word) => word.replaceAll("9999", String(upper.port)).replaceAll("8000", String(port)));
  await using forwarder = start("port_forward.ts", moved(line.flags), moved(line.args));
  assert.match(await forwarder.line(), /^forwarding/);
  for (const said of ["one", "another"]) {
    const printed = await converse(call("upper_client.ts", 6969, port), said, "exit");
    assert.equal(printed, `>>: recv: ${said.toUpperCase()}\n>>: `);
  }
});

Deno.test("http_get prints a page", async () => {
  const page = "<p>你好</p>\n".repeat(10_000);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) => new Response(new URL(url).search + page),
  );
  const [{ flags }] = runLines("http_get.ts");
  const host = `127.0.0.1:${server.addr.port}`;
  const program = start("http_get.ts", flags.map((flag) => flag.replace("example.com:80", host)), [
    `http://${host}/there?what=ever`,
  ]);
  assert.equal(await converse(program), "?what=ever" + page);
});

Deno.test("port_scanner finds all open ports and no others", async () => {
  using server = socket.create_server(["127.0.0.1", 0]);
  const [, port] = server.getsockname();
  const [{ flags, args }] = runLines("port_scanner.ts");
  const one = ["--first", String(port), "--last", String(port)];
  const printed = await converse(start("port_scanner.ts", flags, [...args, ...one]));
  assert.match(printed, new RegExp(`^ *${port} .*\n1 of 1 ports are open\n$`));
  server.close();
  assert.equal(await converse(start("port_scanner.ts", flags, [...args, ...one])), "0 of 1 ports are open\n");
});

Deno.test("time_client asks again until it gets the time", async () => {
  const { server, port } = await serve("time_server.ts", 1337, "--lose", "2");
  await using _ = server;
  const client = call("time_client.ts", 1337, port, "--patience", "0.05", "--tries", "12");
  assert.match(await converse(client), /^\d{4}-\d\d-\d\dT[\d:.]+Z\n$/);
});

Deno.test("time_client gives up if no server answers", async () => {
  using deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  deaf.bind(["127.0.0.1", 0]);
  const [, port] = deaf.getsockname();
  await using client = call("time_client.ts", 1337, port, "--patience", "0.01", "--tries", "2");
  const { code, stderr } = await client.end();
  assert.equal(code, 1);
  assert.match(stderr, /no answer to 2 questions/);
});

Deno.test("load_test prints its histogram, serving itself or calling another server", async () => {
  const [line] = runLines("load_test.ts");
  const briefly = ["--seconds", "0.2", "--connections", "5"];
  const histogram = /^\d+ round trips of 64 bytes over 5 connections\n\d+ per second\n(< .* %.*\n)+$/;
  assert.match(await converse(start("load_test.ts", line.flags, [...line.args, ...briefly])), histogram);

  const { server, port } = await serve("upper_server.ts", 6969);
  await using _ = server;
  const there = [...line.args, "--port", String(port), ...briefly];
  assert.match(await converse(start("load_test.ts", line.flags, there)), histogram);
});

Deno.test("cores shares one port among its workers", async () => {
  const [{ flags, args }] = runLines("cores.ts");
  const printed = await converse(start("cores.ts", flags, [...args, "--seconds", "0.1"]));
  assert.match(printed, /^1 worker: \d+ requests per second\n2 workers: \d+ requests per second\n$/);
});
