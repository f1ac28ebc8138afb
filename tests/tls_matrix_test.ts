// Both backends, as client and as server, with TLS 1.2 and 1.3, against CPython, openssl and each other.

import assert from "node:assert/strict";
import type { Socket } from "../mod.ts";
import type { SSLSocket } from "../ssl.ts";
import { available, hasPython } from "./_helpers.ts";
import { Authority, Files } from "./tls/authority.ts";
import {
  BACKENDS,
  clientContext,
  DEFAULT,
  dial,
  errorOf,
  listen,
  NATIVE,
  portOf,
  receive,
  serverContext,
  text,
} from "./tls/backends.ts";
import type { TlsBackend } from "./tls/backends.ts";
import { Openssl } from "./tls/openssl_peer.ts";
import { RawEngine } from "./tls/raw_engine.ts";
import { digest, pattern, PythonPeer } from "./tls/python_peer.ts";

const peers = hasPython() && available("openssl", "version");
const VERSIONS = ["TLSv1_2", "TLSv1_3"] as const;
const SIZE = 10_000_000;
const DATA = pattern(SIZE);
const DIGEST = await digest(DATA);
const SHUT_WR = 1;
const SHUT_RDWR = 2;

const authority = await Authority.create();
const identity = await authority.issue();

async function listenWithTls(backend: TlsBackend, listener: Socket): Promise<SSLSocket> {
  return await serverContext(backend, identity).wrap_socket(listener, { server_side: true });
}

function flag(version: typeof VERSIONS[number]): string {
  return version === "TLSv1_2" ? "-tls1_2" : "-tls1_3";
}

for (const backend of BACKENDS) {
  for (const version of VERSIONS) {
    const told = version.replace("_", ".");

    Deno.test({
      name:
        `${backend.name}: ${told}: a client and a server exchange 10 MB each way with CPython, ALPN and SNI agreed on`,
      ignore: !peers,
      async fn() {
        await using python = new PythonPeer();
        using files = new Files();
        const [cert, key, ca] = [identity.cert, identity.key, authority.cert].map((text) => files.write(text));
        const exchange = { version, alpn: ["http/1.1", "h2"] };
        // As the client.
        const steps = ["handshake", "info", { do: "both", size: SIZE }, "unwrap", "close"];
        const server = await python.serve({ ...exchange, cert, key, steps });
        const context = clientContext(backend, authority.cert);
        context.set_alpn_protocols(["h2", "http/1.1"]);
        {
          using sock = await context.wrap_socket(await dial(backend, server.port), { server_hostname: "localhost" });
          assert.equal(sock.selected_alpn_protocol(), "http/1.1");
          if (backend.native) {
            assert.equal(sock.version(), told);
            assert.deepEqual((sock.getpeercert() as any).subjectAltName[0], ["DNS", "localhost"]);
            assert.ok(sock.cipher()![2] >= 128);
          }
          const [received] = await Promise.all([receive(sock, SIZE), sock.sendall(DATA)]);
          assert.equal(await digest(received), DIGEST);
          assert.equal((await sock.recv(1)).length, 0);
        }
        const outcome = await server.outcome();
        assert.equal(outcome.error, undefined, outcome.message);
        assert.equal(outcome.log[1].version, told);
        assert.deepEqual(outcome.log[1].names, ["localhost"]);
        assert.equal(outcome.log[2].digest, DIGEST);
        // As the server.
        const own = serverContext(backend, identity);
        own.set_alpn_protocols(["http/1.1"]);
        using listener = await listen(backend, own);
        const told_ = python.connect(portOf(listener), { ...exchange, ca, steps });
        const [conn, address] = await listener.accept();
        using _conn = conn;
        assert.equal((address as [string, number])[0], "127.0.0.1");
        assert.equal(conn.selected_alpn_protocol(), "http/1.1");
        const [received] = await Promise.all([receive(conn, SIZE), conn.sendall(DATA)]);
        assert.equal(await digest(received), DIGEST);
        assert.equal((await conn.recv(1)).length, 0);
        conn.close();
        const theirs = await told_;
        assert.equal(theirs.error, undefined, theirs.message);
        assert.equal(theirs.log[2].digest, DIGEST);
      },
    });

    Deno.test({
      name: `${backend.name}: ${told}: a client and a server exchange 10 MB each way with openssl`,
      ignore: !peers,
      async fn() {
        using files = new Files();
        const [cert, key, ca] = [identity.cert, identity.key, authority.cert].map((text) => files.write(text));
        {
          const { openssl, port } = await Openssl.serve(flag(version), "-cert", cert, "-key", key);
          await using server = openssl;
          const context = clientContext(backend, authority.cert);
          using sock = await context.wrap_socket(await dial(backend, port), { server_hostname: "localhost" });
          const [received] = await Promise.all([receive(sock, SIZE), sock.sendall(DATA), server.write(DATA)]);
          assert.equal(await digest(received), DIGEST);
          sock.close();
          // openssl prints information before the data, and some lines after it.
          const printed = await server.end();
          let at = 0;
          while (at < printed.length - SIZE && !(printed[at] === 0 && printed[at + 1] === 1)) at++;
          assert.equal(await digest(printed.slice(at, at + SIZE)), DIGEST);
        }
        using listener = await listen(backend, serverContext(backend, identity));
        const more = ["-CAfile", ca, "-verify_return_error", "-verify_hostname", "localhost", "-quiet"];
        await using client = Openssl.connect(portOf(listener), flag(version), ...more);
        const [conn] = await listener.accept();
        using _conn = conn;
        const [received] = await Promise.all([receive(conn, SIZE), conn.sendall(DATA), client.write(DATA)]);
        assert.equal(await digest(received), DIGEST);
        conn.close();
        assert.equal(await digest(await client.end()), DIGEST);
      },
    });
  }
}

for (const [client, server] of [[DEFAULT, NATIVE], [NATIVE, DEFAULT], [DEFAULT, DEFAULT], [NATIVE, NATIVE]]) {
  const name = `${client.name} client, ${server.name} server`;

  const connected = async (): Promise<AsyncDisposable & { near: any; far: any }> => {
    const listener = await listen(server, serverContext(server, identity));
    const context = clientContext(client, authority.cert);
    const [near, [far]] = await Promise.all([
      dial(client, portOf(listener)).then((sock) => context.wrap_socket(sock, { server_hostname: "localhost" })),
      listener.accept(),
    ]);
    listener.close();
    return {
      near,
      far,
      [Symbol.asyncDispose]() {
        near.close();
        far.close();
        return Promise.resolve();
      },
    };
  };

  Deno.test(`${name}: 10 MB in each direction at the same time, then the end of each stream`, async () => {
    await using pair = await connected();
    const { near, far } = pair;
    const half = async (sock: any) => {
      const [received] = await Promise.all([receive(sock), sock.sendall(DATA).then(() => sock.shutdown(SHUT_WR))]);
      assert.equal(await digest(received), DIGEST);
    };
    await Promise.all([half(near), half(far)]);
  });

  Deno.test(`${name}: half-close leaves the other direction open`, async () => {
    await using pair = await connected();
    const { near, far } = pair;
    await near.sendall("question");
    await near.shutdown(SHUT_WR);
    assert.equal(text(await receive(far)), "question");
    await far.sendall("answer");
    far.close();
    assert.equal(text(await receive(near)), "answer");
    const error = await errorOf(near.send("more"));
    assert.equal(error.code, "EPIPE");
  });

  Deno.test(`${name}: SHUT_RDWR ends the direction that the peer has left open`, async () => {
    await using pair = await connected();
    const { near, far } = pair;
    await near.sendall("all");
    await near.shutdown(SHUT_WR);
    assert.equal(text(await receive(far)), "all");
    await far.sendall("answer");
    await far.shutdown(SHUT_RDWR);
    assert.equal(text(await receive(near)), "answer");
    assert.equal((await far.recv(1)).length, 0);
    assert.equal((await errorOf(far.send("more"))).code, "EPIPE");
  });

  Deno.test(`${name}: read takes as many bytes as its buffer holds, as CPython's`, async () => {
    await using pair = await connected();
    const { near, far } = pair;
    await far.sendall("hello world");
    const buffer = new Uint8Array(3);
    for (const [length, expected] of [[1024, "hel"], [0, "lo "], [-1, "wor"], [2, "ld"]] as const) {
      assert.equal(await (near as SSLSocket).read(length, buffer), expected.length);
      assert.equal(text(buffer.subarray(0, expected.length)), expected);
    }
    assert.equal(await (near as SSLSocket).read(1024, new Uint8Array(0)), 0);
  });

  Deno.test(`${name}: lines, iteration and streams work over TLS`, async () => {
    await using pair = await connected();
    const { near, far } = pair;
    using file = near.makefile("rw");
    await file.write("one\ntwo\n");
    await file.flush();
    const lines = far.makefile("r");
    assert.equal(await lines.readline(), "one\n");
    assert.equal(await lines.readline(), "two\n");
    await lines.close();
    const writer = far.writable.getWriter();
    await writer.write("streamed");
    await writer.close();
    let all = "";
    for await (const chunk of near) all += text(chunk);
    assert.equal(all, "streamed");
  });
}

for (const backend of BACKENDS) {
  const accepting = async (steps: any[], options: Record<string, unknown> = {}) => {
    const python = new PythonPeer();
    const files = new Files();
    const [cert, key] = [identity.cert, identity.key].map((text) => files.write(text));
    const server = await python.serve({ cert, key, steps: ["handshake", ...steps] });
    const context = clientContext(backend, authority.cert);
    const sock = await context.wrap_socket(await dial(backend, server.port), {
      server_hostname: "localhost",
      ...options,
    });
    return {
      sock,
      outcome: server.outcome,
      async [Symbol.asyncDispose]() {
        sock.close();
        files[Symbol.dispose]();
        await python[Symbol.asyncDispose]();
      },
    };
  };

  Deno.test({
    name:
      `${backend.name}: a stream that is cut off is SSLEOFError behind what came, and quiet where that is asked for`,
    ignore: !peers,
    async fn() {
      {
        await using peer = await accepting([{ do: "send", size: 1000 }, "cut"]);
        assert.equal((await receive(peer.sock, 1000)).length, 1000);
        for (let again = 0; again < 2; again++) {
          const error = await errorOf(peer.sock.recv(1));
          assert.ok(error instanceof backend.ssl.SSLEOFError, String(error));
          assert.equal(error.message, "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol");
        }
      }
      await using peer = await accepting([{ do: "send", size: 1000 }, "cut"], { suppress_ragged_eofs: true });
      assert.equal((await receive(peer.sock)).length, 1000);
    },
  });

  Deno.test({
    name: `${backend.name}: close tells the peer that the stream has ended`,
    ignore: !peers,
    async fn() {
      await using peer = await accepting([{ do: "recv" }, "close"]);
      await peer.sock.sendall("all of it");
      peer.sock.close();
      const { log, error } = await peer.outcome();
      // CPython reports SSLEOFError without a close_notify.
      assert.equal(error, undefined);
      assert.equal(log[1].text, "all of it");
    },
  });

  for (const role of ["client", "server"]) {
    Deno.test(`${backend.name}: a ${role} applies the peer's key updates, and answers them`, async () => {
      using listener = backend.socket.create_server(["127.0.0.1", 0]);
      const ours = role === "server" ? await listenWithTls(backend, listener) : listener;
      const dialled = dial(backend, portOf(ours));
      const peerSocket = role === "server" ? await dialled : (await Promise.all([listener.accept(), dialled]))[0][0];
      const peerContext = role === "server" ? clientContext(NATIVE, authority.cert) : serverContext(NATIVE, identity);
      const peer = new RawEngine(peerContext, peerSocket as Socket, role === "server" ? "localhost" : null);
      const context = clientContext(backend, authority.cert);
      const [sock] = await Promise.all([
        role === "server"
          ? (ours as SSLSocket).accept().then(([conn]) => conn)
          : dialled.then((plain) => context.wrap_socket(plain, { server_hostname: "localhost" })),
        peer.handshake(),
      ]);
      for (const both of [false, true, true]) {
        await peer.send("before");
        assert.equal(text(await receive(sock, 6)), "before");
        peer.updateKeys(both);
        await peer.send("behind");
        assert.equal(text(await receive(sock, 6)), "behind");
        await sock.sendall("answer");
        assert.equal(await peer.receive(), "answer");
      }
      sock.close();
      peerSocket.close();
      peer.free();
      if (ours !== listener) ours.close();
    });
  }

  Deno.test({
    name:
      `${backend.name}: STARTTLS: what the peer said before TLS and nothing received goes to TLS, and never to a later recv`,
    ignore: !peers,
    async fn() {
      const { socket } = backend;
      using files = new Files();
      await using python = new PythonPeer();
      const [cert, key] = [identity.cert, identity.key].map((text) => files.write(text));
      const plain = [{ do: "send", text: "220 ready\r\n" }, { do: "recv", size: 10 }, {
        do: "send",
        text: "220 go\r\n",
      }];
      const steps = [...plain, "handshake", { do: "send", text: "secret" }, { do: "recv" }];
      const server = await python.serve({ cert, key, steps });
      const sock = await dial(backend, server.port);
      assert.equal(text(await sock.recv(100)), "220 ready\r\n");
      await sock.sendall("STARTTLS\r\n");
      assert.equal(text(await receive(sock, 8)), "220 go\r\n");
      const context = clientContext(backend, authority.cert);
      using secure = await context.wrap_socket(sock, { server_hostname: "localhost" });
      assert.equal(text(await receive(secure, 6)), "secret");
      await secure.sendall("done");
      secure.close();
      assert.equal((await server.outcome()).error, undefined);
      // The old object is detached.
      assert.equal(sock.fileno(), -1);

      // A man in the middle adds a line to the answer.
      using listener = socket.create_server(["127.0.0.1", 0]);
      const victim = await dial(backend, portOf(listener));
      const [conn] = await listener.accept();
      await conn.sendall("220 go\r\nINJECTED\r\n");
      assert.equal(text(await receive(victim, 8)), "220 go\r\n");
      const wrapped = context.wrap_socket(victim, { server_hostname: "localhost" });
      const error = await errorOf(wrapped);
      assert.ok(error instanceof backend.ssl.SSLError, String(error));
      conn.close();
    },
  });
}
