// Non-blocking TLS: the loops of Python's ssl documentation, on both backends.

import assert from "node:assert/strict";
import type { Socket } from "../mod.ts";
import type { SSLSocket } from "../ssl.ts";
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
  text,
} from "./tls/backends.ts";
import type { TlsBackend } from "./tls/backends.ts";

const authority = await Authority.create();
const identity = await authority.issue();

/** Waits for one socket's input. */
interface Watch extends Disposable {
  /** Returns whether the socket is ready within a time. */
  ready(seconds: number): Promise<boolean>;
}

function selecting({ socket }: TlsBackend, sock: Socket): Watch {
  return {
    ready: async (seconds) => (await socket.select([sock], [], [], seconds))[0].length > 0,
    [Symbol.dispose]() {},
  };
}

function polling({ socket }: TlsBackend, sock: Socket): Watch {
  const poller = socket.poll();
  poller.register(sock, socket.POLLIN);
  return {
    ready: async (seconds) => (await poller.poll(seconds * 1000)).length > 0,
    [Symbol.dispose]() {},
  };
}

function epolling({ socket }: TlsBackend, sock: Socket, events: number): Watch {
  const poller = socket.epoll();
  poller.register(sock, events);
  return {
    ready: async (seconds) => (await poller.poll(seconds)).length > 0,
    [Symbol.dispose]: () => poller.close(),
  };
}

/** The ways to wait for input. */
const WAYS: Record<string, (backend: TlsBackend, sock: Socket) => Watch> = {
  select: selecting,
  poll: polling,
  epoll: (backend, sock) => epolling(backend, sock, backend.socket.EPOLLIN),
  "edge-triggered epoll": (backend, sock) => {
    const { EPOLLET, EPOLLIN, EPOLLOUT } = backend.socket;
    return epolling(backend, sock, EPOLLIN | EPOLLOUT | EPOLLET);
  },
};

/** Makes the handshake as Python's documentation shows. Returns the number of attempts. */
async function handshake({ socket, ssl }: TlsBackend, sock: SSLSocket, watch: Watch): Promise<number> {
  for (let attempts = 1;; attempts++) {
    assert.ok(attempts < 20, "the wait ends although the handshake makes no progress");
    try {
      await sock.do_handshake();
      return attempts;
    } catch (error) {
      if (error instanceof ssl.SSLWantWriteError) await socket.select([], [sock], [], 10);
      else if (error instanceof ssl.SSLWantReadError) assert.ok(await watch.ready(10), "the wait does not end");
      else throw error;
    }
  }
}

/** A client that has not made its handshake, and the plain socket of its peer. */
async function clientOf(backend: TlsBackend, ca: string): Promise<[near: SSLSocket, peer: Socket]> {
  using listener = NATIVE.socket.create_server(["127.0.0.1", 0]);
  const [plain, [peer]] = await Promise.all([dial(backend, portOf(listener)), listener.accept()]);
  plain.setblocking(false);
  const options = { server_hostname: "localhost", do_handshake_on_connect: false };
  return [await clientContext(backend, ca).wrap_socket(plain, options), peer];
}

for (const backend of BACKENDS) {
  const { ssl, socket } = backend;

  for (const [name, watching] of Object.entries(WAYS)) {
    Deno.test(`${backend.name}: a client's handshake in a loop with ${name}`, async () => {
      const [near, peer] = await clientOf(backend, authority.cert);
      using watch = watching(backend, near);
      assert.ok((await errorOf(near.do_handshake())) instanceof ssl.SSLWantReadError);
      if (name !== "edge-triggered epoll") assert.equal(await watch.ready(0), false);
      const [far] = await Promise.all([
        serverContext(NATIVE, identity).wrap_socket(peer, { server_side: true }),
        handshake(backend, near, watch),
      ]);
      assert.ok((await errorOf(near.recv(1))) instanceof ssl.SSLWantReadError);
      await far.sendall("hello");
      await socket.select([near], [], []);
      assert.equal(text(await near.recv(10)), "hello");
      near.close();
      far.close();
    });

    Deno.test(`${backend.name}: a server's handshake in a loop with ${name}`, async () => {
      using listener = await listen(backend, serverContext(backend, identity), { do_handshake_on_connect: false });
      const plain = await dial(backend, portOf(listener));
      const [far] = await listener.accept();
      far.setblocking(false);
      using watch = watching(backend, far);
      assert.ok((await errorOf(far.do_handshake())) instanceof ssl.SSLWantReadError);
      const [near] = await Promise.all([
        clientContext(backend, authority.cert).wrap_socket(plain, { server_hostname: "localhost" }),
        handshake(backend, far, watch),
      ]);
      await near.sendall("hello");
      await socket.select([far], [], []);
      assert.equal(text(await far.recv(10)), "hello");
      near.close();
      far.close();
    });
  }

  Deno.test(`${backend.name}: a server that waits for input before its first do_handshake`, async () => {
    using listener = await listen(backend, serverContext(backend, identity), { do_handshake_on_connect: false });
    const plain = await dial(backend, portOf(listener));
    const [far] = await listener.accept();
    far.setblocking(false);
    using watch = selecting(backend, far);
    assert.equal(await watch.ready(0), false);
    const [near] = await Promise.all([
      clientContext(backend, authority.cert).wrap_socket(plain, { server_hostname: "localhost" }),
      watch.ready(10).then(() => handshake(backend, far, watch)),
    ]);
    near.close();
    far.close();
  });

  Deno.test(`${backend.name}: a handshake that fails ends the wait, and do_handshake throws its error`, async () => {
    const other = await Authority.create();
    const [near, peer] = await clientOf(backend, other.cert);
    using watch = selecting(backend, near);
    const [error] = await Promise.all([
      errorOf(handshake(backend, near, watch)),
      errorOf(serverContext(NATIVE, identity).wrap_socket(peer, { server_side: true })),
    ]);
    assert.ok(error instanceof ssl.SSLCertVerificationError, String(error));
    near.close();
  });

  Deno.test(`${backend.name}: before and after the handshake, calls that would wait name what they wait for`, async () => {
    const [near, peer] = await clientOf(backend, authority.cert);
    for (const call of [near.send("x"), near.recv(1), near.recv_into(new Uint8Array(1)), near.do_handshake()]) {
      assert.ok((await errorOf(call)) instanceof ssl.SSLWantReadError);
    }
    const [far] = await Promise.all([
      serverContext(NATIVE, identity).wrap_socket(peer, { server_side: true }),
      handshake(backend, near, selecting(backend, near)),
    ]);
    assert.ok((await errorOf(near.recv(1))) instanceof ssl.SSLWantReadError);
    const piece = new Uint8Array(1 << 20);
    const full = await errorOf((async () => {
      for (let sent = 0; sent < 400; sent++) await near.send(piece);
    })());
    assert.ok(full instanceof ssl.SSLWantWriteError, String(full));
    const { length } = await receive(far, 1 << 20);
    assert.equal(length, 1 << 20);
    far.close();
    await near[Symbol.asyncDispose]();
  });

  Deno.test(`${backend.name}: a non-blocking connect, and then the handshake`, async () => {
    using listener = await listen(NATIVE, serverContext(NATIVE, identity));
    const accepted = listener.accept();
    accepted.catch(() => {});
    const near = await clientContext(backend, authority.cert).wrap_socket(socket.socket(), {
      server_hostname: "localhost",
    });
    near.setblocking(false);
    using poller = socket.epoll();
    poller.register(near, socket.EPOLLIN | socket.EPOLLOUT);
    assert.equal((await errorOf(near.connect(["127.0.0.1", portOf(listener)]))).code, "EINPROGRESS");
    assert.equal((await socket.select([], [near], [], 10))[1].length, 1);
    await handshake(backend, near, selecting(backend, near));
    const [far] = await accepted;
    await far.sendall("hello");
    // The interest that was registered before the connect sees the data.
    while (!((await poller.poll(10))[0][1] & socket.EPOLLIN));
    assert.equal(text(await near.recv(10)), "hello");
    near.close();
    far.close();
  });

  Deno.test(`${backend.name}: closing a socket during its handshake ends a select with EBADF`, async () => {
    const [near, peer] = await clientOf(backend, authority.cert);
    assert.ok((await errorOf(near.do_handshake())) instanceof ssl.SSLWantReadError);
    const waiting = errorOf(socket.select([near], [], []));
    near.close();
    assert.equal((await waiting).code, "EBADF");
    peer.close();
  });
}
