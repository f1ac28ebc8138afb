// socketserver over TLS, by Python's idiom: server.socket = context.wrap_socket(server.socket, server_side=True).

import assert from "node:assert/strict";
import * as nativeServers from "../native/socketserver.ts";
import * as denoServers from "../socketserver.ts";
import { askPython, pythonTest } from "./_helpers.ts";
import { Authority, Files } from "./tls/authority.ts";
import { BACKENDS, clientContext, dial, errorOf, receive, serverContext, text } from "./tls/backends.ts";

const authority = await Authority.create();
const identity = await authority.issue();

class Upper extends denoServers.StreamRequestHandler {
  override async handle() {
    for await (const line of this.rfile) {
      await this.wfile.write(new TextDecoder().decode(line).toUpperCase());
      await this.wfile.flush();
    }
  }
}

for (const backend of BACKENDS) {
  const { ThreadingTCPServer } = backend.native ? nativeServers : denoServers;

  /** A server with TLS, which serves until it is disposed of. */
  const serve = async () => {
    const server = new ThreadingTCPServer(["127.0.0.1", 0], Upper);
    server.socket = await serverContext(backend, identity).wrap_socket(server.socket, { server_side: true });
    server.serve_forever();
    return server;
  };

  Deno.test(`${backend.name}: socketserver serves TLS, and continues after failed handshakes`, async () => {
    await using server = await serve();
    const [, port] = server.server_address as [string, number];
    // One client speaks no TLS, another trusts another authority, and the third is silent.
    using plain = await dial(backend, port);
    await plain.sendall("GET / HTTP/1.0\r\n\r\n");
    const stranger = clientContext(backend, (await Authority.create()).cert);
    const refused = stranger.wrap_socket(await dial(backend, port), { server_hostname: "localhost" });
    assert.ok((await errorOf(refused)) instanceof backend.ssl.SSLCertVerificationError);
    using _silent = await dial(backend, port);

    for (const word of ["one", "two"]) {
      const context = clientContext(backend, authority.cert);
      using secure = await context.wrap_socket(await dial(backend, port), { server_hostname: "localhost" });
      await secure.sendall(`${word}\n`);
      assert.equal(text(await receive(secure, 4)), `${word.toUpperCase()}\n`);
      await secure.shutdown(1);
      // The server ends the stream with close_notify, else this would be SSLEOFError.
      assert.equal((await receive(secure)).length, 0);
    }
  });

  pythonTest(`${backend.name}: CPython talks to a socketserver with TLS`, async () => {
    await using server = await serve();
    using files = new Files();
    const [, port] = server.server_address as [string, number];
    const answer = await askPython(`
import json, socket, ssl
context = ssl.create_default_context(cafile=${JSON.stringify(files.write(authority.cert))})
with context.wrap_socket(socket.create_connection(("127.0.0.1", ${port})), server_hostname="localhost") as sock:
    sock.sendall(b"hello\\n")
    line = sock.recv(100).decode()
    # Without close_notify the handler would end with SSLEOFError.
    sock.unwrap()
print(json.dumps(line))`);
    assert.equal(answer, "HELLO\n");
  });
}
