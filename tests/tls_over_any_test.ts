// Native TLS over other transports: sockets of the default backend, Unix sockets, and a connection that has TLS
// already.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import type { Socket } from "../mod.ts";
import * as native from "../native.ts";
import { Authority } from "./tls/authority.ts";
import { clientContext, errorOf, NATIVE, receive, serverContext, text } from "./tls/backends.ts";
import { digest, pattern } from "./tls/python_peer.ts";

const authority = await Authority.create();
const identity = await authority.issue();

/** TLS on both ends of a connection. */
async function wrapBoth(near: Socket, far: Socket) {
  return await Promise.all([
    clientContext(NATIVE, authority.cert).wrap_socket(near, { server_hostname: "localhost" }),
    serverContext(NATIVE, identity).wrap_socket(far, { server_side: true }),
  ]);
}

const KINDS: [string, () => Promise<[Socket, Socket]>][] = [
  ["TCP of the default backend", async () => {
    using listener = socket.create_server(["127.0.0.1", 0]);
    const [near, [far]] = await Promise.all([socket.create_connection(listener.getsockname()), listener.accept()]);
    return [near, far];
  }],
  ["a Unix pair of the default backend", () => socket.socketpair()],
  ["a native Unix pair", () => native.socketpair()],
];

for (const [name, make] of KINDS) {
  Deno.test(`native TLS over ${name}: megabytes in each direction, timeouts, select and the end of the stream`, async () => {
    const [near, far] = await wrapBoth(...await make());
    const data = pattern(3_000_000);
    const [a, b] = await Promise.all([
      receive(near, data.length),
      receive(far, data.length),
      near.sendall(data),
      far.sendall(data),
    ]);
    for (const received of [a, b]) assert.equal(await digest(received), await digest(data));
    near.settimeout(0.01);
    assert.equal((await errorOf(near.recv(1))).name, "TimeoutError");
    assert.deepEqual(await socket.select([near], [], [], 0), [[], [], []]);
    await far.sendall("late");
    assert.deepEqual(await socket.select([near], [], [], 5), [[near], [], []]);
    near.settimeout(null);
    assert.equal(text(await receive(near, 4)), "late");
    const [plainNear, plainFar] = await Promise.all([near.unwrap(), far.unwrap()]);
    await plainNear.sendall("open");
    assert.equal(text(await receive(plainFar, 4)), "open");
    // The rules for the memory of a send are those of the socket again.
    const bytes = new TextEncoder().encode("taken");
    const sending = plainNear.send(bytes);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    assert.equal(await sending, 5);
    assert.equal(text(await receive(plainFar, 5)), "taken");
    await Promise.all([near, far].map((sock) => sock[Symbol.asyncDispose]()));
  });

  Deno.test(`native TLS over ${name}: data that was read ahead goes to the TLS engine`, async () => {
    const [near, far] = await make();
    // Data was read ahead, and a read is under way whose call was given up.
    near.settimeout(0.01);
    assert.equal((await errorOf(near.recv(1))).name, "TimeoutError");
    await far.sendall("INJECTED");
    await socket.select([near], [], [], 5);
    near.settimeout(null);
    const context = clientContext(NATIVE, authority.cert);
    const error = await errorOf(context.wrap_socket(near, { server_hostname: "localhost" }));
    assert.ok(error instanceof NATIVE.ssl.SSLError, String(error));
    far.close();
  });
}

Deno.test("every object on a descriptor with TLS uses TLS, and no unencrypted data is received", async () => {
  const [near, far] = await native.socketpair();
  const context = clientContext(NATIVE, authority.cert);
  const wrapped = await context.wrap_socket(near as Socket, {
    server_hostname: "localhost",
    do_handshake_on_connect: false,
  });
  assert.equal(near.fileno(), -1);
  assert.match(Deno.inspect(wrapped), /^<ssl\.SSLSocket fd=\d+, /);
  const serving = serverContext(NATIVE, identity).wrap_socket(far as Socket, { server_side: true });
  // The first send makes the handshake.
  const [server] = await Promise.all([serving, wrapped.sendall("hello")]);
  assert.equal(text(await receive(server, 5)), "hello");
  // Adopted by its number, it is the same connection.
  using other = native.socket(native.AF_UNIX, native.SOCK_STREAM, 0, wrapped.detach());
  await server.sendall("still encrypted");
  assert.equal(text(await receive(other as Socket, 15)), "still encrypted");
  await server[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});
