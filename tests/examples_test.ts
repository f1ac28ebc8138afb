// Every example, started as a user starts it: with the flags that it states, with --help, and without flags.

import assert from "node:assert/strict";
import { TemporaryDirectory } from "./_helpers.ts";
import { call, converse, elsewhere, examples, runLines, runnable, serve, start } from "./_examples.ts";

Deno.test("the list of examples has each of them", () => {
  const list = Deno.readTextFileSync(new URL("../examples/README.md", import.meta.url));
  const listed = new Set(Array.from(list.matchAll(/\((\w+\.ts)\)/g), ([, name]) => name));
  assert.deepEqual([...listed].sort(), examples());
});

for (const example of examples()) {
  Deno.test(`${example} begins with its run line`, () => {
    assert.notEqual(runLines(example).length, 0);
  });

  Deno.test(`${example} --help describes it, and needs no permission`, async () => {
    const printed = await converse(start(example, [], ["--help"]));
    assert.match(printed, new RegExp(example.replace(".ts", "")));
  });

  // A simulation states no permission, and its tests below run it without one.
  if (example.startsWith("sim_")) {
    Deno.test(`${example} states no permission`, () => {
      for (const { flags } of runLines(example)) assert.deepEqual(flags, []);
    });
    continue;
  }
  Deno.test(`${example} needs each permission that it states`, { ignore: !runnable(example) }, async () => {
    for (const { flags, args } of runLines(example)) {
      const permissions = flags.filter((flag) => flag.startsWith("--allow-"));
      assert.notEqual(permissions.length, 0, "it states no permission");
      for (const permission of permissions) {
        await using program = start(example, flags.filter((flag) => flag !== permission), args);
        const { code, stderr } = await program.end();
        assert.notEqual(code, 0, `it runs without ${permission}`);
        assert.match(stderr, /Requires (net|read|write|ffi|sys|run|env) access/, `without ${permission}`);
      }
    }
  });
}

Deno.test("echo_server and echo_client: each client gets its sentence", async () => {
  const { server, port } = await serve("echo_server.ts", 9999);
  await using _ = server;
  for (const said of ["请求占领地球", "again"]) {
    const printed = await converse(call("echo_client.ts", 9999, port, ...(said === "again" ? [said] : [])));
    assert.equal(printed, "不要回答,不要回答,不要回答\n");
    assert.equal(await server.line(), said);
  }
});

Deno.test("upper_server serves a second client during the first connection and after it", async () => {
  const { server, port } = await serve("upper_server.ts", 6969);
  await using _ = server;
  await using first = call("upper_client.ts", 6969, port);
  await first.write("hello 世界,你好");
  assert.equal(await first.line(), ">>: recv: HELLO 世界,你好");

  const second = call("upper_client.ts", 6969, port);
  assert.equal(await converse(second, "two", "", "exit", "not sent"), ">>: recv: TWO\n>>: >>: ");

  await first.write("still here");
  assert.equal(await first.line(), ">>: recv: STILL HERE");
  assert.equal(await converse(first, "exit"), ">>: ");

  assert.equal(await converse(call("upper_client.ts", 6969, port), "third"), ">>: recv: THIRD\n>>: ");
});

Deno.test("robot_server answers each caller until it says exit", async () => {
  const { server, port } = await serve("robot_server.ts", 8888);
  await using _ = server;
  const greeting = "receive: 欢迎致电 10086,请输入1xxx,0转人工服务.";
  await using waiting = call("robot_client.ts", 8888, port);
  assert.equal(await waiting.line(), greeting);
  assert.deepEqual((await converse(call("robot_client.ts", 8888, port), "1", "0", "exit")).split("\n"), [
    greeting,
    "please input: receive: 请重新输入.",
    "please input: receive: 通话可能会被录音.",
    "please input: ",
  ]);
  assert.equal(await converse(waiting, "exit"), "please input: ");
});

Deno.test("unix_echo: a server and a client at a path, and a server that was killed does not block the next", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.fresh();
  const [serverLine, clientLine] = runLines("unix_echo.ts").map((line) =>
    elsewhere(line, "--path", "/tmp/echo.sock", path)
  );
  for (const said of ["世界,你好", "again"]) {
    await using server = start("unix_echo.ts", serverLine.flags, serverLine.args);
    assert.equal(await server.line(), `listening on ${path}`);
    const more = said === "again" ? [said] : [];
    assert.equal(await converse(start("unix_echo.ts", clientLine.flags, [...clientLine.args, ...more])), said + "\n");
  }
});

Deno.test("socketserver_echo answers several clients, and Ctrl-C ends it", async () => {
  const { server, port } = await serve("socketserver_echo.ts", 9007);
  await using _ = server;
  const [, asking] = runLines("socketserver_echo.ts");
  for (const said of ["hello", "世界,你好"]) {
    const { flags, args } = elsewhere(asking, "--port", 9007, port);
    assert.equal(await converse(start("socketserver_echo.ts", flags, [...args, "--ask", said])), said + "\n");
    assert.match(await server.line(), /^connection from/);
  }
  Deno.kill(server.pid, "SIGINT");
  assert.equal((await server.end()).code, 0);
});

Deno.test("the demo runs every dialogue and ends by itself", async () => {
  const [{ flags, args }] = runLines("demo.ts");
  const printed = await converse(start("demo.ts", flags, args));
  for (
    const sentence of [
      "世界,你好",
      "HELLO WORLD",
      "欢迎致电 10086",
      "CHEN SAYS 2",
      "TimeoutError: timed out",
      "right too",
      "ok from",
    ]
  ) {
    assert.ok(printed.includes(sentence), `no ${sentence} in\n${printed}`);
  }
});

/** Starts a simulation as its header says, without any permission. */
function simulation(example: string, ...args: string[]) {
  const [{ flags }] = runLines(example);
  assert.deepEqual(flags, []);
  return start(example, flags, args);
}

Deno.test("sim_retry gets every answer, and each run is the same", async () => {
  const first = await converse(simulation("sim_retry.ts"));
  assert.match(first, /8 \+ 64 = 72, asked \d times?\n/);
  assert.match(first, /[1-9]\d* of \d+ datagrams were lost/);
  assert.equal(await converse(simulation("sim_retry.ts")), first);
  assert.notEqual(await converse(simulation("sim_retry.ts", "--seed", "2")), first);
});

Deno.test("sim_election holds over many seeds, and seed 6 breaks its first version", async () => {
  assert.match(await converse(simulation("sim_election.ts", "--seeds", "20")), /^20 seeds, .* one leader a term/);
  const broken = await converse(simulation("sim_election.ts", "--first", "--seeds", "20"));
  assert.match(broken, /^term \d+ has two leaders: \w+ and \w+ \[seed 6, /);
});

Deno.test("sim_gossip reaches all hosts", async () => {
  assert.match(await converse(simulation("sim_gossip.ts", "--hosts", "100")), /all 100 know it after \d+ s/);
});

Deno.test("sim_chat draws its ladder, with lost and retransmitted packets", async () => {
  const printed = await converse(simulation("sim_chat.ts"));
  assert.match(printed, /ship reads: Got them\. Over and out\.\n\n +ship +station\n/);
  assert.match(printed, /lost\n/);
  assert.match(printed, /\(again\)/);
});
