// The examples of the native backend, run with the flags that they state.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import { converse, elsewhere, freePort, runLines, runnable, start } from "./_examples.ts";
import { pythonTest, runPython, TemporaryDirectory } from "./_helpers.ts";
import type { Program } from "./_helpers.ts";
import { settled } from "./conformance/fixtures.ts";

/** A test that starts an example. The example may need root. */
function exampleTest(example: string, fn: (run: (...more: string[]) => Program) => Promise<void>): void {
  const [{ flags, args }] = runLines(example);
  const run = (...more: string[]) => start(example, flags, [...args, ...more]);
  Deno.test(`${example} works as documented`, { ignore: !runnable(example) }, () => fn(run));
}

exampleTest("native_ping.ts", async (run) => {
  const printed = await converse(run("--interval", "0"));
  assert.equal(printed.match(/^reply from 127\.0\.0\.1: number [123], [\d.]+ ms$/gm)?.length, 3, printed);
  assert.match(printed, /^3 sent, 3 answered$/m);
});

exampleTest("native_traceroute.ts", async (run) => {
  assert.match(await converse(run()), /^ 1 {2}127\.0\.0\.1 {2}[\d.]+ ms\n$/);
});

exampleTest("native_sniffer.ts", async (run) => {
  await using sniffer = run("--count", "1000000");
  assert.equal(await sniffer.line(), "listening on lo");
  using sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM);
  using receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM);
  for (const sk of [sender, receiver]) sk.bind(["::1", 0]);
  const [from, to] = [sender, receiver].map((sk) => sk.getsockname()[1]);
  const wanted = `in     67 bytes  UDP [::1]:${from} > [::1]:${to}`;
  // Other traffic uses the interface too and may fill the sniffer's queue. If a datagram is lost, another one is sent.
  for (let lines = 0;; lines++) {
    assert(lines < 10_000, "none was heard");
    if (lines % 100 === 0) await sender.sendto("12345", receiver.getsockname());
    if (await settled(sniffer.line(), 60_000) === wanted) break;
  }
});

exampleTest("native_seqpacket.ts", async (run) => {
  const printed = await converse(run("--size", "8"));
  assert.equal(printed, "3 bytes: one\n8 bytes: two and  (cut)\n8 bytes: 世界,\ufffd (cut)\nthe peer has closed\n");
});

exampleTest("native_tcp_info.ts", async (run) => {
  const lines = (await converse(run("--rounds", "3", "--size", "100000"))).trim().split("\n");
  assert.equal(lines.length, 3);
  // The SYN counts as a byte.
  assert.deepEqual(lines.map((line) => /^\d: state 1, .* acked (\d+)/.exec(line)?.[1]), ["100001", "200001", "300001"]);
});

exampleTest("native_bind_to_device.ts", async () => {
  const port = freePort();
  const { flags, args } = elsewhere(runLines("native_bind_to_device.ts")[0], "--port", 7777, port);
  const heard = (await converse(start("native_bind_to_device.ts", flags, args))).trim().split("\n").slice(1);
  assert.ok(heard.includes("lo received hello"));
  for (const line of heard) if (!line.startsWith("lo ")) assert.match(line, / received nothing$/);
});

pythonTest("native_pass_fd.ts: one process accepts a connection, and another one answers it", async () => {
  if (!runnable("native_pass_fd.ts")) return;
  using directory = new TemporaryDirectory();
  const [path, port] = [directory.fresh(), freePort()];
  const [work, serve] = runLines("native_pass_fd.ts").map((line) => elsewhere(line, "--path", "/tmp/pass.sock", path));
  const { flags, args } = elsewhere(serve, "--port", 9999, port);
  await using worker = start("native_pass_fd.ts", work.flags, work.args);
  assert.equal(await worker.line(), `waiting at ${path}`);
  await using front = start("native_pass_fd.ts", flags, args);
  assert.match(await front.line(), /^listening on/);
  for (let round = 0; round < 2; round++) {
    await using caller = runPython(
      `import socket, sys; print(socket.create_connection(("127.0.0.1", int(sys.argv[1]))).makefile().read(), end="")`,
      port,
    );
    assert.equal(await caller.line(), `hello 127.0.0.1, this is process ${worker.pid}`);
    assert.match(await worker.line(), /^answered \[ "127\.0\.0\.1", \d+ \]$/);
  }
  // The worker ends together with the front.
  await front[Symbol.asyncDispose]();
  assert.equal((await worker.end()).code, 0);
});

// Opens two listeners, passes them to the program as systemd does, and prints their ports.
const ACTIVATE = `
import os, socket, sys
listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*[listener.getsockname()[1] for listener in listeners])
kept = [os.dup(listener.fileno()) for listener in listeners]
for place, fd in enumerate(kept):
    os.dup2(fd, 100 + place)
for place in range(2):
    os.dup2(100 + place, 3 + place)
os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[1], sys.argv[1:])
`;

pythonTest("native_socket_activation.ts serves the sockets that it is handed", async () => {
  if (!runnable("native_socket_activation.ts")) return;
  const [{ flags, args }] = runLines("native_socket_activation.ts");
  const file = new URL("../examples/native_socket_activation.ts", import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "--no-prompt", "--no-lock", ...flags, file, ...args];
  await using program = runPython(ACTIVATE, ...command);
  const ports = (await program.line()).split(" ").map(Number);
  // A connection that is made before the server starts waits in the queue.
  const early = await socket.create_connection(["127.0.0.1", ports[0]]);
  assert.match(await program.line(), new RegExp(`^received .*${ports[0]}.*${ports[1]}`));
  for (const sock of [early, await socket.create_connection(["127.0.0.1", ports[1]])]) {
    await using answer = sock.makefile();
    assert.equal(await answer.readline(), `hello from process ${program.pid}\n`);
    sock.close();
  }
});

exampleTest("native_socket_activation.ts", async () => {
  const port = freePort();
  const { flags, args } = elsewhere(runLines("native_socket_activation.ts")[0], "--port", 9008, port);
  const program = start("native_socket_activation.ts", flags, [...args, "--idle", "0.05"]);
  assert.match(await converse(program), /^opened .*\nno clients\n$/);
});
