// Peers that reset the connection in each of its states, and peers that are half closed.

import assert from "node:assert/strict";
import { constants } from "node:os";
import { declare, failure, text } from "../conformance/fixtures.ts";
import type { Subject } from "../conformance/fixtures.ts";
import { runPython } from "../_helpers.ts";
import { drain, Faced, fill, peersOf, reset, turn } from "./raw.ts";

const ERRNO = constants.errno;

/** The code of a failure. */
async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return (await failure(() => promise))?.code;
}

export function resetSuite(subject: Subject): void {
  const { name, module: m } = subject;
  const test = declare(subject);
  const sides = { client: Faced.client, "accepted socket": Faced.accepted };

  for (const [side, open] of Object.entries(sides)) {
    test(`reset: an idle ${side} learns it by its next receive, once; then the stream is at its end`, async () => {
      using faced = await open(m);
      faced.reset();
      assert.equal(await codeOf(faced.sock.recv(10)), "ECONNRESET");
      assert.equal((await faced.sock.recv(10)).length, 0);
      assert.equal(await codeOf(faced.sock.send("x")), "EPIPE");
    });

    test(`reset: a ${side}'s pending receive rejects`, async () => {
      using faced = await open(m);
      const pending = failure(() => faced.sock.recv(10));
      await turn();
      faced.reset();
      assert.equal((await pending).code, "ECONNRESET");
      assert.ok((await pending) instanceof m.ConnectionResetError);
    });
  }

  test("reset: of several pending receives the first has the error, the others the end of the stream", async () => {
    using faced = await Faced.client(m);
    const pending = [1, 2, 3].map(() => faced.sock.recv(10).then((data) => data.length, (error) => error.code));
    await turn();
    faced.reset();
    assert.deepEqual(await Promise.all(pending), ["ECONNRESET", 0, 0]);
  });

  test("reset: a send says so when it comes first", async () => {
    using faced = await Faced.client(m);
    faced.reset();
    assert.equal(await codeOf(faced.sock.sendall("x")), "ECONNRESET");
    assert.equal(await codeOf(faced.sock.sendall("x")), "EPIPE");
    assert.equal((await faced.sock.recv(1)).length, 0);
  });

  test("reset: what came before it can still be had", async () => {
    using faced = await Faced.client(m);
    await faced.peer.sendall("last words");
    faced.reset();
    assert.equal(text(await faced.sock.recv(4)), "last");
    assert.equal(text(await faced.sock.recv(100)), " words");
    assert.equal(await codeOf(faced.sock.recv(1)), "ECONNRESET");
  });

  test("reset: a sendall that waits for room rejects", async () => {
    using faced = await Faced.client(m);
    await fill(faced.sock);
    const pending = failure(() => faced.sock.sendall(new Uint8Array(1 << 22)));
    await turn();
    faced.reset();
    const { code } = await pending;
    assert.ok(code === "ECONNRESET" || code === "EPIPE", code);
  });

  test("reset: after SHUT_WR the pending receive rejects", async () => {
    using faced = await Faced.client(m);
    await faced.sock.sendall("?");
    await faced.sock.shutdown(m.SHUT_WR);
    const pending = failure(() => faced.sock.recv(10));
    await turn();
    faced.reset();
    assert.equal((await pending).code, "ECONNRESET");
  });

  test("reset: select and poll tell it, and SO_ERROR holds it", async () => {
    using faced = await Faced.client(m);
    const poller = m.poll();
    poller.register(faced.sock, m.POLLIN);
    const waiting = m.select([faced.sock], [], []);
    const polling = poller.poll();
    await turn();
    faced.reset();
    const [readable] = await waiting;
    assert.deepEqual(readable, [faced.sock]);
    const [[fd, events]] = await polling;
    assert.equal(fd, faced.sock.fileno());
    assert.equal(events, m.POLLIN | m.POLLERR | m.POLLHUP);
    assert.equal(faced.sock.getsockopt(m.SOL_SOCKET, m.SO_ERROR), ERRNO.ECONNRESET);
    assert.equal(faced.sock.getsockopt(m.SOL_SOCKET, m.SO_ERROR), 0);
    assert.equal((await faced.sock.recv(1)).length, 0);
  });

  test("reset: one in a listener's queue affects no other connection", async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    // Two clients, of whom the first is gone before it is accepted.
    const gone = await peersOf(m).create_connection(server.getsockname());
    using stays = await peersOf(m).create_connection(server.getsockname());
    reset(gone);
    let [second] = await server.accept();
    if (name !== "deno") {
      // The kernel hands it out all the same; Deno drops it.
      assert.equal(await codeOf(second.recv(1)), "ECONNRESET");
      second.close();
      [second] = await server.accept();
    }
    await second.sendall("hello");
    assert.equal(text(await stays.recv(10)), "hello");
    second.close();
  });

  test("reset: a file, a web stream and an iterator say it too", async () => {
    for (
      const read of [
        async (faced: Faced) => {
          await using file = faced.sock.makefile("rb");
          return await file.read();
        },
        (faced: Faced) => faced.sock.readable.getReader().read(),
        (faced: Faced) => Array.fromAsync(faced.sock),
      ]
    ) {
      using faced = await Faced.client(m);
      const pending = failure(() => read(faced));
      await turn();
      faced.reset();
      assert.equal((await pending).code, "ECONNRESET");
    }
  });

  test("half-open: a peer that has ended its side still hears", async () => {
    using faced = await Faced.client(m);
    await faced.peer.shutdown(m.SHUT_WR);
    assert.equal((await faced.sock.recv(10)).length, 0);
    await faced.sock.sendall("still here");
    await faced.sock.shutdown(m.SHUT_WR);
    assert.equal(await drain(faced.peer), 10);
  });

  test("half-open: a peer that was closed hears no more, and says so at the second send", async () => {
    using faced = await Faced.client(m);
    faced.peer.close();
    assert.equal((await faced.sock.recv(10)).length, 0);
    // The kernel accepts the first send. The peer answers it with the reset.
    await faced.sock.send("x");
    await turn();
    const error = await failure(() => faced.sock.send("x"));
    assert.ok(error instanceof m.BrokenPipeError || error instanceof m.ConnectionResetError, String(error));
  });

  test("half-open: calls to a stopped peer end at their timeout, and its end is seen", async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    const [host, port] = server.getsockname();
    await using program = runPython(
      "import socket, sys\ns = socket.create_connection((sys.argv[1], int(sys.argv[2])))\nprint('up')\nsys.stdin.read()",
      host,
      port,
    );
    const [sock] = await server.accept();
    assert.equal(await program.line(), "up");
    Deno.kill(program.pid, "SIGSTOP");
    sock.settimeout(0.05);
    assert.ok(await failure(() => sock.recv(1)) instanceof m.TimeoutError);
    assert.ok(await failure(() => sock.sendall(new Uint8Array(1 << 24))) instanceof m.TimeoutError);
    sock.settimeout(null);
    const pending = sock.recv(1).then((data) => data.length, (error) => error.code);
    Deno.kill(program.pid, "SIGKILL");
    // The peer was killed with unread data.
    assert.equal(await pending, "ECONNRESET");
    sock.close();
  });
}
