// Streams between this module and python3, in both roles: data, half-close and resets.

import assert from "node:assert/strict";
import * as deno from "../mod.ts";
import * as native from "../native.ts";
import type { Module } from "./conformance/fixtures.ts";
import { FAMILIES, place, receive, text } from "./conformance/fixtures.ts";
import { pythonTest, runPython } from "./_helpers.ts";

/** python3's side. It gets the family, the address, and what to do on the connection. */
const PRELUDE = `
import json, socket, struct, sys
family = getattr(socket, sys.argv[1])
def address_of(address):
    return tuple(address) if isinstance(address, list) else address
def receive(peer, size=None):
    data = b""
    while size is None or len(data) < size:
        chunk = peer.recv(65536 if size is None else size - len(data))
        if not chunk:
            break
        data += chunk
    return data
def reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
`;

const SERVER = `${PRELUDE}
server = socket.socket(family)
server.bind(address_of(json.loads(sys.argv[2])))
server.listen(8)
print(json.dumps(server.getsockname()))
peer, address = server.accept()
print(json.dumps([address, peer.getpeername()]))
`;

const CLIENT = `${PRELUDE}
peer = socket.create_connection(address_of(json.loads(sys.argv[2])[:2])) if family != socket.AF_UNIX else socket.socket(family)
if family == socket.AF_UNIX:
    peer.connect(json.loads(sys.argv[2]))
`;

const MEBIBYTE = 2 ** 20;

function interopTests(name: string, m: Module): void {
  for (const family of FAMILIES) {
    const familyName = { IPv4: "AF_INET", IPv6: "AF_INET6", Unix: "AF_UNIX" }[family];

    /** Runs python3 as the server. The test gets the connected client. */
    const withServer = (
      what: string,
      source: string,
      fn: (client: deno.Socket, line: () => Promise<any>) => Promise<void>,
    ) =>
      pythonTest(`${name}: ${family}: python3 as the server: ${what}`, async () => {
        using free = place(m, family);
        await using program = runPython(SERVER + source, familyName, JSON.stringify(free.address));
        const address = await program.json();
        using client = m.socket(free.family);
        await client.connect(address);
        const [accepted, named] = await program.json();
        assert.deepEqual(accepted, named);
        assert.deepEqual(client.getsockname(), accepted);
        assert.deepEqual(client.getpeername(), address);
        await fn(client, () => program.json());
        const { code, stderr } = await program.end();
        assert.equal(code, 0, stderr);
      });

    /** Runs python3 as the client. The test gets the accepted socket. */
    const withClient = (
      what: string,
      source: string,
      fn: (peer: deno.Socket, line: () => Promise<any>) => Promise<void>,
    ) =>
      pythonTest(`${name}: ${family}: python3 as the client: ${what}`, async () => {
        using free = place(m, family);
        using server = m.socket(free.family);
        server.bind(free.address);
        server.listen(8);
        await using program = runPython(CLIENT + source, familyName, JSON.stringify(server.getsockname()));
        const [peer, address] = await server.accept();
        using _closing = peer;
        assert.deepEqual(peer.getpeername(), address);
        await fn(peer, () => program.json());
        const { code, stderr } = await program.end();
        assert.equal(code, 0, stderr);
      });

    for (const withPython of [withServer, withClient]) {
      withPython(
        "text there and back",
        'peer.sendall(receive(peer, 13).decode().upper().encode() + "，不要回答".encode())',
        async (one) => {
          await one.sendall("hello, 世界");
          assert.equal(text(await receive(one, 13 + 15)), "HELLO, 世界，不要回答");
          assert.equal((await one.recv(1)).length, 0);
        },
      );

      withPython(
        "megabytes both ways at once",
        `
import threading
data = bytes(i % 251 for i in range(251)) * 12000
sending = threading.Thread(target=peer.sendall, args=(data,))
sending.start()
print(json.dumps(receive(peer, len(data)) == data))
sending.join()
peer.close()`,
        async (one, line) => {
          const data = Uint8Array.from({ length: 251 * 12000 }, (_, place) => place % 251);
          assert(data.length > 2 * MEBIBYTE);
          const [received] = await Promise.all([receive(one, data.length), one.sendall(data)]);
          assert(received.every((byte, place) => byte === data[place]) && received.length === data.length);
          assert.equal(await line(), true);
        },
      );

      withPython(
        "half-close by this side",
        'data = receive(peer)\nprint(json.dumps(len(data)))\npeer.sendall(b"answer")',
        async (one, line) => {
          await one.sendall(new Uint8Array(100_000));
          await one.shutdown(m.SHUT_WR);
          assert.equal(await line(), 100_000);
          assert.equal(text(await receive(one, 100)), "answer");
        },
      );

      withPython(
        "half-close by python3",
        'peer.sendall(b"question")\npeer.shutdown(socket.SHUT_WR)\nprint(json.dumps(receive(peer).decode()))',
        async (one, line) => {
          assert.equal(text(await receive(one, 100)), "question");
          await one.sendall("answer");
          await one.shutdown(m.SHUT_WR);
          assert.equal(await line(), "answer");
        },
      );

      withPython("close by this side", "print(json.dumps(receive(peer).decode()))", async (one, line) => {
        await one.sendall("last words");
        one.close();
        assert.equal(await line(), "last words");
      });

      if (family !== "Unix") {
        withPython("a reset by python3, to a waiting recv", "receive(peer, 4)\nreset(peer)", async (one) => {
          const waiting = assert.rejects(one.recv(10), { name: "ConnectionResetError", code: "ECONNRESET" });
          await one.sendall("over");
          await waiting;
          // The error is reported once. After that the stream is at its end, and sending fails.
          assert.equal((await one.recv(10)).length, 0);
          await assert.rejects(one.send("x"), { name: "BrokenPipeError", code: "EPIPE" });
          assert.throws(() => one.getpeername(), { code: "ENOTCONN" });
          assert.equal(one.getsockopt(m.SOL_SOCKET, m.SO_ERROR), 0);
        });

        withPython(
          "a reset by python3, behind data",
          'peer.sendall(b"data")\nreceive(peer, 4)\nreset(peer)',
          async (one) => {
            await one.sendall("over");
            assert.equal(text(await receive(one, 4)), "data");
            await assert.rejects(one.recv(10), { code: "ECONNRESET" });
          },
        );

        withPython("a reset by python3, to a waiting sendall", "peer.recv(1)\nreset(peer)", async (one) => {
          const error = await one.sendall(new Uint8Array(32 * MEBIBYTE)).then(() => null, (error) => error);
          assert(error instanceof m.ConnectionResetError || error instanceof m.BrokenPipeError, String(error));
        });
      }

      withPython(
        "closing with unread data",
        `
peer.sendall(b"unread")
receive(peer, 2)
print(json.dumps("closed"))
try:
    while peer.recv(10): pass
    peer.send(b"x")
    # The error is there as soon as the answer to that is: nothing else is asked for.
    import select; poller = select.poll(); poller.register(peer, 0); poller.poll(10000)
    peer.send(b"x")
    print(json.dumps("alive"))
except (ConnectionResetError, BrokenPipeError) as error:
    print(json.dumps(type(error).__name__))
`,
        async (one, line) => {
          await one.recv(1, m.MSG_PEEK);
          await one.sendall("ok");
          assert.equal(await line(), "closed");
          one.close();
          assert((await line()).endsWith("Error"));
        },
      );
    }

    if (family !== "Unix") {
      pythonTest(`${name}: ${family}: python3 as the client: reset while the connection is queued`, async () => {
        using free = place(m, family);
        using server = m.socket(free.family);
        server.bind(free.address);
        server.listen(8);
        const address = JSON.stringify(server.getsockname());
        await using program = runPython(`${CLIENT}reset(peer)`, familyName, address);
        assert.equal((await program.end()).code, 0);
        // Linux still hands it out. Where it is dropped, the next connection is taken.
        using client = m.socket(free.family);
        await client.connect(server.getsockname() as any);
        await client.sendall("next");
        for (;;) {
          const [peer] = await server.accept();
          const data = await peer.recv(10).catch(() => new Uint8Array(0));
          peer.close();
          if (text(data) === "next") break;
        }
      });
    }
  }
}

interopTests("deno", deno);
interopTests("native", native);
