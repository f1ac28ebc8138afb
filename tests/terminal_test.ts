// The examples in a terminal, with the flags that they state: Deno asks for no permission.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import { converse, elsewhere, freePort, runLines, runnable } from "./_examples.ts";
import type { RunLine } from "./_examples.ts";
import { hasPython, pythonTest, TemporaryDirectory } from "./_helpers.ts";
import type { Program } from "./_helpers.ts";
import { startInTerminal } from "./_terminal.ts";

const root = new URL("..", import.meta.url).pathname;

function start(example: string, { flags, args }: RunLine, ...more: string[]): Program {
  return startInTerminal(Deno.execPath(), "run", "--no-lock", ...flags, `${root}examples/${example}`, ...args, ...more);
}

/** Waits for the first line that matches. The echo of what is typed is skipped. */
async function lineLike(program: Program, pattern: RegExp): Promise<string> {
  for (let count = 0; count < 100; count++) {
    const line = await program.line();
    if (pattern.test(line)) return line;
  }
  throw new Error(`no line like ${pattern}`);
}

// Examples without input and without a partner.
const ALONE: Record<string, [expected: RegExp, ...more: string[]]> = {
  "demo.ts": [/世界,你好[^]*ok from/],
  "load_test.ts": [/per second/, "--seconds", "0.2"],
  "cores.ts": [/2 workers: \d+ requests/, "--seconds", "0.2"],
  "port_scanner.ts": [/of 1024 ports are open/],
  "multicast_announce.ts": [/announced 1 of 1/, "--count", "1"],
  "native_seqpacket.ts": [/the peer has closed/],
  "native_tcp_info.ts": [/5: state 1/],
  "native_traceroute.ts": [/ 1 {2}127\.0\.0\.1/],
  "native_ping.ts": [/3 sent, 3 answered/, "--interval", "0"],
};

for (const [example, [expected, ...more]] of Object.entries(ALONE)) {
  const ignore = !hasPython() || !runnable(example);
  Deno.test(`in a terminal, ${example} asks for no permission`, { ignore }, async () => {
    assert.match(await converse(start(example, runLines(example)[0], ...more)), expected);
  });
}

pythonTest("in a terminal, deno task demo asks for no permission", async () => {
  const config = `${root}deno.json`;
  const printed = await converse(startInTerminal(Deno.execPath(), "task", "--config", config, "--cwd", root, "demo"));
  assert.match(printed, /世界,你好[^]*ok from/);
});

pythonTest("in a terminal, native_bind_to_device.ts asks for no permission", async () => {
  if (!runnable("native_bind_to_device.ts")) return;
  const line = elsewhere(runLines("native_bind_to_device.ts")[0], "--port", 7777, freePort());
  assert.match(await converse(start("native_bind_to_device.ts", line)), /lo received hello/);
});

// Servers, each with a client and the lines to type.
const PAIRS: [server: string, client: string, port: number, typed: string[], expected: RegExp][] = [
  ["echo_server.ts", "echo_client.ts", 9999, [], /不要回答,不要回答,不要回答/],
  ["upper_server.ts", "upper_client.ts", 6969, ["hello", "exit"], /recv: HELLO/],
  ["robot_server.ts", "robot_client.ts", 8888, ["0", "exit"], /通话可能会被录音/],
  ["udp_server.ts", "udp_client.ts", 9999, ["hello", "exit"], /\nok\n|: ok\n/],
  ["time_server.ts", "time_client.ts", 1337, [], /\d{4}-\d\d-\d\dT/],
  ["chat_server.ts", "chat_client.ts", 8090, ["\x04"], /connected to/],
];

for (const [server, client, usual, typed, expected] of PAIRS) {
  pythonTest(`in a terminal, ${server} and ${client} ask for no permission`, async () => {
    const port = freePort();
    await using serving = start(server, elsewhere(runLines(server)[0], "--port", usual, port));
    await lineLike(serving, new RegExp(String(port)));
    const printed = await converse(start(client, elsewhere(runLines(client)[0], "--port", usual, port)), ...typed);
    assert.match(printed, expected);
  });
}

for (const server of ["select_server.ts", "epoll_server.ts"]) {
  pythonTest(`in a terminal, ${server} asks for no permission`, async () => {
    const port = freePort();
    await using serving = start(server, elsewhere(runLines(server)[0], "--port", 8089, port));
    await lineLike(serving, new RegExp(String(port)));
    using client = await socket.create_connection(["127.0.0.1", port]);
    await client.sendall("hello");
    assert.equal(new TextDecoder().decode(await client.recv(5, socket.MSG_WAITALL)), "HELLO");
  });
}

pythonTest("in a terminal, netcat over UDP asks for no permission", async () => {
  const port = String(freePort());
  const [listening, calling] = runLines("netcat.ts").filter(({ args }) => args.includes("--udp"));
  const at = (line: RunLine) => ({ ...line, args: line.args.map((word) => word.replace("7000", port)) });
  await using callee = start("netcat.ts", at(listening));
  await lineLike(callee, /listening on/);
  await using caller = start("netcat.ts", at(calling));
  await caller.write("hello");
  await lineLike(callee, /hello/);
  await callee.write("hello yourself");
  await lineLike(caller, /hello yourself/);
});

pythonTest("in a terminal, netcat over TCP and port_forward ask for no permission", async () => {
  const [port, other] = [freePort(), freePort()];
  const [listening] = runLines("netcat.ts");
  const moved = (line: RunLine, ...pairs: [usual: string, port: number][]) => {
    const move = (word: string) => pairs.reduce((text, [usual, own]) => text.replaceAll(usual, String(own)), word);
    return { ...line, flags: line.flags.map(move), args: line.args.map(move) };
  };
  await using callee = start("netcat.ts", moved(listening, ["7000", port]));
  await lineLike(callee, /listening on/);
  const forward = runLines("port_forward.ts")[0];
  await using forwarder = start("port_forward.ts", moved(forward, ["9999", port], ["8000", other]));
  await lineLike(forwarder, /^forwarding/);
  using client = await socket.create_connection(["127.0.0.1", other]);
  await client.sendall("hello\n");
  await lineLike(callee, /hello/);
});

pythonTest("in a terminal, unix_echo and unix_datagram ask for no permission", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.fresh();
  const [serve, call] = runLines("unix_echo.ts").map((line) => elsewhere(line, "--path", "/tmp/echo.sock", path));
  await using server = start("unix_echo.ts", serve);
  await lineLike(server, /listening on/);
  assert.match(await converse(start("unix_echo.ts", call)), /世界,你好/);

  const log = directory.fresh();
  const [collect, send] = runLines("unix_datagram.ts").map((line) => elsewhere(line, "--path", "/tmp/log.sock", log));
  await using collector = start("unix_datagram.ts", collect);
  await lineLike(collector, /collecting at/);
  await converse(start("unix_datagram.ts", send));
  await lineLike(collector, /hello/);
});

pythonTest("in a terminal, multicast_listen asks for no permission", async () => {
  const port = freePort();
  const listen = elsewhere(runLines("multicast_listen.ts")[0], "--port", 7777, port);
  await using listener = start("multicast_listen.ts", listen);
  await lineLike(listener, /^listening/);
  const announce = elsewhere(runLines("multicast_announce.ts")[0], "--port", 7777, port);
  await converse(start("multicast_announce.ts", announce, "--count", "1", "hi"));
  await lineLike(listener, /127\.0\.0\.1: hi/);
});

pythonTest("in a terminal, http_get asks for no permission", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("你好"));
  const host = `127.0.0.1:${server.addr.port}`;
  const [{ flags, root }] = runLines("http_get.ts");
  const line = { root, flags: flags.map((flag) => flag.replace("example.com:80", host)), args: [`http://${host}/`] };
  assert.match(await converse(start("http_get.ts", line)), /你好/);
});

pythonTest(
  "in a terminal, the native examples that wait for packets and descriptors ask for no permission",
  async () => {
    if (!runnable("native_sniffer.ts") || !runnable("native_pass_fd.ts")) return;
    await using sniffer = start("native_sniffer.ts", runLines("native_sniffer.ts")[0], "--count", "1000000");
    await lineLike(sniffer, /listening on lo/);
    using directory = new TemporaryDirectory();
    const [path, port] = [directory.fresh(), freePort()];
    const [work, front] = runLines("native_pass_fd.ts").map((line) =>
      elsewhere(line, "--path", "/tmp/pass.sock", path)
    );
    await using worker = start("native_pass_fd.ts", work);
    await lineLike(worker, /waiting at/);
    await using passing = start("native_pass_fd.ts", elsewhere(front, "--port", 9999, port));
    await lineLike(passing, /listening on/);
    using client = await socket.create_connection(["127.0.0.1", port]);
    await using heard = client.makefile("r");
    assert.match(String(await heard.readline()), /^hello 127\.0\.0\.1/);
    // Those packets were TCP's, over the loopback interface.
    await lineLike(sniffer, /TCP 127\.0\.0\.1/);
  },
);

/** Runs a program text in a terminal. */
async function runInTerminal(source: string, ...flags: string[]): Promise<string> {
  using directory = new TemporaryDirectory();
  const file = `${directory.path}/main.ts`;
  Deno.writeTextFileSync(file, source);
  const config = `--config=${root}deno.json`;
  return await converse(
    startInTerminal(Deno.execPath(), "run", "--no-check", "--no-lock", config, ...flags, file),
  );
}

pythonTest("in a terminal, README's datagrams ask for nothing but 127.0.0.1", async () => {
  const readme = Deno.readTextFileSync(`${root}README.md`);
  const [, source] = /## UDP\n[^]*?```ts\n([^]*?)```/.exec(readme)!;
  assert.equal(await runInTerminal(source, "--unstable-net", "--allow-net=127.0.0.1"), "");
});

for (const backend of ["mod", "native"]) {
  const flags = backend === "native" ? ["--allow-ffi"] : [];
  const prelude = `import * as m from "${root}${backend}.ts";`;

  pythonTest(`${backend}: in a terminal, granted permissions are used, and no others are asked for`, async () => {
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    const source = `${prelude}
      const names = (flags) => m.getnameinfo(["fe80::1", 80, 0, 1], flags);
      await names(m.NI_NUMERICHOST | m.NI_NUMERICSERV);
      const server = m.create_server(["127.0.0.1", 0]);
      await m.create_connection(["localhost", server.getsockname()[1]]);
      const udp = m.socket(m.AF_INET, m.SOCK_DGRAM);
      await udp.connect(["127.0.0.1", 9]);
      const receiving = udp.recv(1).catch((error) => error.code);
      await new Promise((resolve) => setTimeout(resolve, 50));
      udp.detach();
      console.log(await receiving);
      const unix = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
      unix.bind(${JSON.stringify(path)});
      unix.settimeout(0.01);
      console.log(await unix.recv(1).catch((error) => error.name));
      const own = m.socket(m.AF_INET6, m.SOCK_DGRAM);
      own.close();
      console.log("done");
      Deno.exit();`;
    const printed = await runInTerminal(
      source,
      "--unstable-net",
      `--allow-net=127.0.0.1,localhost,unix:${path}`,
      `--allow-read=${path}`,
      `--allow-write=${path}`,
      ...flags,
    );
    assert.equal(printed, "EBADF\nTimeoutError\ndone\n");
  });
}
