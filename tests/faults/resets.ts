// Peers that reset the connection in each of its states, and peers that are half closed.

import assert from "node:assert/strict";
import { constants } from "node:os";
import { declare, failure, text } from "../conformance/fixtures.ts";
import type { Subject } from "../conformance/fixtures.ts";
import { runPython } from "../_helpers.ts";
import { drain, fill, PeerPair, peersOf, reset, turn } from "./raw.ts";

const ERRNO = constants.errno;

/** Returns the code of the error that a promise rejects with. */
async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return (await failure(() => promise))?.code;
}

export function resetSuite(subject: Subject): void {
  const { name, module: m } = subject;
  const test = declare(subject);
  const sides = { client: PeerPair.client, "accepted socket": PeerPair.accepted };

  for (const [side, open] of Object.entries(sides)) {
    test(`reset: the next receive of an idle ${side} throws ECONNRESET once, and then the stream is at its end`, async () => {
      using pair = await open(m);
      pair.reset();
      assert.equal(await codeOf(pair.sock.recv(10)), "ECONNRESET");
      assert.equal((await pair.sock.recv(10)).length, 0);
      assert.equal(await codeOf(pair.sock.send("x")), "EPIPE");
    });

    test(`reset: a ${side}'s pending receive rejects`, async () => {
      using pair = await open(m);
      const pending = failure(() => pair.sock.recv(10));
      await turn();
      pair.reset();
      assert.equal((await pending).code, "ECONNRESET");
      assert.ok((await pending) instanceof m.ConnectionResetError);
    });
  }

  test("reset: the first of several pending receives gets the error, and the others get the end of the stream", async () => {
    using pair = await PeerPair.client(m);
    const pending = [1, 2, 3].map(() => pair.sock.recv(10).then((data) => data.length, (error) => error.code));
    await turn();
    pair.reset();
    assert.deepEqual(await Promise.all(pending), ["ECONNRESET", 0, 0]);
  });

  test("reset: a send that is the first call after it throws", async () => {
    using pair = await PeerPair.client(m);
    pair.reset();
    assert.equal(await codeOf(pair.sock.sendall("x")), "ECONNRESET");
    assert.equal(await codeOf(pair.sock.sendall("x")), "EPIPE");
    assert.equal((await pair.sock.recv(1)).length, 0);
  });

  test("reset: data that arrived before it can still be received", async () => {
    using pair = await PeerPair.client(m);
    await pair.peer.sendall("last words");
    pair.reset();
    assert.equal(text(await pair.sock.recv(4)), "last");
    assert.equal(text(await pair.sock.recv(100)), " words");
    assert.equal(await codeOf(pair.sock.recv(1)), "ECONNRESET");
  });

  test("reset: a sendall that waits for room rejects", async () => {
    using pair = await PeerPair.client(m);
    await fill(pair.sock);
    const pending = failure(() => pair.sock.sendall(new Uint8Array(1 << 22)));
    await turn();
    pair.reset();
    const { code } = await pending;
    assert.ok(code === "ECONNRESET" || code === "EPIPE", code);
  });

  test("reset: after SHUT_WR the pending receive rejects", async () => {
    using pair = await PeerPair.client(m);
    await pair.sock.sendall("?");
    await pair.sock.shutdown(m.SHUT_WR);
    const pending = failure(() => pair.sock.recv(10));
    await turn();
    pair.reset();
    assert.equal((await pending).code, "ECONNRESET");
  });

  test("reset: select and poll report it, and SO_ERROR returns it", async () => {
    using pair = await PeerPair.client(m);
    const poller = m.poll();
    poller.register(pair.sock, m.POLLIN);
    const waiting = m.select([pair.sock], [], []);
    const polling = poller.poll();
    await turn();
    pair.reset();
    const [readable] = await waiting;
    assert.deepEqual(readable, [pair.sock]);
    const [[fd, events]] = await polling;
    assert.equal(fd, pair.sock.fileno());
    assert.equal(events, m.POLLIN | m.POLLERR | m.POLLHUP);
    assert.equal(pair.sock.getsockopt(m.SOL_SOCKET, m.SO_ERROR), ERRNO.ECONNRESET);
    assert.equal(pair.sock.getsockopt(m.SOL_SOCKET, m.SO_ERROR), 0);
    assert.equal((await pair.sock.recv(1)).length, 0);
  });

  test("reset: the reset of a queued connection affects no other connection", async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    // There are two clients. The first resets its connection before it is accepted.
    const gone = await peersOf(m).create_connection(server.getsockname());
    using stays = await peersOf(m).create_connection(server.getsockname());
    reset(gone);
    let [second] = await server.accept();
    if (name !== "deno") {
      // The kernel returns the reset connection from accept. Deno drops it.
      assert.equal(await codeOf(second.recv(1)), "ECONNRESET");
      second.close();
      [second] = await server.accept();
    }
    await second.sendall("hello");
    assert.equal(text(await stays.recv(10)), "hello");
    second.close();
  });

  test("reset: a file, a web stream and an iterator throw it too", async () => {
    for (
      const read of [
        async (pair: PeerPair) => {
          await using file = pair.sock.makefile("rb");
          return await file.read();
        },
        (pair: PeerPair) => pair.sock.readable.getReader().read(),
        (pair: PeerPair) => Array.fromAsync(pair.sock),
      ]
    ) {
      using pair = await PeerPair.client(m);
      const pending = failure(() => read(pair));
      await turn();
      pair.reset();
      assert.equal((await pending).code, "ECONNRESET");
    }
  });

  test("half-open: a peer that has shut down its sending side still receives", async () => {
    using pair = await PeerPair.client(m);
    await pair.peer.shutdown(m.SHUT_WR);
    assert.equal((await pair.sock.recv(10)).length, 0);
    await pair.sock.sendall("still here");
    await pair.sock.shutdown(m.SHUT_WR);
    assert.equal(await drain(pair.peer), 10);
  });

  test("half-open: the second send to a closed peer throws", async () => {
    using pair = await PeerPair.client(m);
    pair.peer.close();
    assert.equal((await pair.sock.recv(10)).length, 0);
    // The kernel accepts the first send. The peer answers it with the reset.
    await pair.sock.send("x");
    await turn();
    const error = await failure(() => pair.sock.send("x"));
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
