// No data is lost if a call is given up, or if a connection breaks or is cut.

import assert from "node:assert/strict";
import { SHUT_WR } from "../mod.ts";
import type { Socket } from "../mod.ts";
import { Authority } from "./tls/authority.ts";
import {
  BACKENDS,
  clientContext,
  dial,
  errorOf,
  listen,
  NATIVE,
  portOf,
  receive,
  serverContext,
} from "./tls/backends.ts";
import type { TlsBackend } from "./tls/backends.ts";
import { pattern } from "./tls/python_peer.ts";
import { RawEngine } from "./tls/raw_engine.ts";

const authority = await Authority.create();
const identity = await authority.issue();

/** Two ends of a TLS connection. */
async function pairOf(backend: TlsBackend): Promise<[near: Socket, far: Socket]> {
  using listener = await listen(backend, serverContext(backend, identity));
  const context = clientContext(backend, authority.cert);
  const [near, [far]] = await Promise.all([
    dial(backend, portOf(listener)).then((sock) => context.wrap_socket(sock, { server_hostname: "localhost" })),
    listener.accept(),
  ]);
  return [near, far];
}

for (const backend of BACKENDS) {
  Deno.test(`${backend.name}: 40 times 400 kB arrive complete despite hundreds of aborts and timeouts`, async () => {
    const [near, far] = await pairOf(backend);
    const piece = pattern(400_000);
    let given = 0;
    let at = 0;
    let turn = 0;
    /** One receive that may be given up. Returns whether the stream has ended. */
    const receiveOnce = async () => {
      const controller = new AbortController();
      const kind = turn++ % 3;
      far.settimeout(kind === 1 ? 0.000_001 : null);
      const receiving = far.recv(1 + (turn * 7919) % 60_000, 0, kind === 2 ? { signal: controller.signal } : undefined);
      if (kind === 2) controller.abort("enough");
      try {
        const data = await receiving;
        for (const byte of data) if (byte !== (at++ % 400_000 & 0xff)) assert.fail(`byte ${at - 1}`);
        return data.length === 0;
      } catch (error) {
        assert.ok(error === "enough" || (error as Error).name === "TimeoutError", String(error));
        given++;
        return false;
      }
    };
    for (let i = 0; i < 40; i++) {
      // No data is there yet, so these are given up.
      for (let n = 0; n < 6; n++) {
        if (turn % 3 === 0) turn++;
        await receiveOnce();
      }
      const sent = near.sendall(piece);
      while (at < (i + 1) * 400_000) await receiveOnce();
      await sent;
    }
    assert.ok(given >= 240, `${given} were given up`);
    await near.shutdown(SHUT_WR);
    while (!(await receiveOnce()));
    assert.equal(at, 40 * 400_000);
    near.close();
    far.close();
  });

  Deno.test(`${backend.name}: after a failed handshake each call throws its error, and none returns the end of the stream`, async () => {
    const other = await Authority.create();
    for (const first of ["do_handshake", "recv"] as const) {
      using listener = await listen(NATIVE, serverContext(NATIVE, identity));
      const refused = errorOf(listener.accept());
      using sock = await clientContext(backend, other.cert).wrap_socket(await dial(backend, portOf(listener)), {
        server_hostname: "localhost",
        do_handshake_on_connect: false,
        suppress_ragged_eofs: true,
      });
      const calls = [() => sock.recv(1), () => sock.recv_into(new Uint8Array(1)), () => sock.recv(1)];
      if (first === "do_handshake") calls.unshift(() => sock.do_handshake() as Promise<any>);
      for (const call of calls) {
        const error = await errorOf(call());
        assert.ok(error instanceof backend.ssl.SSLCertVerificationError, `${first}: ${error}`);
      }
      assert.ok((await errorOf(sock.sendall("secret"))) instanceof backend.ssl.SSLCertVerificationError);
      await refused;
    }
  });

  Deno.test(`${backend.name}: a send that was given up before the end of the handshake has sent nothing`, async () => {
    using listener = backend.socket.create_server(["127.0.0.1", 0]);
    const [plain, [peer]] = await Promise.all([dial(backend, portOf(listener)), listener.accept()]);
    using sock = await clientContext(backend, authority.cert).wrap_socket(plain, {
      server_hostname: "localhost",
      do_handshake_on_connect: false,
    });
    const { TimeoutError } = backend.socket;
    sock.settimeout(0);
    const error = await errorOf(sock.send("x"));
    assert.ok(error instanceof backend.ssl.SSLWantReadError, String(error));
    sock.settimeout(0.02);
    assert.ok((await errorOf(sock.send("x"))) instanceof TimeoutError);
    assert.ok((await errorOf(sock.sendall(new Uint8Array(100_000)))) instanceof TimeoutError);
    const aborted = await errorOf(sock.send("x", 0, { signal: AbortSignal.timeout(20) }));
    assert.equal(aborted.name, "TimeoutError");
    // The handshake goes on when the server begins to speak.
    sock.settimeout(10);
    const [secure] = await Promise.all([
      serverContext(NATIVE, identity).wrap_socket(peer as Socket, { server_side: true }),
      sock.sendall("hello").then(() => sock.shutdown(SHUT_WR)),
    ]);
    assert.equal(new TextDecoder().decode(await receive(secure)), "hello");
    secure.close();
  });

  Deno.test(`${backend.name}: an accept that was given up leaves its connection to the next accept`, async () => {
    using listener = await listen(backend, serverContext(backend, identity));
    const controller = new AbortController();
    const first = errorOf(listener.accept({ signal: controller.signal }));
    const plain = await dial(backend, portOf(listener));
    // The connection is established, and its handshake has not ended.
    controller.abort("enough");
    assert.equal(await first, "enough");
    listener.settimeout(0.001);
    assert.equal((await errorOf(listener.accept())).name, "TimeoutError");
    listener.settimeout(null);
    const context = clientContext(backend, authority.cert);
    const [near, [far]] = await Promise.all([
      context.wrap_socket(plain, { server_hostname: "localhost" }),
      listener.accept(),
    ]);
    await near.sendall("here");
    assert.equal((await receive(far, 4)).length, 4);
    near.close();
    far.close();
  });

  Deno.test(`${backend.name}: a silent client delays no other client, and a failed handshake does not end the listener`, async () => {
    using listener = await listen(backend, serverContext(backend, identity));
    using _silent = await dial(backend, portOf(listener));
    const accepted = listener.accept();
    const context = clientContext(backend, authority.cert);
    const near = await context.wrap_socket(await dial(backend, portOf(listener)), { server_hostname: "localhost" });
    const [far] = await accepted;
    const failing = errorOf(listener.accept());
    using rude = await dial(backend, portOf(listener));
    await rude.sendall("GET / HTTP/1.0\r\n\r\n");
    assert.ok((await failing) instanceof backend.ssl.SSLError);
    await near.sendall("still here");
    assert.equal((await receive(far, 10)).length, 10);
    near.close();
    far.close();
  });

  Deno.test(`${backend.name}: iteration over a listener skips clients whose handshake fails`, async () => {
    using listener = await listen(backend, serverContext(backend, identity));
    using rude = await dial(backend, portOf(listener));
    await rude.sendall("GET / HTTP/1.0\r\n\r\n");
    using reset = await dial(backend, portOf(listener));
    reset.close();
    const context = clientContext(backend, authority.cert);
    const connecting = dial(backend, portOf(listener)).then((sock) =>
      context.wrap_socket(sock, { server_hostname: "localhost" })
    );
    for await (const [conn] of listener) {
      await conn.sendall("served");
      conn.close();
      break;
    }
    using near = await connecting;
    assert.equal((await receive(near)).length, 6);
  });

  Deno.test(`${backend.name}: ciphertext that is truncated at any byte is an error, and never the end of the stream`, async () => {
    // The server's bytes after the handshake: two records of data and close_notify.
    const message = "one, two";
    for (let cut = 0;; cut++) {
      using listener = backend.socket.create_server(["127.0.0.1", 0]);
      const dialled = dial(backend, portOf(listener));
      const [far] = await listener.accept();
      const server = new RawEngine(serverContext(NATIVE, identity), far as Socket, null);
      const context = clientContext(backend, authority.cert);
      const [near] = await Promise.all([
        dialled.then((sock) => context.wrap_socket(sock, { server_hostname: "localhost" })),
        server.handshake(),
      ]);
      server.engine.write(new TextEncoder().encode(message.slice(0, 4)));
      server.engine.write(new TextEncoder().encode(message.slice(4)));
      server.engine.closeNotify();
      const all = server.outgoing.read();
      await far.sendall(all.subarray(0, cut));
      await far.shutdown(SHUT_WR);
      let got = "";
      let error: unknown;
      try {
        for (;;) {
          const data = await near.recv(100);
          if (data.length === 0) break;
          got += new TextDecoder().decode(data);
        }
      } catch (caught) {
        error = caught;
      }
      assert.equal(message.startsWith(got), true, got);
      if (cut < all.length) assert.ok(error instanceof backend.ssl.SSLEOFError, `${cut}: ${error}`);
      else {
        assert.equal(error, undefined);
        assert.equal(got, message);
      }
      near.close();
      far.close();
      server.free();
      if (cut === all.length) break;
    }
  });

  Deno.test(`${backend.name}: after a send or SO_ERROR has met a stream that was cut off, no receive returns its end`, async () => {
    const { select, SO_ERROR, SOL_SOCKET } = backend.socket;
    const steps = {
      send: (sock: Socket) => errorOf(sock.send("x")),
      SO_ERROR: (sock: Socket) => sock.getsockopt(SOL_SOCKET, SO_ERROR),
      recv: (sock: Socket) => errorOf(sock.recv(1)),
    };
    for (const how of ["cut off", "reset"] as const) {
      for (const step of ["send", "SO_ERROR", "recv"] as const) {
        using listener = NATIVE.socket.create_server(["127.0.0.1", 0]);
        const dialled = dial(backend, portOf(listener));
        const [far] = await listener.accept();
        const server = new RawEngine(serverContext(NATIVE, identity), far as unknown as Socket, null);
        const context = clientContext(backend, authority.cert);
        const [near] = await Promise.all([
          dialled.then((sock) => context.wrap_socket(sock, { server_hostname: "localhost" })),
          server.handshake(),
        ]);
        if (how === "cut off") await far.shutdown(SHUT_WR);
        else {
          far.setsockopt(SOL_SOCKET, NATIVE.socket.SO_LINGER, Int32Array.of(1, 0));
          far.close();
        }
        assert.equal((await select([near], [], [], 10))[0].length, 1);
        const outcome = await steps[step](near);
        // The end of the stream below is no error of the socket.
        if (how === "cut off" && step === "SO_ERROR") assert.equal(outcome, 0);
        const receives = [() => near.recv(10), () => near.recv_into(new Uint8Array(10)), () => Array.fromAsync(near)];
        for (const receive of receives) {
          const error = await errorOf(receive());
          const expected = error instanceof backend.ssl.SSLEOFError ||
            (how === "reset" && error instanceof backend.socket.ConnectionResetError);
          assert.ok(expected, `${how}, ${step}: ${error}`);
        }
        near.close();
        far.close();
        server.free();
      }
    }
  });

  Deno.test(`${backend.name}: a changed record is an error, which follows the data before it`, async () => {
    using listener = backend.socket.create_server(["127.0.0.1", 0]);
    const dialled = dial(backend, portOf(listener));
    const [far] = await listener.accept();
    const server = new RawEngine(serverContext(NATIVE, identity), far as Socket, null);
    const context = clientContext(backend, authority.cert);
    const [near] = await Promise.all([
      dialled.then((sock) => context.wrap_socket(sock, { server_hostname: "localhost" })),
      server.handshake(),
    ]);
    server.engine.write(new TextEncoder().encode("good"));
    const good = server.outgoing.read();
    server.engine.write(new TextEncoder().encode("bad"));
    const bad = server.outgoing.read();
    bad[bad.length - 1] ^= 1;
    await far.sendall(new Uint8Array([...good, ...bad]));
    assert.equal(new TextDecoder().decode(await receive(near, 4)), "good");
    for (let again = 0; again < 2; again++) {
      const error = await errorOf(near.recv(4));
      assert.ok(error instanceof backend.ssl.SSLError);
      assert.equal(error.reason, "DECRYPTION_FAILED_OR_BAD_RECORD_MAC");
    }
    near.close();
    far.close();
    server.free();
  });

  Deno.test(`${backend.name}: a server that does not speak TLS is WRONG_VERSION_NUMBER, as in Python`, async () => {
    using listener = backend.socket.create_server(["127.0.0.1", 0]);
    const plain = await dial(backend, portOf(listener));
    using peer = (await listener.accept())[0];
    await peer.sendall("220 mail.example.org ready\r\n");
    const wrapping = clientContext(backend, authority.cert).wrap_socket(plain, { server_hostname: "localhost" });
    const error = await errorOf(wrapping);
    assert.ok(error instanceof backend.ssl.SSLError);
    assert.equal(error.reason, "WRONG_VERSION_NUMBER");
  });

  Deno.test(`${backend.name}: select reports decrypted data, and no records without data`, async () => {
    const [near, far] = await pairOf(backend);
    const { select } = backend.socket;
    // Session tickets arrive after the handshake. They are not data.
    assert.deepEqual(await select([near], [], [], 0.02), [[], [], []]);
    assert.deepEqual(await select([], [near], [], 0.02), [[], [near], []]);
    await far.sendall(pattern(40_000));
    let count = 0;
    while (count < 40_000) {
      assert.deepEqual(await select([near], [], [], 5), [[near], [], []]);
      count += (await near.recv(1000)).length;
    }
    assert.deepEqual(await select([near], [], [], 0.02), [[], [], []]);
    far.close();
    assert.deepEqual(await select([near], [], [], 5), [[near], [], []]);
    assert.equal((await near.recv(1)).length, 0);
    near.close();
  });

  Deno.test(`${backend.name}: a paused reader does not fill memory`, async () => {
    const [near, far] = await pairOf(backend);
    near.settimeout(0.2);
    const piece = new Uint8Array(1 << 20);
    let sent = 0;
    const before = Deno.memoryUsage().rss;
    try {
      for (; sent < 200; sent++) await near.sendall(piece);
    } catch (error) {
      assert.equal((error as Error).name, "TimeoutError");
    }
    // The kernel's buffers take a few MB. After that, nothing more is taken from the sender.
    assert.ok(sent < 40, `${sent} MB were taken`);
    assert.ok(Deno.memoryUsage().rss - before < 64e6);
    far.close();
    await near[Symbol.asyncDispose]();
  });

  Deno.test(`${backend.name}: a reset ends all sends and receives, and close does not wait for unsent data`, async () => {
    const [near, far] = await pairOf(backend);
    near.settimeout(0.1);
    const piece = new Uint8Array(1 << 20);
    await errorOf((async () => {
      for (;;) await near.sendall(piece);
    })());
    near.settimeout(null);
    // A close with unread data is a reset.
    far.close();
    const error = await errorOf((async () => {
      for (;;) await near.sendall(piece);
    })());
    assert.ok(["ECONNRESET", "EPIPE"].includes(error.code), String(error));
    // It sent close_notify before it closed, which may or may not have arrived.
    await near.recv(1).catch(() => {});
    // The connection keeps neither the process nor this test alive.
    await near[Symbol.asyncDispose]();
  });

  Deno.test(`${backend.name}: 200 connections use bounded memory`, async () => {
    using listener = await listen(backend, serverContext(backend, identity));
    const context = clientContext(backend, authority.cert);
    const connect = async () =>
      await context.wrap_socket(await dial(backend, portOf(listener)), { server_hostname: "localhost" });
    const before = Deno.memoryUsage().rss;
    const accepting = (async () => {
      const all: Socket[] = [];
      while (all.length < 200) all.push((await listener.accept())[0]);
      return all;
    })();
    const near = await Promise.all(Array.from({ length: 200 }, connect));
    const far = await accepting;
    await Promise.all(near.map((sock, index) => sock.sendall(String(index).padStart(3))));
    const heard = await Promise.all(far.map((sock) => receive(sock, 3)));
    const numbers = heard.map((bytes) => Number(new TextDecoder().decode(bytes))).sort((a, b) => a - b);
    assert.deepEqual(numbers, Array.from({ length: 200 }, (_, index) => index));
    const each = (Deno.memoryUsage().rss - before) / 400;
    assert.ok(each < 300e3, `${Math.round(each / 1000)} KB for each end`);
    await Promise.all([...near, ...far].map((sock) => sock[Symbol.asyncDispose]()));
  });

  Deno.test(`${backend.name}: no error shows a key or a password`, async () => {
    const secret = "correct horse battery staple";
    const context = new backend.ssl.SSLContext(backend.ssl.PROTOCOL_TLS_SERVER);
    const other = await authority.issue();
    const lines = other.key.split("\n").slice(1, -2);
    const broken = other.key.replace(lines[0], lines[0].slice(4));
    for (
      const attempt of [
        () => context.load_cert_chain(identity.cert, other.key, secret),
        () => context.load_cert_chain(identity.cert, broken, secret),
        () => context.load_cert_chain(other.key, identity.cert, secret),
        () => context.load_verify_locations(other.key),
        // Texts that are no PEM are taken for paths.
        () => context.load_cert_chain(identity.cert, lines.join("\n")),
        () => context.load_cert_chain(identity.cert, lines.join("")),
        () => context.load_cert_chain(identity.cert, other.key.replace("-----BEGIN", "-----begin")),
        () => context.load_cert_chain(secret),
        () => context.load_verify_locations(secret.repeat(200)),
      ]
    ) {
      assert.throws(attempt, (error: Error) => {
        const shown = Deno.inspect(error) + error.stack + JSON.stringify(error);
        for (const line of [...lines, secret]) assert.equal(shown.includes(line), false, shown);
        return true;
      });
    }
  });
}
