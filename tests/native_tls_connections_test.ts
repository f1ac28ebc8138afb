// CPython's test_ssl over the native backend: connections.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import * as ssl from "../native/ssl.ts";
import { Authority, days, Files } from "./tls/authority.ts";
import { clientContext, dial, errorOf, listen, NATIVE, portOf, receive, serverContext, text } from "./tls/backends.ts";
import { authority, connect, contexts, EXCEPTIONS, identity, testSsl } from "./tls/test_ssl.ts";
import { DH_PARAMS, rsaIdentity } from "./tls/rsa.ts";
import { askPython, pythonTest } from "./_helpers.ts";
import { PythonPeer } from "./tls/python_peer.ts";

const { SSLContext, SSLError, SSLCertVerificationError } = ssl;
const LOCALHOST = { server_hostname: "localhost" };

/** A context that checks nothing. */
function unverified(): ssl.SSLContext {
  const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  context.check_hostname = false;
  context.verify_mode = ssl.CERT_NONE;
  return context;
}

testSsl("test_echo", async () => {
  const [client, server] = contexts();
  await using pair = await connect(client, server);
  await pair.client.sendall("FOO\n");
  assert.equal(text(await pair.server.recv(100)), "FOO\n");
  // Each side needs its own context.
  await using _other = await connect(client, server);
  const wrongSide = connect(server, server);
  assert.match((await errorOf(wrongSide)).message, /Cannot create a client socket with a PROTOCOL_TLS_SERVER context/);
  using listener = socket.create_server(["127.0.0.1", 0]);
  const wrong = client.wrap_socket(listener, { server_side: true });
  assert.match((await errorOf(wrong)).message, /Cannot create a server socket with a PROTOCOL_TLS_CLIENT context/);
});

testSsl("test_read_write_zero", async () => {
  await using pair = await connect(...contexts());
  assert.equal((await pair.client.recv(0)).length, 0);
  assert.equal(await pair.client.send(new Uint8Array(0)), 0);
});

testSsl("test_connect", async () => {
  {
    await using pair = await connect(unverified(), contexts()[1], {});
    assert.deepEqual(pair.client.getpeercert(), {});
    assert.equal(pair.client.server_side, false);
    assert.equal(pair.server.server_side, true);
  }
  await using pair = await connect(...contexts());
  assert.ok(Object.keys(pair.client.getpeercert()!).length > 0);
  assert.equal(pair.server.getpeercert(), null);
});

testSsl("test_connect_fail", async () => {
  const client = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  const error = await errorOf(connect(client, contexts()[1]));
  assert.match(error.message, /certificate verify failed/);
});

testSsl("test_connect_ex", async () => {
  const [client, server] = contexts();
  using listener = await listen(NATIVE, server);
  using sock = await client.wrap_socket(socket.socket(), LOCALHOST);
  const accepted = listener.accept();
  assert.equal(await sock.connect_ex(listener.getsockname() as [string, number]), 0);
  assert.ok(sock.getpeercert());
  (await accepted)[0].close();
});

testSsl("test_non_blocking_connect_ex", async () => {
  const [client, server] = contexts();
  using listener = await listen(NATIVE, server);
  const accepted = listener.accept();
  using sock = await client.wrap_socket(socket.socket(), { ...LOCALHOST, do_handshake_on_connect: false });
  sock.setblocking(false);
  const code = await sock.connect_ex(listener.getsockname() as [string, number]);
  assert.ok([0, 115].includes(code), String(code));
  await socket.select([], [sock], [], 5);
  for (;;) {
    const error = await sock.do_handshake().catch((error) => error);
    if (error === undefined) break;
    if (error instanceof ssl.SSLWantReadError) await socket.select([sock], [], [], 5);
    else if (error instanceof ssl.SSLWantWriteError) await socket.select([], [sock], [], 5);
    else throw error;
  }
  assert.ok(sock.getpeercert());
  (await accepted)[0].close();
});

testSsl("test_connect_with_context", async () => {
  const [client, server] = contexts();
  using listener = await listen(NATIVE, server);
  using sock = await client.wrap_socket(socket.socket(), LOCALHOST);
  const accepted = listener.accept();
  await sock.connect(listener.getsockname() as [string, number]);
  assert.ok(sock.version());
  assert.ok((await errorOf(sock.connect(["127.0.0.1", 1]))) instanceof RangeError);
  (await accepted)[0].close();
});

testSsl("test_connect_with_context_fail", async () => {
  using listener = await listen(NATIVE, contexts()[1]);
  using sock = await new SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(socket.socket(), LOCALHOST);
  const accepted = errorOf(listener.accept());
  const error = await errorOf(sock.connect_ex(listener.getsockname() as [string, number]));
  assert.ok(error instanceof SSLCertVerificationError, String(error));
  assert.ok((await accepted) instanceof SSLError);
});

testSsl("test_connect_capath", async () => {
  using files = new Files();
  const path = files.write(authority.cert);
  const folder = path.slice(0, path.lastIndexOf("/"));
  await new Deno.Command("openssl", { args: ["rehash", folder], stdout: "null" }).output();
  const client = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  client.load_verify_locations({ capath: folder });
  await using pair = await connect(client, contexts()[1]);
  assert.ok(pair.client.getpeercert());
});

testSsl("test_get_ca_certs_capath", async () => {
  using files = new Files();
  const path = files.write(authority.cert);
  const folder = path.slice(0, path.lastIndexOf("/"));
  await new Deno.Command("openssl", { args: ["rehash", folder], stdout: "null" }).output();
  const client = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  client.load_verify_locations({ capath: folder });
  assert.deepEqual(client.get_ca_certs(), []);
  await using _pair = await connect(client, contexts()[1]);
  assert.equal(client.get_ca_certs().length, 1);
});

testSsl("test_connect_cadata", async () => {
  for (const cadata of [authority.cert, ssl.PEM_cert_to_DER_cert(authority.cert)]) {
    const client = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
    client.load_verify_locations({ cadata });
    await using pair = await connect(client, contexts()[1]);
    assert.ok(pair.client.getpeercert());
  }
});

testSsl("test_makefile_close", async () => {
  await using pair = await connect(...contexts());
  const file = pair.client.makefile("r");
  const fd = pair.client.fileno();
  pair.client.close();
  // The file keeps the connection open.
  assert.notEqual(fd, -1);
  await pair.server.sendall("line\n");
  assert.equal(await file.readline(), "line\n");
  await file.close();
  assert.equal(pair.client.fileno(), -1);
});

testSsl("test_non_blocking_handshake", async () => {
  const [client, server] = contexts();
  using listener = await listen(NATIVE, server);
  const accepted = listener.accept();
  const plain = await dial(NATIVE, portOf(listener));
  plain.setblocking(false);
  assert.ok((await errorOf(client.wrap_socket(plain, LOCALHOST))) instanceof RangeError);
  using sock = await client.wrap_socket(plain, { ...LOCALHOST, do_handshake_on_connect: false });
  let count = 0;
  for (;;) {
    count++;
    const error = await sock.do_handshake().catch((error) => error);
    if (error === undefined) break;
    assert.ok(error instanceof ssl.SSLWantReadError, String(error));
    await socket.select([sock], [], [], 5);
  }
  assert.ok(count > 1);
  (await accepted)[0].close();
});

testSsl("test_get_server_certificate", async () => {
  using listener = await listen(NATIVE, contexts()[1]);
  const address = listener.getsockname() as [string, number];
  const accepting = (async () => {
    for (let i = 0; i < 2; i++) (await listener.accept())[0].close();
    return await errorOf(listener.accept());
  })();
  assert.equal(await ssl.get_server_certificate(address), identity.cert);
  assert.equal(await ssl.get_server_certificate(address, { ca_certs: authority.cert, timeout: 10 }), identity.cert);
  const unknown = (await Authority.create()).cert;
  const error = await errorOf(ssl.get_server_certificate(address, { ca_certs: unknown }));
  assert.match(error.message, /certificate verify failed/);
  assert.ok((await accepting) instanceof SSLError);
});

testSsl("test_get_server_certificate_sni", async () => {
  const names: (string | null)[] = [];
  const [, server] = contexts();
  server.sni_callback = (_connection, name) => {
    names.push(name);
  };
  using listener = await listen(NATIVE, server);
  const accepted = listener.accept();
  await ssl.get_server_certificate(["localhost", portOf(listener)]);
  (await accepted)[0].close();
  assert.deepEqual(names, ["localhost"]);
});

testSsl("test_get_server_certificate_fail", async () => {
  using closed = socket.create_server(["127.0.0.1", 0]);
  const address = closed.getsockname() as [string, number];
  closed.close();
  assert.equal((await errorOf(ssl.get_server_certificate(address))).code, "ECONNREFUSED");
});

testSsl("test_get_server_certificate_timeout", async () => {
  using silent = socket.create_server(["127.0.0.1", 0]);
  const wrapped = ssl.get_server_certificate(silent.getsockname() as [string, number], { timeout: 0.02 });
  assert.equal((await errorOf(wrapped)).name, "TimeoutError");
});

testSsl("test_ciphers of a connection", async () => {
  for (const list of ["ALL", "DEFAULT"]) {
    const [client, server] = contexts();
    client.set_ciphers(list);
    await using _pair = await connect(client, server);
  }
});

testSsl("test_context_setget", async () => {
  await using pair = await connect(...contexts());
  const other = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  pair.client.context = other;
  assert.equal(pair.client.context, other);
});

testSsl("test_getpeercert", async () => {
  const [client, server] = contexts();
  using listener = await listen(NATIVE, server);
  const accepted = listener.accept();
  const plain = await dial(NATIVE, portOf(listener));
  using sock = await client.wrap_socket(plain, { ...LOCALHOST, do_handshake_on_connect: false });
  assert.throws(() => sock.getpeercert(), RangeError);
  await sock.do_handshake();
  const info = sock.getpeercert() as ssl.CertificateInfo;
  assert.deepEqual(info.subject, [[["commonName", "localhost"]]]);
  assert.ok(ssl.cert_time_to_seconds(info.notBefore) < ssl.cert_time_to_seconds(info.notAfter));
  assert.deepEqual(sock.getpeercert(true), ssl.PEM_cert_to_DER_cert(identity.cert));
  (await accepted)[0].close();
});

testSsl("test_crl_check", async () => {
  const client = clientContext(NATIVE, authority.cert) as ssl.SSLContext;
  client.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF;
  const error = await errorOf(connect(client, contexts()[1]));
  assert.equal(error.verify_code, 3);
  assert.match(error.message, /unable to get certificate CRL/);
});

testSsl("test_check_hostname of a connection", async () => {
  const [client, server] = contexts();
  {
    await using _pair = await connect(client, server);
  }
  const error = await errorOf(connect(client, server, { server_hostname: "invalid" }));
  assert.equal(error.verify_message, "Hostname mismatch, certificate is not valid for 'invalid'.");
  using sock = socket.socket();
  assert.match((await errorOf(client.wrap_socket(sock))).message, /check_hostname requires server_hostname/);
});

testSsl("test_ecc_cert", async () => {
  const client = clientContext(NATIVE, authority.cert) as ssl.SSLContext;
  client.maximum_version = ssl.TLSVersion.TLSv1_2;
  client.set_ciphers("ECDHE:ECDSA:!NULL:!aRSA");
  await using pair = await connect(client, contexts()[1]);
  assert.deepEqual(pair.client.cipher()![0].split("-").slice(0, 2), ["ECDHE", "ECDSA"]);
});

testSsl("test_dual_rsa_ecc", async () => {
  using files = new Files();
  const [ca, key] = await rsaIdentity(files, "localhost");
  const server = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  server.load_cert_chain(identity.cert, identity.key);
  server.load_cert_chain(ca, key);
  const client = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  client.load_verify_locations(authority.cert);
  client.load_verify_locations(ca);
  client.maximum_version = ssl.TLSVersion.TLSv1_2;
  for (const kind of ["ECDSA", "RSA"]) {
    client.set_ciphers(`ECDHE+a${kind}`);
    await using pair = await connect(client, server);
    assert.equal(pair.client.cipher()![0].split("-")[1], kind);
  }
});

testSsl("test_check_hostname_idn", async () => {
  const names = ["xn--knig-5qa.idn.pythontest.net", "xn--knigsgsschen-lcb0w.idna2008.pythontest.net"];
  const certified = await authority.issue({ names });
  const [client] = contexts();
  const server = serverContext(NATIVE, certified) as ssl.SSLContext;
  for (const name of ["könig.idn.pythontest.net", names[0]]) {
    await using pair = await connect(client, server, { server_hostname: name });
    assert.equal(pair.client.server_hostname, names[0]);
  }
  const error = await errorOf(connect(client, server, { server_hostname: "python.example.org" }));
  assert.ok(error instanceof SSLCertVerificationError);
});

/** A server's context that requires client certificates. */
function demanding(mode: number = ssl.CERT_REQUIRED): ssl.SSLContext {
  const [, server] = contexts();
  server.verify_mode = mode;
  server.load_verify_locations(authority.cert);
  return server as ssl.SSLContext;
}

/** A client's context with a certificate. */
function presenting(own: { cert: string; key: string } | null): ssl.SSLContext {
  const [client] = contexts();
  if (own !== null) client.load_cert_chain(own.cert, own.key);
  return client as ssl.SSLContext;
}

const clientIdentity = await authority.issue({ client: true, names: ["client"], commonName: "client" });

/** Client certificates that must be refused. */
async function badClients(): Promise<[name: string, own: { cert: string; key: string } | null, verifyCode: number][]> {
  const other = await Authority.create("Another authority");
  return [
    ["none", null, 0],
    ["of another authority", await other.issue({ client: true }), 20],
    ["a server's", identity, 26],
    ["expired", await authority.issue({ client: true, notBefore: days(-9), notAfter: days(-1) }), 10],
    ["not yet valid", await authority.issue({ client: true, notBefore: days(1) }), 9],
  ];
}

for (const version of ["TLSv1_2", "TLSv1_3"] as const) {
  testSsl(version === "TLSv1_2" ? "test_wrong_cert_tls12" : "test_wrong_cert_tls13", async () => {
    for (const [name, own, code] of await badClients()) {
      const client = presenting(own);
      client.maximum_version = client.minimum_version = ssl.TLSVersion[version];
      using listener = await listen(NATIVE, demanding());
      const accepted = errorOf(listener.accept());
      // With TLS 1.3 the handshake of the client succeeds before the server refuses.
      const error = await errorOf(
        dial(NATIVE, portOf(listener)).then((sock) => client.wrap_socket(sock, LOCALHOST)).then(async (sock) => {
          using secure = sock;
          await secure.sendall("not for you");
          const data = await secure.recv(1);
          assert.fail(`${name}: received ${data.length} bytes`);
        }),
      );
      assert.ok(
        error instanceof SSLError || error.code === "ECONNRESET" || error.code === "EPIPE",
        `${name}: ${error}`,
      );
      const refusal = await accepted;
      assert.ok(refusal instanceof SSLError, name);
      if (own === null) assert.equal(refusal.reason, "PEER_DID_NOT_RETURN_A_CERTIFICATE");
      else {
        assert.ok(refusal instanceof SSLCertVerificationError, `${name}: ${refusal}`);
        assert.equal(refusal.verify_code, code, name);
      }
    }
  });
}

pythonTest(
  "native: servers refuse invalid certificates of CPython's clients, and receive no data from them",
  async () => {
    await using python = new PythonPeer();
    using files = new Files();
    const ca = files.write(authority.cert);
    for (const version of ["TLSv1_2", "TLSv1_3"] as const) {
      for (const [name, own, code] of await badClients()) {
        using listener = await listen(NATIVE, demanding());
        const accepted = errorOf(listener.accept());
        const files_ = own === null ? {} : { cert: files.write(own.cert), key: files.write(own.key) };
        const steps = ["handshake", { do: "send", text: "not for you" }, "recv"];
        const outcome = await python.connect(portOf(listener), { ...files_, ca, version, steps });
        assert.ok(outcome.error !== undefined, name);
        const refusal = await accepted;
        assert.ok(refusal instanceof SSLError, name);
        if (own !== null) assert.equal((refusal as ssl.SSLCertVerificationError).verify_code, code, name);
      }
      // A valid certificate is accepted.
      using listener = await listen(NATIVE, demanding());
      const accepted = listener.accept();
      const good = { cert: files.write(clientIdentity.cert), key: files.write(clientIdentity.key) };
      const told = python.connect(portOf(listener), {
        ...good,
        ca,
        version,
        steps: ["handshake", { do: "send", text: "me" }, "unwrap"],
      });
      const [conn] = await accepted;
      assert.equal(text(await receive(conn, 2)), "me");
      assert.deepEqual((conn.getpeercert() as ssl.CertificateInfo).subject, [[["commonName", "client"]]]);
      assert.equal((await conn.recv(1)).length, 0);
      conn.close();
      assert.equal((await told).error, undefined);
    }
  },
);

pythonTest("native: clients send their certificate to CPython, and get the alert if it is refused", async () => {
  await using python = new PythonPeer();
  using files = new Files();
  const [cert, key, ca] = [identity.cert, identity.key, authority.cert].map((text) => files.write(text));
  for (const version of ["TLSv1_2", "TLSv1_3"] as const) {
    for (const [name, own] of [...await badClients(), ["good", clientIdentity, 0] as const]) {
      const steps = ["handshake", "info", { do: "recv", size: 2 }];
      const server = await python.serve({ cert, key, ca, version, steps });
      const attempt = dial(NATIVE, server.port).then((sock) => presenting(own).wrap_socket(sock, LOCALHOST)).then(
        async (sock) => {
          using secure = sock;
          await secure.sendall("me");
          return (await secure.recv(1)).length;
        },
      );
      const error = await errorOf(attempt);
      const outcome = await server.outcome();
      if (name === "good") assert.equal(outcome.log[2].text, "me");
      else {
        assert.ok(
          error instanceof SSLError || error.code === "ECONNRESET" || error.code === "EPIPE",
          `${name}: ${error}`,
        );
        assert.deepEqual(outcome.log, [], name);
      }
    }
  }
});

testSsl("test_ssl_cert_verify_error", async () => {
  const error = await errorOf(connect(new SSLContext(ssl.PROTOCOL_TLS_CLIENT), contexts()[1]));
  assert.equal(error.verify_code, 20);
  assert.equal(error.verify_message, "unable to get local issuer certificate");
  assert.equal(error.library, "SSL");
  assert.equal(error.reason, "CERTIFICATE_VERIFY_FAILED");
});

testSsl("test_rude_shutdown", async () => {
  const [client] = contexts();
  using listener = socket.create_server(["127.0.0.1", 0]);
  const accepted = listener.accept();
  const plain = await dial(NATIVE, portOf(listener));
  const wrapped = errorOf(client.wrap_socket(plain, LOCALHOST));
  const [conn] = await accepted;
  conn.close();
  const error = await wrapped;
  assert.ok(error instanceof SSLError || error.code === "ECONNRESET", String(error));
});

testSsl("test_PROTOCOL_TLS", async () => {
  const either = new SSLContext(ssl.PROTOCOL_TLS);
  either.load_cert_chain(identity.cert, identity.key);
  await using pair = await connect(contexts()[0], either);
  assert.equal(pair.client.version(), "TLSv1.3");
});

testSsl("test_protocol_tlsv1_2", async () => {
  const server = new SSLContext(ssl.PROTOCOL_TLSv1_2);
  server.load_cert_chain(identity.cert, identity.key);
  await using pair = await connect(contexts()[0], server);
  assert.equal(pair.client.version(), "TLSv1.2");
});

testSsl("test_starttls", async () => {
  const [client, server] = contexts();
  using listener = socket.create_server(["127.0.0.1", 0]);
  const plain = await dial(NATIVE, portOf(listener));
  const [conn] = await listener.accept();
  await plain.sendall("STARTTLS");
  assert.equal(text(await receive(conn, 8)), "STARTTLS");
  const [near, far] = await Promise.all([
    client.wrap_socket(plain, LOCALHOST),
    server.wrap_socket(conn, { server_side: true }),
  ]);
  await near.sendall("secret");
  assert.equal(text(await receive(far, 6)), "secret");
  // Back to plaintext.
  const [plainNear, plainFar] = await Promise.all([near.unwrap(), far.unwrap()]);
  assert.equal(near.version(), null);
  await plainNear.sendall("in the open");
  assert.equal(text(await receive(plainFar, 11)), "in the open");
  // Flags work again, as on a plain socket.
  await plainNear.sendall("x");
  assert.equal(text(await plainFar.recv(1, socket.MSG_PEEK)), "x");
  assert.equal(text(await plainFar.recv(1)), "x");
  // A handshake needs another wrap_socket.
  assert.equal((await errorOf(near.do_handshake())).code, "ENOTCONN");
  const [again, farAgain] = await Promise.all([
    client.wrap_socket(plainNear, LOCALHOST),
    server.wrap_socket(plainFar, { server_side: true }),
  ]);
  await again.sendall("secret again");
  assert.equal(text(await receive(farAgain, 12)), "secret again");
  again.close();
  farAgain.close();
});

testSsl("test_socketserver", async () => {
  const { TCPServer, StreamRequestHandler } = await import("../native/socketserver.ts");
  const [client, context] = contexts();
  class Echo extends StreamRequestHandler {
    override async handle() {
      await this.wfile.write((await this.rfile.readline())!);
    }
  }
  await using server = new TCPServer(["127.0.0.1", 0], Echo as any);
  server.socket = await context.wrap_socket(server.socket, { server_side: true });
  const serving = server.handle_request();
  const plain = await dial(NATIVE, (server.server_address as [string, number])[1]);
  using sock = await client.wrap_socket(plain, LOCALHOST);
  await sock.sendall("over TLS\n");
  assert.equal(text(await receive(sock, 9)), "over TLS\n");
  await serving;
});

testSsl("test_recv_send", async () => {
  await using pair = await connect(...contexts());
  const { client, server } = pair;
  const buffer = new Uint8Array(4);
  const ways: [string, (data: string) => Promise<unknown>][] = [
    ["send", (data) => client.send(data)],
    ["sendall", (data) => client.sendall(data)],
    ["write", (data) => client.write(data)],
  ];
  for (const [name, send] of ways) {
    await send("data");
    assert.equal(text(await server.recv(100)), "data", name);
  }
  await client.sendall("more");
  assert.equal(await server.recv_into(buffer), 4);
  await client.sendall("more");
  assert.equal(text(await server.read(100)), "more");
  await client.sendall("more");
  assert.equal(await server.read(2, buffer), 2);
  assert.equal(text(await server.recv(100)), "re");
  // Calls for plain sockets only.
  for (
    const call of [
      client.sendto("x", ["127.0.0.1", 1]),
      client.recvfrom(1),
      client.recvfrom_into(buffer),
      client.sendmsg(["x"]),
      client.recvmsg(1),
      client.recvmsg_into([buffer]),
    ]
  ) {
    assert.match((await errorOf(call)).message, /not allowed on instances of SSLSocket/);
  }
  assert.throws(() => client.dup(), { code: "EOPNOTSUPP" });
  assert.match((await errorOf(client.recv(1, socket.MSG_PEEK))).message, /non-zero flags not allowed/);
  assert.match((await errorOf(client.send("x", socket.MSG_OOB))).message, /non-zero flags not allowed/);
  const large = new Uint8Array(8192).fill(7);
  await client.send(large);
  assert.equal((await server.recv(1)).length, 1);
  assert.ok(server.pending() > 0);
  assert.equal((await receive(server, 8191)).length, 8191);
});

testSsl("test_recv_zero", async () => {
  await using pair = await connect(...contexts());
  await pair.client.sendall("data");
  assert.equal((await pair.server.recv(0)).length, 0);
  assert.equal(await pair.server.recv_into(new Uint8Array(0)), 0);
  assert.equal(text(await pair.server.recv(4)), "data");
});

testSsl("test_recv_into_buffer_protocol_len", async () => {
  await using pair = await connect(...contexts());
  await pair.client.sendall("datadata");
  const words = new Uint32Array(2);
  assert.equal(await pair.server.recv_into(words), 8);
  assert.equal(text(new Uint8Array(words.buffer)), "datadata");
});

testSsl("test_nonblocking_send", async () => {
  await using pair = await connect(...contexts());
  const { client, server } = pair;
  client.setblocking(false);
  const piece = new Uint8Array(1 << 16);
  let sent = 0;
  const error = await errorOf((async () => {
    for (;;) sent += await client.send(piece);
  })());
  assert.ok(error instanceof ssl.SSLWantWriteError, String(error));
  assert.equal((await receive(server, sent)).length, sent);
});

testSsl("test_handshake_timeout", async () => {
  using silent = socket.create_server(["127.0.0.1", 0]);
  const [client] = contexts();
  const plain = await dial(NATIVE, portOf(silent));
  plain.settimeout(0.02);
  assert.equal((await errorOf(client.wrap_socket(plain, LOCALHOST))).name, "TimeoutError");
  using sock = await client.wrap_socket(socket.socket(), LOCALHOST);
  sock.settimeout(0.02);
  assert.equal((await errorOf(sock.connect(silent.getsockname() as [string, number]))).name, "TimeoutError");
});

testSsl("test_server_accept", async () => {
  const [client, server] = contexts();
  using listener = await listen(NATIVE, server);
  assert.equal(listener.server_side, true);
  const accepted = listener.accept();
  using near = await client.wrap_socket(socket.socket(), LOCALHOST);
  await near.connect(listener.getsockname() as [string, number]);
  const [far, address] = await accepted;
  using _far = far;
  assert.ok(far instanceof ssl.SSLSocket);
  assert.deepEqual(address, near.getsockname());
});

testSsl("test_getpeercert_enotconn", async () => {
  using sock = await contexts()[0].wrap_socket(socket.socket(), LOCALHOST);
  assert.throws(() => sock.getpeercert(), { code: "ENOTCONN" });
});

testSsl("test_do_handshake_enotconn", async () => {
  using sock = await contexts()[0].wrap_socket(socket.socket(), LOCALHOST);
  assert.equal((await errorOf(sock.do_handshake())).code, "ENOTCONN");
});

testSsl("test_no_shared_ciphers", async () => {
  const [client, server] = contexts();
  client.maximum_version = ssl.TLSVersion.TLSv1_2;
  client.set_ciphers("AES128");
  server.set_ciphers("AES256");
  const error = await errorOf(connect(client, server));
  assert.ok(error instanceof SSLError);
  assert.equal((error as any).peer.reason, "NO_SHARED_CIPHER");
});

testSsl("test_version_basic", async () => {
  const [client, server] = contexts();
  using sock = await client.wrap_socket(socket.socket(), LOCALHOST);
  assert.equal(sock.version(), null);
  await using pair = await connect(client, server);
  assert.equal(pair.client.version(), "TLSv1.3");
  pair.client.close();
  assert.equal(pair.client.version(), null);
});

testSsl("test_tls1_3", async () => {
  const [client, server] = contexts();
  client.minimum_version = ssl.TLSVersion.TLSv1_3;
  await using pair = await connect(client, server);
  assert.match(pair.client.cipher()![0], /^TLS_/);
});

testSsl("test_min_max_version_tlsv1_2", async () => {
  const [client, server] = contexts();
  server.maximum_version = ssl.TLSVersion.TLSv1_2;
  await using pair = await connect(client, server);
  assert.equal(pair.client.version(), "TLSv1.2");
});

testSsl("test_min_max_version_mismatch", async () => {
  const [client, server] = contexts();
  server.maximum_version = ssl.TLSVersion.TLSv1_2;
  client.minimum_version = ssl.TLSVersion.TLSv1_3;
  assert.match((await errorOf(connect(client, server))).message, /alert/);
});

testSsl("test_default_ecdh_curve", async () => {
  const [client, server] = contexts();
  client.maximum_version = ssl.TLSVersion.TLSv1_2;
  server.set_ciphers("ECCdraft:ECDH");
  await using pair = await connect(client, server);
  assert.match(pair.client.cipher()![0], /ECDH/);
});

testSsl("test_tls_unique_channel_binding", async () => {
  const [client, server] = contexts();
  client.maximum_version = ssl.TLSVersion.TLSv1_2;
  const seen = [];
  for (let i = 0; i < 2; i++) {
    await using pair = await connect(client, server);
    const own = pair.client.get_channel_binding("tls-unique")!;
    assert.equal(own.length, 12);
    assert.deepEqual(pair.server.get_channel_binding("tls-unique"), own);
    seen.push(own.toHex());
  }
  assert.notEqual(seen[0], seen[1]);
});

testSsl("test_compression", async () => {
  await using pair = await connect(...contexts());
  assert.equal(pair.client.compression(), null);
});

testSsl("test_compression_disabled", async () => {
  const [client, server] = contexts();
  client.options |= ssl.OP_NO_COMPRESSION;
  await using pair = await connect(client, server);
  assert.equal(pair.client.compression(), null);
});

testSsl("test_legacy_server_connect", async () => {
  const [client, server] = contexts();
  client.options |= ssl.OP_LEGACY_SERVER_CONNECT;
  await using _pair = await connect(client, server);
});

testSsl("test_no_legacy_server_connect", async () => {
  const [client, server] = contexts();
  client.options &= ~ssl.OP_LEGACY_SERVER_CONNECT;
  await using _pair = await connect(client, server);
});

testSsl("test_dh_params", async () => {
  using files = new Files();
  const [cert, key] = await rsaIdentity(files, "x");
  const server = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  server.load_cert_chain(cert, key);
  server.load_dh_params(DH_PARAMS);
  server.set_ciphers("kEDH");
  server.maximum_version = ssl.TLSVersion.TLSv1_2;
  const client = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  client.load_verify_locations(cert);
  client.set_ciphers("kEDH");
  await using pair = await connect(client, server);
  assert.match(pair.client.cipher()![0], /DHE/);
});

testSsl("test_ecdh_curve", async () => {
  const [client, server] = contexts();
  server.set_ecdh_curve("secp384r1");
  {
    await using _pair = await connect(client, server);
  }
  client.set_ecdh_curve("prime256v1");
  assert.ok((await errorOf(connect(client, server))) instanceof SSLError);
});

testSsl("test_selected_alpn_protocol", async () => {
  await using pair = await connect(...contexts());
  assert.equal(pair.client.selected_alpn_protocol(), null);
});

testSsl("test_selected_alpn_protocol_if_server_uses_alpn", async () => {
  const [client, server] = contexts();
  server.set_alpn_protocols(["foo", "bar"]);
  await using pair = await connect(client, server);
  assert.equal(pair.client.selected_alpn_protocol(), null);
});

testSsl("test_alpn_protocols", async () => {
  const offers: [string[], string | null][] = [
    [["foo", "bar"], "foo"],
    [["bar", "foo"], "foo"],
    [["milkshake"], "milkshake"],
    [["http/3.0", "http/4.0"], null],
  ];
  for (const [offered, expected] of offers) {
    const [client, server] = contexts();
    client.set_alpn_protocols(offered);
    server.set_alpn_protocols(["foo", "bar", "milkshake"]);
    await using pair = await connect(client, server);
    assert.equal(pair.client.selected_alpn_protocol(), expected);
    assert.equal(pair.server.selected_alpn_protocol(), expected);
  }
  const [client] = contexts();
  assert.throws(() => client.set_alpn_protocols([""]), /1 to 255/);
  assert.throws(() => client.set_alpn_protocols(["x".repeat(256)]), /1 to 255/);
});

testSsl("test_sni_callback", async () => {
  const [client, server] = contexts();
  const other = serverContext(NATIVE, await authority.issue({ names: ["other.example"] })) as ssl.SSLContext;
  other.set_alpn_protocols(["other"]);
  client.set_alpn_protocols(["other"]);
  const calls: [string | null, boolean][] = [];
  server.sni_callback = (connection, name, context) => {
    calls.push([name, context === server]);
    if (name === "other.example") connection.context = other;
  };
  {
    await using pair = await connect(client, server, { server_hostname: "other.example" });
    assert.deepEqual((pair.client.getpeercert() as any).subjectAltName, [["DNS", "other.example"]]);
    assert.equal(pair.client.selected_alpn_protocol(), "other");
    assert.equal(pair.server.context, other);
  }
  {
    await using pair = await connect(client, server);
    assert.equal(pair.server.context, server);
  }
  {
    // An IP address is not a host name.
    await using _pair = await connect(client, server, { server_hostname: "127.0.0.1" });
  }
  assert.deepEqual(calls, [["other.example", true], ["localhost", true], [null, true]]);
  server.sni_callback = null;
  await using _pair = await connect(client, server);
  assert.equal(calls.length, 3);
});

testSsl("test_sni_callback_alert", async () => {
  const [client, server] = contexts();
  server.sni_callback = () => ssl.ALERT_DESCRIPTION_ACCESS_DENIED;
  const error = await errorOf(connect(client, server));
  assert.equal(error.reason, "TLSV1_ALERT_ACCESS_DENIED");
});

testSsl("test_sni_callback_raising", async () => {
  const [client, server] = contexts();
  const raised = new Error("of the callback");
  server.sni_callback = () => {
    throw raised;
  };
  const error = await errorOf(connect(client, server));
  assert.equal(error.reason, "SSLV3_ALERT_HANDSHAKE_FAILURE");
  // The server's error tells the reason. Python prints it to standard error.
  assert.equal((error as any).peer, raised);
});

testSsl("test_sni_callback_wrong_return_type", async () => {
  const [client, server] = contexts();
  const answers: [unknown, RegExp][] = [
    ["foo", /not string/],
    [1.5, /not 1.5/],
    [999, /not 999/],
    [-1, /not -1/],
    [Promise.resolve(), /not Promise/],
  ];
  for (const [answer, words] of answers) {
    server.sni_callback = () => answer as any;
    const error = await errorOf(connect(client, server));
    assert.equal(error.reason, "TLSV1_ALERT_INTERNAL_ERROR");
    // Python shows this TypeError on its standard error output.
    assert.ok(error.peer instanceof TypeError, String(error.peer));
    assert.match(error.peer.message, words);
  }
});

testSsl("test_shared_ciphers", async () => {
  const [client, server] = contexts();
  client.set_ciphers("AES128:AES256");
  server.set_ciphers("AES256:eNULL");
  await using pair = await connect(client, server);
  for (const [name] of pair.server.shared_ciphers()!) assert.match(name, /AES.?256|TLS_/);
});

testSsl("test_read_write_after_close_raises_valuerror", async () => {
  await using pair = await connect(...contexts());
  pair.client.close();
  assert.equal((await errorOf(pair.client.read(1024))).code, "EBADF");
  assert.equal((await errorOf(pair.client.write("hello"))).code, "EBADF");
});

testSsl("test_sendfile", async () => {
  await using pair = await connect(...contexts());
  using files = new Files();
  const path = files.write("x".repeat(100_000));
  using file = await Deno.open(path);
  const [count, received] = await Promise.all([pair.client.sendfile(file), receive(pair.server, 100_000)]);
  assert.equal(count, 100_000);
  assert.equal(text(received), "x".repeat(100_000));
});

testSsl("test_session", async () => {
  const [client, server] = contexts();
  client.maximum_version = ssl.TLSVersion.TLSv1_2;
  let session: unknown;
  {
    await using pair = await connect(client, server);
    session = pair.client.session;
    const { id, time, timeout, has_ticket, ticket_lifetime_hint } = session as ssl.SSLSession;
    assert.ok(id.length > 0 && time > 0 && timeout > 0 && has_ticket && ticket_lifetime_hint > 0);
    assert.equal(pair.client.session_reused, false);
  }
  assert.deepEqual([server.session_stats().accept, server.session_stats().hits], [1, 0]);
  {
    await using pair = await connect(client, server, { ...LOCALHOST, session });
    assert.equal(pair.client.session_reused, true);
    assert.equal(pair.server.session_reused, true);
    assert.deepEqual((pair.client.session as ssl.SSLSession).id, (session as ssl.SSLSession).id);
  }
  assert.deepEqual([server.session_stats().accept, server.session_stats().hits], [2, 1]);
  await using pair = await connect(client, server);
  assert.equal(pair.client.session_reused, false);
});

testSsl("test_session of TLS 1.3", async () => {
  const [client, server] = contexts();
  let session: unknown;
  {
    await using pair = await connect(client, server);
    // The session ticket arrives after the handshake.
    await pair.server.sendall("x");
    await pair.client.recv(1);
    session = pair.client.session;
  }
  await using pair = await connect(client, server, { ...LOCALHOST, session });
  assert.equal(pair.client.session_reused, true);
});

testSsl("test_session_handling", async () => {
  const [client, server] = contexts();
  const [other] = contexts();
  client.maximum_version = ssl.TLSVersion.TLSv1_2;
  await using pair = await connect(client, server);
  const session = pair.client.session;
  assert.throws(() => pair.client.session = session, { message: "Cannot set session after handshake." });
  assert.throws(() => pair.client.session = {}, { message: "Value is not a SSLSession." });
  using listener = await listen(NATIVE, server);
  {
    const accepted = listener.accept();
    const plain = await dial(NATIVE, portOf(listener));
    using sock = await client.wrap_socket(plain, { ...LOCALHOST, do_handshake_on_connect: false });
    assert.equal(sock.session, null);
    sock.session = session;
    await sock.do_handshake();
    assert.equal(sock.session_reused, true);
    (await accepted)[0].close();
  }
  const plain = await dial(NATIVE, portOf(listener));
  const wrapped = other.wrap_socket(plain, { ...LOCALHOST, session });
  assert.match((await errorOf(wrapped)).message, /Session refers to a different SSLContext/);
});

testSsl("test_internal_chain_client", async () => {
  await using pair = await connect(...contexts());
  const der = [identity.cert, authority.cert].map(ssl.PEM_cert_to_DER_cert);
  assert.deepEqual(pair.client.get_verified_chain(), der);
  assert.deepEqual(pair.client.get_unverified_chain(), der.slice(0, 1));
  assert.deepEqual(pair.server.get_verified_chain(), []);
});

testSsl("test_certificate_chain", async () => {
  const [client] = contexts();
  const server = serverContext(NATIVE, { cert: identity.cert + authority.cert, key: identity.key }) as ssl.SSLContext;
  await using pair = await connect(client, server);
  const der = [identity.cert, authority.cert].map(ssl.PEM_cert_to_DER_cert);
  assert.deepEqual(pair.client.get_verified_chain(), der);
  assert.deepEqual(pair.client.get_unverified_chain(), der);
});

testSsl("test_internal_chain_server", async () => {
  await using pair = await connect(presenting(clientIdentity), demanding());
  await pair.client.sendall("x");
  await pair.server.recv(1);
  const der = [clientIdentity.cert, authority.cert].map(ssl.PEM_cert_to_DER_cert);
  assert.deepEqual(pair.server.get_verified_chain(), der);
  // OpenSSL also sends certificates that it finds among its own authorities.
  assert.deepEqual(pair.server.get_unverified_chain(), der);
  assert.deepEqual((pair.server.getpeercert() as ssl.CertificateInfo).subject, [[["commonName", "client"]]]);
});

testSsl("test_preauth_data_to_tls_server", async () => {
  const [, server] = contexts();
  using listener = socket.create_server(["127.0.0.1", 0]);
  const rude = await dial(NATIVE, portOf(listener));
  const [conn] = await listener.accept();
  await rude.sendall("DELETE /data HTTP/1.0\r\n\r\n");
  rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, new Int32Array([1, 0]));
  rude.close();
  // The peer is gone, and its data is there.
  await socket.select([conn], [], [], 5);
  const error = await errorOf(
    server.wrap_socket(conn, { server_side: true }).then((sock) => {
      using secure = sock;
      return secure.recv(100);
    }),
  );
  assert.ok(error instanceof SSLError || error.code === "ECONNRESET" || error.code === "ENOTCONN", String(error));
});

testSsl("test_preauth_data_to_tls_client", async () => {
  const [client] = contexts();
  using listener = socket.create_server(["127.0.0.1", 0]);
  const plain = await dial(NATIVE, portOf(listener));
  const [rude] = await listener.accept();
  await rude.sendall("HTTP/1.0 307 Temporary Redirect\r\n\r\n");
  rude.close();
  await socket.select([plain], [], [], 5);
  const error = await errorOf(client.wrap_socket(plain, LOCALHOST));
  assert.ok(error instanceof SSLError, String(error));
});

Deno.test("native: wrap_socket of a connection that was reset fails with ECONNRESET, as CPython's", async () => {
  const [client] = contexts();
  using listener = socket.create_server(["127.0.0.1", 0]);
  using plain = await dial(NATIVE, portOf(listener));
  const [rude] = await listener.accept();
  rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, new Int32Array([1, 0]));
  rude.close();
  // The poll does not take the error.
  const poller = socket.poll();
  poller.register(plain, 0);
  await poller.poll(5000);
  const error = await errorOf(client.wrap_socket(plain, LOCALHOST));
  assert.equal(error.code, "ECONNRESET");
  assert.equal(plain.fileno(), -1);
});

const ELSEWHERE: Record<string, string> = {
  test_parse_cert: "tls_certificate_test.ts",
  test_parse_cert_CVE_2019_5010: "tls_certificate_test.ts",
  test_parse_cert_CVE_2013_4238: "tls_certificate_test.ts",
  test_parse_all_sans: "tls_certificate_test.ts",
  test_cert_time_to_seconds: "tls_certificate_test.ts",
  test_cert_time_to_seconds_timezone: "tls_certificate_test.ts",
};

pythonTest("every case of test_ssl is here, or left out with a reason", async () => {
  // Some Python installations come without CPython's tests.
  const names: string[] = await askPython(`
import json
try:
    import ast, os, test
    source = open(os.path.join(os.path.dirname(test.__file__), "test_ssl.py")).read()
    names = [f.name for c in ast.parse(source).body if isinstance(c, ast.ClassDef) for f in c.body if getattr(f, "name", "").startswith("test_")]
except (ImportError, OSError):
    names = []
print(json.dumps(names))`);
  const here = new Set<string>();
  for (const file of ["native_tls_contexts_test.ts", "native_tls_connections_test.ts", "native_tls_psk_test.ts"]) {
    const source = await Deno.readTextFile(new URL(file, import.meta.url));
    for (const [, name] of source.matchAll(/"(?:native: test_ssl: )?(test_\w+)/g)) here.add(name);
  }
  const known = new Set([
    ...here,
    ...Object.keys(EXCEPTIONS),
    ...Object.keys(ELSEWHERE),
    "test_get_default_verify_paths",
  ]);
  const missing = [...new Set(names)].filter((name) => !known.has(name));
  assert.deepEqual(missing, []);
});
