// The answers of the examples and tools to a mistake: one line about it, and the exit status for that kind of mistake.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import { elsewhere, runLines, start } from "./_examples.ts";
import { Program, TemporaryDirectory } from "./_helpers.ts";

const TCP: Record<string, number> = {
  "echo_server.ts": 9999,
  "upper_server.ts": 6969,
  "robot_server.ts": 8888,
  "select_server.ts": 8089,
  "epoll_server.ts": 8089,
  "chat_server.ts": 8090,
};
const UDP: Record<string, number> = { "udp_server.ts": 9999, "time_server.ts": 1337 };

for (const [servers, type] of [[TCP, socket.SOCK_STREAM], [UDP, socket.SOCK_DGRAM]] as const) {
  for (const [server, usual] of Object.entries(servers)) {
    Deno.test(`${server} reports an occupied port in one line`, async () => {
      using other = socket.socket(socket.AF_INET, type);
      other.bind(["127.0.0.1", 0]);
      if (type === socket.SOCK_STREAM) other.listen();
      const [, port] = other.getsockname();
      const { flags, args } = elsewhere(runLines(server)[0], "--port", usual, port);
      await using program = start(server, flags, args);
      const { code, stderr } = await program.end();
      assert.deepEqual([code, stderr], [1, `port ${port} is taken\n`]);
    });
  }
}

Deno.test("port_forward and netcat report an occupied port in one line", async () => {
  using other = socket.create_server(["127.0.0.1", 0]);
  const [, port] = other.getsockname();
  for (
    const [example, ...args] of [
      ["port_forward.ts", "--port", String(port), "--to", "127.0.0.1:1"],
      ["netcat.ts", "--listen", "127.0.0.1", String(port)],
    ]
  ) {
    await using program = start(example, ["--allow-net=127.0.0.1"], args);
    const { code, stderr } = await program.end();
    assert.deepEqual([code, stderr], [1, `port ${port} is taken\n`]);
  }
});

Deno.test("unix_echo reports an occupied path in one line", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.fresh();
  Deno.writeTextFileSync(path, "");
  const { flags, args } = elsewhere(runLines("unix_echo.ts")[0], "--path", "/tmp/echo.sock", path);
  await using program = start("unix_echo.ts", flags, args);
  const { code, stderr } = await program.end();
  assert.deepEqual([code, stderr], [1, `${path} is taken\n`]);
});

const WRONG: [example: string, ...args: string[]][] = [
  ["echo_server.ts", "--port", "70000"],
  ["echo_server.ts", "--port", "x"],
  ["echo_client.ts", "--port=-1"],
  ["udp_client.ts", "--port", "1.5"],
  ["netcat.ts", "127.0.0.1", "http"],
  ["netcat.ts", "--listen", "127.0.0.1", "99999"],
  ["port_forward.ts", "--to", "127.0.0.1:99999"],
  ["port_forward.ts", "--to", "nowhere"],
  ["port_scanner.ts", "--together", "0"],
  ["port_scanner.ts", "--first", "9", "--last", "8"],
  ["load_test.ts", "--connections", "0"],
  ["load_test.ts", "--seconds=-1"],
  ["multicast_announce.ts", "--ttl", "256"],
  ["time_client.ts", "--patience", "soon"],
];

for (const [example, ...args] of WRONG) {
  Deno.test(`${example} ${args.join(" ")} is a usage error`, async () => {
    await using program = start(example, ["--allow-net"], args);
    const { code, stderr } = await program.end();
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^[^\n]+\(--help lists the options\)\n$/);
  });
}

for (const tool of ["bench/main.ts", "tests/soak/soak.ts"]) {
  const run = (...args: string[]) =>
    new Program(Deno.execPath(), ["run", "-A", "--no-lock", new URL(`../${tool}`, import.meta.url).pathname, ...args]);

  Deno.test(`${tool} --help lists its options`, async () => {
    await using program = run("--help");
    const { code, stdout } = await program.end();
    assert.equal(code, 0);
    assert.match(stdout, /--(minutes|rounds) \d/);
  });

  Deno.test(`${tool} refuses what it does not know`, async () => {
    for (const args of [["--nonsense"], tool.startsWith("bench") ? ["--rounds", "x"] : ["--minutes", "x"]]) {
      await using program = run(...args);
      const { code, stderr } = await program.end();
      assert.equal(code, 2);
      assert.match(stderr, /^[^\n]+\(--help lists the options\)\n$/);
    }
  });
}
