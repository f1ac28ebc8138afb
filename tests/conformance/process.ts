// Promises of the backends over the kernel's sockets: when the process may end, and how long the kernel's queues are.

import assert from "node:assert/strict";
import { available, runDeno } from "../_helpers.ts";
import { declare, Listening, text } from "./fixtures.ts";
import type { Subject } from "./fixtures.ts";

export function processSuite(subject: Subject): void {
  const { module: m, url } = subject;
  const test = declare(subject);

  if (available("ss")) {
    test("listen(backlog) sets the kernel's queue", async () => {
      for (const backlog of [1, 7, 100]) {
        using listening = new Listening(m, "IPv4", backlog);
        const port = listening.address[1];
        const { stdout } = await new Deno.Command("ss", { args: ["-Hltn", `sport = :${port}`] }).output();
        const [, , sendQueue] = text(stdout).trim().split(/\s+/);
        assert.equal(sendQueue, `${backlog}`);
      }
    });
  }

  // Tests of what keeps a process alive need another process.

  /** Runs a program with the module. Returns what it printed. */
  const run = async (source: string, ...flags: string[]): Promise<string> => {
    await using program = await runDeno(`import * as socket from ${JSON.stringify(url)};\n${source}`, ...flags);
    const { code, stdout, stderr } = await program.end();
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  const CONNECTED = `
    const server = socket.socket();
    server.bind(["127.0.0.1", 0]);
    server.listen();
    const client = socket.socket();
    await client.connect(server.getsockname());
    const [peer] = await server.accept();
  `;

  test("the process ends by itself with idle sockets open", async () => {
    assert.equal(await run(`${CONNECTED} console.log("idle");`), "idle");
  });

  test("the process ends by itself after calls that timed out or were aborted", async () => {
    const source = `${CONNECTED}
      client.settimeout(0.01);
      server.settimeout(0.01);
      await client.recv(10).catch((error) => console.log(error.message));
      await server.accept().catch((error) => console.log(error.message));
      const abort = new AbortController();
      setTimeout(() => abort.abort("aborted"), 10);
      await peer.recv(10, 0, { signal: abort.signal }).catch(console.log);
    `;
    assert.deepEqual((await run(source)).split("\n"), ["timed out", "timed out", "aborted"]);
  });

  // An unref'ed timer prints it. A process that ends before that was not waiting.
  const WAITING = 'Deno.unrefTimer(setTimeout(() => console.log("waiting"), 20));';

  test("a pending call keeps the process alive", async () => {
    using listening = new Listening(m, "IPv4");
    await using program = await runDeno(`import * as socket from ${JSON.stringify(url)};
      const client = socket.socket();
      await client.connect(${JSON.stringify(listening.address)});
      ${WAITING}
      console.log(new TextDecoder().decode(await client.recv(10)));
    `);
    const [peer] = await listening.server.accept();
    assert.equal(await program.line(), "waiting");
    await peer.sendall("awake");
    assert.equal(await program.line(), "awake");
    await program.end();
    peer.close();
  });

  test("a pending accept keeps the process alive", async () => {
    await using program = await runDeno(`import * as socket from ${JSON.stringify(url)};
      const server = socket.socket();
      server.bind(["127.0.0.1", 0]);
      server.listen();
      console.log(server.getsockname()[1]);
      ${WAITING}
      await server.accept();
      console.log("accepted");
    `);
    const port = Number(await program.line());
    assert.equal(await program.line(), "waiting");
    using client = m.socket();
    await client.connect(["127.0.0.1", port]);
    assert.equal(await program.line(), "accepted");
    await program.end();
  });

  test("unref lets the process end during a pending call, and ref undoes it", async () => {
    assert.equal(await run(`${CONNECTED} client.unref(); client.recv(1); console.log("end");`), "end");
    assert.equal(await run(`${CONNECTED} client.recv(1); client.unref(); console.log("end");`), "end");
    assert.equal(await run(`${CONNECTED} server.accept(); server.unref(); console.log("end");`), "end");
    const source = `${CONNECTED}
      client.unref();
      client.ref();
      const timer = setTimeout(() => peer.sendall("x"), 50);
      Deno.unrefTimer(timer);
      client.recv(1).then(() => console.log("received"));
    `;
    // Only the pending recv keeps the process alive until the unref'ed timer fires.
    assert.equal(await run(source), "received");
  });

  test("a socket that was garbage-collected open is closed", async () => {
    const source = `${CONNECTED}
      let copy = socket.socket();
      await copy.connect(server.getsockname());
      const [other] = await server.accept();
      copy = null;
      const end = other.recv(10);
      for (let n = 0; n < 100; n++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (await Promise.race([end, null]) !== null) break;
      }
      console.log((await end).length);
    `;
    assert.equal(await run(source, "--v8-flags=--expose-gc"), "0");
  });

  test("a socket with a call pending is not collected", async () => {
    const source = `
      const server = socket.socket();
      server.bind(["127.0.0.1", 0]);
      server.listen();
      const client = socket.socket();
      await client.connect(server.getsockname());
      (async () => {
        const [peer] = await server.accept();
        console.log(new TextDecoder().decode(await peer.recv(10)));
      })();
      for (let n = 0; n < 20; n++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await client.sendall("kept");
    `;
    assert.equal(await run(source, "--v8-flags=--expose-gc"), "kept");
  });
}
