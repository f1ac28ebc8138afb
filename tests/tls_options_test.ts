// The options of TLS calls: a wrong signal and an unknown option are TypeErrors, and the socket stays what it was.

import assert from "node:assert/strict";
import { BACKENDS } from "./tls/backends.ts";

/** What is no AbortSignal. The last one has all methods that a signal is asked for. */
const WRONG_SIGNALS = [
  new AbortController(),
  Object.create(AbortSignal.prototype),
  false,
  { aborted: false, throwIfAborted() {}, addEventListener() {}, removeEventListener() {} },
];

for (const { name, socket, ssl, native } of BACKENDS) {
  Deno.test(`${name}: wrap_socket refuses wrong options, and leaves the socket unchanged`, async () => {
    const context = ssl.create_default_context();
    using server = socket.create_server(["127.0.0.1", 0]);
    using client = await socket.create_connection(server.getsockname());
    using conn = (await server.accept())[0];
    const wrong = [...WRONG_SIGNALS.map((signal) => ({ signal })), { server_name: "localhost" }];
    for (const options of wrong) {
      for (const do_handshake_on_connect of [true, false]) {
        const given = { server_hostname: "localhost", do_handshake_on_connect, ...options } as object;
        await assert.rejects(context.wrap_socket(client, given), { name: "TypeError", message: /signal|server_name/ });
      }
    }
    await client.sendall("still here");
    assert.equal((await conn.recv(100)).length, 10);
  });

  Deno.test(`${name}: the other TLS calls refuse unknown options`, async () => {
    const unknown = { cafiel: "ca.pem" } as object;
    const refused = { name: "TypeError", message: /cafiel/ };
    assert.throws(() => ssl.create_default_context(unknown), refused);
    assert.throws(() => ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, unknown), refused);
    if (!native) return;
    const context = ssl.create_default_context();
    const queues = [new ssl.MemoryBIO(), new ssl.MemoryBIO()] as [any, any];
    assert.throws(() => context.wrap_bio(...queues, unknown), refused);
    await assert.rejects(ssl.get_server_certificate(["127.0.0.1", 1], unknown), refused);
  });
}
