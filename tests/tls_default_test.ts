// Deno's TLS refuses what it cannot do before a byte is sent, with an error that names native TLS. A value that it does
// not report is an error and never null.

import assert from "node:assert/strict";
import * as native from "../native.ts";
import { AF_UNIX, create_connection, create_server, select, SO_KEEPALIVE, socketpair, SOL_SOCKET } from "../mod.ts";
import { IPPROTO_TCP, MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL, socket, TCP_NODELAY } from "../mod.ts";
import type { Socket } from "../mod.ts";
import * as ssl from "../ssl.ts";
import { available } from "./_helpers.ts";
import { Authority } from "./tls/authority.ts";
import { clientContext, DEFAULT, errorOf, listen, portOf, receive, serverContext, text } from "./tls/backends.ts";

const authority = await Authority.create();
const identity = await authority.issue();

const client = () => clientContext(DEFAULT, authority.cert);
const server = () => serverContext(DEFAULT, identity);

/** A connection, and its other end. */
async function connection(): Promise<{ near: Socket; far: Socket; [Symbol.dispose](): void }> {
  using listener = create_server(["127.0.0.1", 0]);
  const [near, [far]] = await Promise.all([create_connection(listener.getsockname()), listener.accept()]);
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.close();
      far.close();
    },
  };
}

/** Checks that a wrap is refused, that nothing was sent, and that the socket is unchanged. */
async function refused(
  { near, far }: { near: Socket; far: Socket },
  context: ssl.SSLContext,
  words: RegExp,
  options: ssl.WrapSocketOptions = { server_hostname: "localhost" },
): Promise<void> {
  const error = await errorOf(context.wrap_socket(near, options));
  assert.equal(error.code, "EOPNOTSUPP", String(error));
  assert.match(error.message, words);
  assert.match(error.message, /@berkeley\/socket\/native\/ssl/);
  await near.sendall("plain");
  assert.equal(text(await receive(far, 5)), "plain");
}

Deno.test("default: a client's unsupported settings are refused before a byte is sent", async () => {
  const changes: [RegExp, (context: ssl.SSLContext) => void][] = [
    [/CERT_NONE/, (context) => {
      context.check_hostname = false;
      context.verify_mode = ssl.CERT_NONE;
    }],
    [/check_hostname/, (context) => context.check_hostname = false],
    [/client's certificate/, (context) => context.load_cert_chain(identity.cert, identity.key)],
    [/version limit/, (context) => context.minimum_version = ssl.TLSVersion.TLSv1_3],
    [/version limit/, (context) => context.maximum_version = ssl.TLSVersion.TLSv1_2],
    [/version limit/, (context) => context.options |= ssl.OP_NO_TLSv1_3],
    [/OP_NO_TICKET/, (context) => context.options |= ssl.OP_NO_TICKET],
    [/revocation lists/, (context) => context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF],
    [/set_ciphers/, (context) => context.set_ciphers("ECDHE+AESGCM")],
    [/set_ecdh_curve/, (context) => context.set_ecdh_curve("prime256v1")],
    [/set_psk_client_callback/, (context) => context.set_psk_client_callback(() => [null, new Uint8Array(4)])],
    [/capath/, (context) => context.load_verify_locations({ capath: "/etc/ssl/certs" })],
  ];
  for (const [words, change] of changes) {
    using pair = await connection();
    const context = client();
    change(context);
    await refused(pair, context, words);
  }
  for (const name of ["127.1", "[::1]", "a..example", "-a.example", "host name", `${"a".repeat(64)}.example`]) {
    using pair = await connection();
    await refused(pair, client(), /the server_hostname/, { server_hostname: name });
  }
  using pair = await connection();
  await refused(pair, client(), /session/, { server_hostname: "localhost", session: {} });
  // It trusts its own authorities only, as create_default_context makes it.
  const own = ssl.create_default_context({ cadata: authority.cert });
  await refused(pair, own, /Deno also trusts the system's; call load_default_certs\(\)/);
});

Deno.test("default: a server's unsupported settings are refused before a byte is sent", async () => {
  const options = { server_side: true };
  {
    using pair = await connection();
    await refused(pair, server(), /accepted connection/, options);
  }
  const changes: [RegExp, (context: ssl.SSLContext) => void][] = [
    [/asking clients for certificates/, (context) => context.verify_mode = ssl.CERT_REQUIRED],
    [/asking clients for certificates/, (context) => context.verify_mode = ssl.CERT_OPTIONAL],
    [/sni_callback/, (context) => context.sni_callback = () => {}],
    [/num_tickets/, (context) => context.num_tickets = 0],
    [/set_psk_server_callback/, (context) => context.set_psk_server_callback(() => new Uint8Array(4))],
    [/version limit/, (context) => context.minimum_version = ssl.TLSVersion.TLSv1_3],
  ];
  for (const [words, change] of changes) {
    using listener = create_server(["127.0.0.1", 0]);
    const context = server();
    change(context);
    const error = await errorOf(context.wrap_socket(listener, options));
    assert.equal(error.code, "EOPNOTSUPP", String(error));
    assert.match(error.message, words);
    // It still listens.
    using near = await create_connection(listener.getsockname());
    const [far] = await listener.accept();
    far.close();
    near.close();
  }
  for (const [level, option] of [[IPPROTO_TCP, TCP_NODELAY], [SOL_SOCKET, SO_KEEPALIVE]]) {
    using listener = create_server(["127.0.0.1", 0]);
    listener.setsockopt(level, option, 1);
    assert.match((await errorOf(server().wrap_socket(listener, options))).message, /on a listener with TLS/);
  }
  using listener = create_server(["127.0.0.1", 0]);
  const bare = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH);
  assert.match((await errorOf(bare.wrap_socket(listener, options))).message, /without a certificate/);
});

Deno.test({
  name: "default: keys and certificates that Deno cannot use are refused, and the listener still listens",
  ignore: !available("openssl", "version"),
  async fn() {
    // A key of a kind that Deno's TLS does not have, and a certificate that is longer than it reads.
    const names = Array.from({ length: 5000 }, (_, number) => `host-${number}.example.org`);
    const long = await authority.issue({ names });
    for (const { cert, key } of [await ed448(), long]) {
      const context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH);
      context.load_cert_chain(cert, key);
      using listener = create_server(["127.0.0.1", 0]);
      const error = await errorOf(context.wrap_socket(listener, { server_side: true }));
      assert.equal(error.code, "EOPNOTSUPP", String(error));
      assert.match(error.message, /this certificate or key/);
      using _near = await create_connection(listener.getsockname());
      const [far] = await listener.accept();
      far.close();
      // Another certificate replaces it.
      context.load_cert_chain(identity.cert, identity.key);
      using _secure = await context.wrap_socket(listener, { server_side: true });
    }
    const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
    for (const cadata of [long.cert, ssl.PEM_cert_to_DER_cert(long.cert)]) {
      assert.throws(() => context.load_verify_locations({ cadata }), ssl.SSLError);
    }
  },
});

/** A self-signed certificate with an Ed448 key. */
async function ed448(): Promise<{ cert: string; key: string }> {
  const args = ["req", "-x509", "-newkey", "ed448", "-nodes", "-keyout", "-", "-subj", "/CN=localhost"];
  const { stdout } = await new Deno.Command("openssl", { args, stderr: "null" }).output();
  const [key, cert] = new TextDecoder().decode(stdout).split(/(?=-----BEGIN CERTIFICATE-----)/);
  return { cert, key };
}

Deno.test("default: Deno keeps a connection whose handshake was given up until the peer ends it", async () => {
  // docs/tls.md tells this. Deno's close() does not end a handshake.
  using pair = await connection();
  pair.near.settimeout(0.01);
  const error = await errorOf(client().wrap_socket(pair.near, { server_hostname: "localhost" }));
  assert.equal(error.name, "TimeoutError", String(error));
  assert.equal(pair.near.fileno(), -1);
  assert.ok((await pair.far.recv(10_000)).length > 0); // The ClientHello.
  pair.far.settimeout(0.1);
  assert.equal((await errorOf(pair.far.recv(1))).name, "TimeoutError");
  await pair.far.shutdown(1);
  pair.far.settimeout(10);
  assert.equal((await pair.far.recv(1)).length, 0);
});

Deno.test("default: Unix sockets, duplicates and sockets of another backend are refused", async () => {
  {
    const [near, far] = await socketpair(AF_UNIX);
    await refused({ near, far }, client(), /Unix socket/);
    near.close();
    far.close();
  }
  {
    using pair = await connection();
    using _copy = pair.near.dup();
    await refused(pair, client(), /duplicate/);
  }
  using listener = native.create_server(["127.0.0.1", 0]);
  using near = await native.create_connection(listener.getsockname());
  const [far] = await listener.accept();
  await refused({ near: near as Socket, far: far as Socket }, client(), /another backend/);
  far.close();
});

Deno.test("default: TLS is refused while there is unread data or a read under way, and no data is lost", async () => {
  {
    using pair = await connection();
    await pair.far.sendall("220 go\r\nINJECTED\r\n");
    // select learns of data by reading ahead.
    await select([pair.near], [], []);
    assert.equal(text(await receive(pair.near, 8)), "220 go\r\n");
    await refused(pair, client(), /not received/);
    assert.equal(text(await receive(pair.near, 10)), "INJECTED\r\n");
  }
  using pair = await connection();
  assert.deepEqual(await select([pair.near], [], [], 0.01), [[], [], []]);
  await refused(pair, client(), /read under way/);
  await pair.far.sendall("later");
  assert.equal(text(await receive(pair.near, 5)), "later");
});

Deno.test("default: TLS is refused while a send is under way, and the send completes", async () => {
  using pair = await connection();
  pair.near.setblocking(false);
  const piece = new Uint8Array(1 << 18);
  let sent = 0;
  await errorOf((async () => {
    for (;;) sent += await pair.near.send(piece);
  })());
  pair.near.setblocking(true);
  const error = await errorOf(client().wrap_socket(pair.near, { server_hostname: "localhost" }));
  assert.match(error.message, /send under way/);
  const received = await receive(pair.far, sent);
  assert.equal(received.length, sent);
});

Deno.test("wrap_socket of an object that is no socket is a TypeError", async () => {
  assert.ok((await errorOf(client().wrap_socket({} as Socket, { server_hostname: "x" }))) instanceof TypeError);
  using pair = await connection();
  const wrong = client().wrap_socket(pair.near, { server_hostname: "x", server_name: "y" } as ssl.WrapSocketOptions);
  assert.match((await errorOf(wrong)).message, /unknown option 'server_name'/);
});

Deno.test("default: information that Deno does not report is an error, and never null", async () => {
  using listener = await listen(DEFAULT, server());
  const plain = await create_connection(["127.0.0.1", portOf(listener)]);
  const [near, [far]] = await Promise.all([
    client().wrap_socket(plain, { server_hostname: "localhost" }),
    listener.accept(),
  ]);
  const asked: [string, (sock: typeof near) => unknown][] = [
    ["version", (sock) => sock.version()],
    ["cipher", (sock) => sock.cipher()],
    ["shared_ciphers", (sock) => sock.shared_ciphers()],
    ["getpeercert", (sock) => sock.getpeercert()],
    ["getpeercert", (sock) => sock.getpeercert(true)],
    ["get_verified_chain", (sock) => sock.get_verified_chain()],
    ["get_unverified_chain", (sock) => sock.get_unverified_chain()],
    ["get_channel_binding", (sock) => sock.get_channel_binding()],
    ["session", (sock) => sock.session],
    ["session_reused", (sock) => sock.session_reused],
  ];
  for (const sock of [near, far]) {
    for (const [name, ask] of asked) {
      assert.throws(() => ask(sock), (error: any) => error.code === "EOPNOTSUPP" && error.message.includes(name), name);
    }
    assert.equal((await errorOf(sock.unwrap())).code, "EOPNOTSUPP");
    assert.equal(sock.selected_alpn_protocol(), null);
    // Options of the connection can no longer be changed.
    assert.throws(() => sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1), /before wrap_socket/);
    assert.equal(sock.getsockopt(IPPROTO_TCP, TCP_NODELAY), 0);
  }
  near.close();
  far.close();
  const context = client();
  assert.throws(() => context.get_ciphers(), /get_ciphers/);
  assert.throws(() => context.cert_store_stats(), /cert_store_stats/);
  assert.throws(() => context.get_ca_certs(), /get_ca_certs/);
  assert.throws(() => context.session_stats(), /session_stats/);
  assert.throws(() => context.security_level, /security_level/);
  assert.throws(() => context.wrap_bio({} as any, {} as any, { server_hostname: "x" }), /wrap_bio/);
  assert.throws(() => new ssl.MemoryBIO(), /MemoryBIO/);
  assert.throws(() => ssl.get_default_verify_paths(), /get_default_verify_paths/);
  assert.match((await errorOf(ssl.get_server_certificate(["localhost", 1]))).message, /get_server_certificate/);
});

Deno.test("default: flags, and calls with addresses or messages, are refused as in Python", async () => {
  using listener = await listen(DEFAULT, server());
  const [near, [far]] = await Promise.all([
    client().wrap_socket(await create_connection(["127.0.0.1", portOf(listener)]), { server_hostname: "localhost" }),
    listener.accept(),
  ]);
  await far.sendall("data");
  const calls = [
    near.recvfrom(1),
    near.recvfrom_into(new Uint8Array(1)),
    near.recvmsg(1),
    near.recvmsg_into([new Uint8Array(1)]),
    near.sendto("x", far.getsockname()),
    near.sendmsg(["x"]),
  ];
  for (const call of calls) assert.match((await errorOf(call)).message, /not allowed on instances of SSLSocket/);
  for (const call of [near.recv(1, MSG_PEEK), near.recv_into(new Uint8Array(1), 1, MSG_WAITALL), near.send("x", 1)]) {
    assert.match((await errorOf(call)).message, /non-zero flags not allowed/);
  }
  await select([near], [], []);
  assert.equal(text(await near.recv(4, MSG_DONTWAIT)), "data");
  near.close();
  far.close();
});

Deno.test("default: after a connect that does not wait, no data moves before TLS starts", async () => {
  using listener = create_server(["127.0.0.1", 0]);
  using sock = await client().wrap_socket(socket(), { server_hostname: "localhost" });
  sock.setblocking(false);
  assert.equal((await errorOf(sock.connect(listener.getsockname()))).code, "EINPROGRESS");
  using peer = (await listener.accept())[0];
  await select([], [sock], []);
  await peer.sendall("not encrypted");
  assert.equal((await errorOf(sock.send("secret"))).code, "ENOTCONN");
  assert.equal((await errorOf(sock.recv(1))).code, "ENOTCONN");
  sock.close();
  assert.equal((await receive(peer)).length, 0);
});

Deno.test("default: options that are set before TLS stay set with TLS", async () => {
  using listener = await listen(DEFAULT, server());
  const plain = await create_connection(["127.0.0.1", portOf(listener)]);
  plain.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
  const [near, [far]] = await Promise.all([
    client().wrap_socket(plain, { server_hostname: "localhost" }),
    listener.accept(),
  ]);
  assert.equal(near.getsockopt(IPPROTO_TCP, TCP_NODELAY), 1);
  near.close();
  far.close();
});

Deno.test("default: wrapping a listener turns away the clients in its queue, and keeps its port", async () => {
  using listener = create_server(["127.0.0.1", 0]);
  const address = listener.getsockname();
  using early = await create_connection(address);
  using secure = await server().wrap_socket(listener, { server_side: true });
  assert.deepEqual(secure.getsockname(), address);
  const end = await early.recv(1).then((data) => data.length, (error) => error.code);
  assert.ok(end === 0 || end === "ECONNRESET", String(end));
});
