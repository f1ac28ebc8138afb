// CPython's test_ssl over the native backend: contexts, errors, queues in memory.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import * as ssl from "../native/ssl.ts";
import { askPython, pythonTest } from "./_helpers.ts";
import { Authority, Files } from "./tls/authority.ts";
import { errorOf } from "./tls/backends.ts";
import { authority, connect, contexts, identity, testSsl } from "./tls/test_ssl.ts";
import { DH_PARAMS } from "./tls/rsa.ts";

const { SSLContext, SSLError } = ssl;

pythonTest("the constants of TLS are python3's", async () => {
  const theirs: Record<string, number> = await askPython(`
import ssl, json
names = [n for n in dir(ssl) if n.startswith(("CERT_", "PROTOCOL_", "OP_", "VERIFY_", "SSL_ERROR_", "ALERT_"))]
print(json.dumps({n: int(getattr(ssl, n)) for n in names}))`);
  const ours = ssl as unknown as Record<string, number>;
  for (const [name, value] of Object.entries(theirs)) if (name in ours) assert.equal(ours[name], value, name);
  const missing = Object.keys(theirs).filter((name) => !(name in ours));
  assert.deepEqual(missing, []);
});

testSsl("test_constants", () => {
  assert.equal(ssl.CERT_NONE + ssl.CERT_OPTIONAL + ssl.CERT_REQUIRED, 3);
  assert.ok(ssl.HAS_SNI && ssl.HAS_ECDH && ssl.HAS_TLSv1_2 && ssl.HAS_TLSv1_3);
});

testSsl("test_ssl_types", () => {
  for (const type of [ssl.SSLContext, ssl.MemoryBIO]) assert.equal(typeof type, "function");
});

testSsl("test_private_init", () => {
  for (const type of [ssl.SSLSocket, ssl.SSLObject, ssl.SSLSession] as unknown as (new () => unknown)[]) {
    assert.throws(() => new type(), TypeError);
  }
});

testSsl("test_DER_to_PEM", () => {
  assert.equal(ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(identity.cert)), identity.cert);
});

testSsl("test_purpose_enum", () => {
  assert.equal(ssl.Purpose.SERVER_AUTH.oid, "1.3.6.1.5.5.7.3.1");
  assert.equal(ssl.Purpose.CLIENT_AUTH.shortname, "clientAuth");
  assert.throws(() => ssl.create_default_context({ ...ssl.Purpose.SERVER_AUTH }), TypeError);
});

testSsl("test_wrapped_unconnected", async () => {
  const [client] = contexts();
  using sock = await client.wrap_socket(socket.socket(), { server_hostname: "localhost" });
  for (
    const call of [
      sock.recv(1),
      sock.recv_into(new Uint8Array(1)),
      sock.recvfrom(1),
      sock.recvfrom_into(new Uint8Array(1)),
      sock.send("x"),
      sock.sendall("x"),
      sock.sendto("x", ["127.0.0.1", 1]),
    ]
  ) {
    assert.equal((await errorOf(call)).code, "ENOTCONN");
  }
});

testSsl("test_timeout", async () => {
  const [client] = contexts();
  for (const timeout of [null, 0, 5]) {
    const plain = socket.socket();
    plain.settimeout(timeout);
    using sock = await client.wrap_socket(plain, { server_hostname: "localhost" });
    assert.equal(sock.gettimeout(), timeout);
  }
});

testSsl("test_empty_cert", () => {
  assert.throws(() => new SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain("-----BEGIN x"), SSLError);
});

testSsl("test_malformed_cert", () => {
  const broken = identity.cert.replace(/\n.{10}/, "\n0123456789");
  const context = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  assert.throws(() => context.load_cert_chain(broken, identity.key), SSLError);
  assert.throws(() => context.load_verify_locations(broken), SSLError);
});

testSsl("test_malformed_key", () => {
  const broken = identity.key.replace(/\n.{10}/, "\n!!!!!!!!!!");
  assert.throws(() => new SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(identity.cert, broken), SSLError);
});

testSsl("test_server_side", async () => {
  using sock = socket.socket();
  const wrapped = new SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_socket(sock, {
    server_side: true,
    server_hostname: "x",
  });
  assert.ok((await errorOf(wrapped)) instanceof RangeError);
  // The socket is unchanged.
  assert.notEqual(sock.fileno(), -1);
});

testSsl("test_unknown_channel_binding", async () => {
  await using pair = await connect(...contexts());
  assert.throws(() => pair.client.get_channel_binding("unknown-type"), RangeError);
});

testSsl("test_tls_unique_channel_binding of an unconnected socket", async () => {
  const [client] = contexts();
  using sock = await client.wrap_socket(socket.socket(), { server_hostname: "localhost" });
  assert.equal(sock.get_channel_binding("tls-unique"), null);
});

pythonTest("native: test_ssl: test_get_default_verify_paths", async () => {
  const source = `
import ssl, json
p = ssl.get_default_verify_paths()
print(json.dumps(p._asdict()))`;
  assert.deepEqual(ssl.get_default_verify_paths(), await askPython(source));
});

testSsl("test_unsupported_dtls", async () => {
  using sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  const [client] = contexts();
  assert.equal((await errorOf(client.wrap_socket(sock, { server_hostname: "localhost" }))).code, "EOPNOTSUPP");
});

testSsl("test_connect_ex_error", async () => {
  using server = socket.socket();
  server.bind(["127.0.0.1", 0]);
  const [client] = contexts();
  using sock = await client.wrap_socket(socket.socket(), { server_hostname: "localhost" });
  assert.equal(await sock.connect_ex(server.getsockname()), 111);
});

testSsl("test_constructor", () => {
  for (const protocol of [ssl.PROTOCOL_TLS, ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLSv1_2]) {
    assert.equal(new SSLContext(protocol).protocol, protocol);
  }
  for (const protocol of [-1, 42, ssl.PROTOCOL_TLSv1, ssl.PROTOCOL_TLSv1_1]) {
    assert.throws(() => new SSLContext(protocol), RangeError);
  }
});

testSsl("test_ciphers", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  context.set_ciphers("ALL");
  context.set_ciphers("DEFAULT");
  assert.throws(() => context.set_ciphers("^$:,;?*'dorothyx"), { message: "No cipher can be selected." });
});

testSsl("test_python_ciphers", () => {
  for (const { name } of new SSLContext(ssl.PROTOCOL_TLS_CLIENT).get_ciphers()) {
    for (const bad of ["PSK", "SRP", "MD5", "RC4", "3DES"]) assert.equal(name.includes(bad), false);
  }
});

testSsl("test_get_ciphers", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  context.set_ciphers("AESGCM");
  const names = context.get_ciphers().map(({ name }) => name);
  assert.ok(names.includes("ECDHE-RSA-AES256-GCM-SHA384") && names.includes("TLS_AES_256_GCM_SHA384"));
});

pythonTest("get_ciphers returns the same as in python3", async () => {
  const theirs = await askPython(`
import ssl, json
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.set_ciphers("ECDHE+AESGCM:ECDHE+AES")
print(json.dumps(c.get_ciphers()))`);
  const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  context.set_ciphers("ECDHE+AESGCM:ECDHE+AES");
  const plain = (all: { id: number; description: string }[]) =>
    all.map((each) => ({ ...each, id: each.id & 0xffff, description: each.description.trim() }));
  assert.deepEqual(plain(context.get_ciphers()), plain(theirs));
});

testSsl("test_options", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  const usual = (ssl.OP_ALL | ssl.OP_NO_SSLv3 | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE |
    ssl.OP_ENABLE_MIDDLEBOX_COMPAT | ssl.OP_NO_RENEGOTIATION) >>> 0;
  assert.equal(context.options, usual);
  context.options |= ssl.OP_NO_TLSv1_3;
  assert.equal(context.options, (usual | ssl.OP_NO_TLSv1_3) >>> 0);
  context.options &= ~ssl.OP_NO_TLSv1_3;
  assert.equal(context.options, usual);
  context.options = 0;
  assert.equal(context.options & ssl.OP_NO_TLSv1_3, 0);
});

testSsl("test_verify_mode_protocol", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  assert.equal(context.verify_mode, ssl.CERT_NONE);
  for (const mode of [ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED, ssl.CERT_NONE]) {
    context.verify_mode = mode;
    assert.equal(context.verify_mode, mode);
  }
  assert.throws(() => context.verify_mode = null as unknown as number, TypeError);
  assert.throws(() => context.verify_mode = 42, RangeError);
  const client = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  assert.equal(client.verify_mode, ssl.CERT_REQUIRED);
  assert.equal(client.check_hostname, true);
});

testSsl("test_hostname_checks_common_name", () => {
  // Python's default is true. RFC 9525 has no such check.
  const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  assert.equal(context.hostname_checks_common_name, false);
  context.hostname_checks_common_name = false;
  assert.throws(() => context.hostname_checks_common_name = true, RangeError);
});

testSsl("test_min_max_version", () => {
  const { TLSVersion } = ssl;
  const context = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  assert.equal(context.minimum_version, TLSVersion.TLSv1_2);
  assert.equal(context.maximum_version, TLSVersion.MAXIMUM_SUPPORTED);
  context.minimum_version = TLSVersion.TLSv1_3;
  context.maximum_version = TLSVersion.TLSv1_3;
  assert.equal(context.minimum_version, TLSVersion.TLSv1_3);
  assert.equal(context.maximum_version, TLSVersion.TLSv1_3);
  context.minimum_version = TLSVersion.MINIMUM_SUPPORTED;
  assert.equal(context.minimum_version, TLSVersion.TLSv1_2);
  context.maximum_version = TLSVersion.MAXIMUM_SUPPORTED;
  assert.equal(context.maximum_version, TLSVersion.MAXIMUM_SUPPORTED);
  context.maximum_version = TLSVersion.MINIMUM_SUPPORTED;
  assert.equal(context.maximum_version, TLSVersion.TLSv1_2);
  for (const version of [TLSVersion.SSLv3, TLSVersion.TLSv1, TLSVersion.TLSv1_1, 0x100]) {
    assert.throws(() => context.minimum_version = version, RangeError);
    assert.throws(() => context.maximum_version = version, RangeError);
  }
  const fixed = new SSLContext(ssl.PROTOCOL_TLSv1_2);
  assert.throws(() => fixed.minimum_version = TLSVersion.TLSv1_2, RangeError);
  assert.throws(() => fixed.maximum_version = TLSVersion.TLSv1_2, RangeError);
});

testSsl("test_security_level", () => {
  assert.ok([1, 2, 3, 4, 5].includes(new SSLContext(ssl.PROTOCOL_TLS_CLIENT).security_level));
});

testSsl("test_verify_flags", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  const trusted = ssl.VERIFY_X509_TRUSTED_FIRST;
  assert.equal(context.verify_flags, ssl.VERIFY_DEFAULT | trusted);
  for (const flags of [ssl.VERIFY_CRL_CHECK_LEAF, ssl.VERIFY_CRL_CHECK_CHAIN, ssl.VERIFY_DEFAULT]) {
    context.verify_flags = flags;
    assert.equal(context.verify_flags, flags);
  }
  context.verify_flags = ssl.VERIFY_CRL_CHECK_LEAF | ssl.VERIFY_X509_STRICT;
  assert.equal(context.verify_flags, ssl.VERIFY_CRL_CHECK_LEAF | ssl.VERIFY_X509_STRICT);
  assert.throws(() => context.verify_flags = null as unknown as number, TypeError);
});

testSsl("test_load_cert_chain", async () => {
  using files = new Files();
  const context = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  const [cert, key] = [files.write(identity.cert), files.write(identity.key)];
  const other = await authority.issue();
  const both = files.write(identity.cert + identity.key);
  context.load_cert_chain(both);
  context.load_cert_chain(cert, key);
  assert.throws(() => context.load_cert_chain(cert), SSLError);
  assert.throws(() => context.load_cert_chain(`${cert}.missing`, key), socket.FileNotFoundError);
  assert.throws(() => context.load_cert_chain(cert, other.key), { reason: "KEY_VALUES_MISMATCH" });
  // Encrypted keys.
  const { stdout } = await new Deno.Command("openssl", {
    args: ["pkcs8", "-topk8", "-in", key, "-passout", "pass:somepass"],
  }).output();
  const locked = new TextDecoder().decode(stdout);
  const bytes = new TextEncoder().encode("somepass");
  for (const password of ["somepass", bytes, () => "somepass", () => bytes]) {
    context.load_cert_chain(cert, locked, password);
  }
  assert.throws(() => context.load_cert_chain(cert, locked), SSLError);
  assert.throws(() => context.load_cert_chain(cert, locked, "badpass"), SSLError);
  assert.throws(() => context.load_cert_chain(cert, locked, true as unknown as string), TypeError);
  assert.throws(() => context.load_cert_chain(cert, locked, "a".repeat(102400)), RangeError);
  assert.throws(() => context.load_cert_chain(cert, locked, () => 9 as unknown as string), /must return a string/);
  const raised = new Error("getpass error");
  assert.throws(() =>
    context.load_cert_chain(cert, locked, () => {
      throw raised;
    }), raised);
  // The password is not asked for if the key does not need it.
  context.load_cert_chain(cert, key, () => assert.fail("asked"));
});

testSsl("test_load_verify_locations", () => {
  using files = new Files();
  const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  const ca = files.write(authority.cert);
  context.load_verify_locations(ca);
  context.load_verify_locations(ca, null);
  context.load_verify_locations({ cafile: ca, capath: null });
  assert.throws(() => context.load_verify_locations(), TypeError);
  assert.throws(() => context.load_verify_locations(null, null, null), TypeError);
  assert.throws(() => context.load_verify_locations({ cadatum: "x" } as any), TypeError);
  assert.throws(() => context.load_verify_locations(`${ca}.missing`), socket.FileNotFoundError);
  assert.throws(() => context.load_verify_locations(files.write("nothing")), { reason: "NO_CERTIFICATE_OR_CRL_FOUND" });
});

testSsl("test_load_verify_cadata", async () => {
  const other = await Authority.create("Other");
  const count = (context: ssl.SSLContext) => context.cert_store_stats().x509_ca;
  const context = () => new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  const der = [authority, other].map(({ cert }) => ssl.PEM_cert_to_DER_cert(cert));
  {
    const each = context();
    assert.equal(count(each), 0);
    each.load_verify_locations({ cadata: authority.cert });
    assert.equal(count(each), 1);
    each.load_verify_locations({ cadata: other.cert });
    assert.equal(count(each), 2);
    each.load_verify_locations({ cadata: other.cert });
    assert.equal(count(each), 2);
  }
  {
    const each = context();
    each.load_verify_locations({ cadata: ["head", authority.cert, "other", other.cert, "tail"].join("\n") });
    assert.equal(count(each), 2);
  }
  {
    const each = context();
    each.load_verify_locations({ cadata: new Uint8Array([...der[0], ...der[1]]) });
    assert.equal(count(each), 2);
    assert.throws(() => each.load_verify_locations({ cadata: new Uint8Array([...der[0], 0x41]) }), SSLError);
  }
  assert.throws(() => context().load_verify_locations({ cadata: {} as any }), TypeError);
  assert.throws(() => context().load_verify_locations({ cadata: "broken" }), {
    message: "no start line: cadata does not contain a certificate",
  });
  assert.throws(() => context().load_verify_locations({ cadata: new TextEncoder().encode("broken") }), {
    message: "not enough data: cadata does not contain a certificate",
  });
  assert.throws(() => context().load_verify_locations({ cadata: "" }), RangeError);
});

testSsl("test_load_dh_params", () => {
  using files = new Files();
  const context = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  context.load_dh_params(files.write(DH_PARAMS));
  assert.throws(() => context.load_dh_params(undefined as unknown as string), TypeError);
  assert.throws(() => context.load_dh_params("/nonexistent/dh.pem"), socket.FileNotFoundError);
  assert.throws(() => context.load_dh_params(identity.cert), SSLError);
});

testSsl("test_session_stats", () => {
  assert.deepEqual(new SSLContext(ssl.PROTOCOL_TLS_SERVER).session_stats(), {
    number: 0,
    connect: 0,
    connect_good: 0,
    connect_renegotiate: 0,
    accept: 0,
    accept_good: 0,
    accept_renegotiate: 0,
    hits: 0,
    misses: 0,
    timeouts: 0,
    cache_full: 0,
  });
});

testSsl("test_set_default_verify_paths", () => new SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_default_verify_paths());

testSsl("test_set_ecdh_curve", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  context.set_ecdh_curve("prime256v1");
  assert.throws(() => context.set_ecdh_curve(undefined as unknown as string), TypeError);
  assert.throws(() => context.set_ecdh_curve("foo"), RangeError);
});

testSsl("test_sni_callback of a context", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  context.set_servername_callback(null);
  for (const bad of [4, "", context]) assert.throws(() => context.set_servername_callback(bad as any), TypeError);
  context.set_servername_callback(() => {});
});

testSsl("test_cert_store_stats", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  assert.deepEqual(context.cert_store_stats(), { x509: 0, crl: 0, x509_ca: 0 });
  context.load_cert_chain(identity.cert, identity.key);
  assert.deepEqual(context.cert_store_stats(), { x509: 0, crl: 0, x509_ca: 0 });
  context.load_verify_locations(identity.cert);
  assert.deepEqual(context.cert_store_stats(), { x509: 1, crl: 0, x509_ca: 0 });
  context.load_verify_locations(authority.cert);
  assert.deepEqual(context.cert_store_stats(), { x509: 2, crl: 0, x509_ca: 1 });
});

testSsl("test_get_ca_certs", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  context.load_verify_locations(identity.cert);
  assert.deepEqual(context.get_ca_certs(), []);
  context.load_verify_locations(authority.cert);
  const [info] = context.get_ca_certs();
  assert.deepEqual(info.subject, [[["commonName", "Test authority"]]]);
  assert.deepEqual(context.get_ca_certs(true), [ssl.PEM_cert_to_DER_cert(authority.cert)]);
});

testSsl("test_load_default_certs", () => {
  const context = () => new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  context().load_default_certs();
  const both = context();
  both.load_default_certs(ssl.Purpose.SERVER_AUTH);
  both.load_default_certs(ssl.Purpose.CLIENT_AUTH);
  assert.throws(() => context().load_default_certs(null as any), TypeError);
  assert.throws(() => context().load_default_certs("SERVER_AUTH" as any), TypeError);
});

testSsl("test_load_default_certs_env", () => {
  using files = new Files();
  const before = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map((name) => [name, Deno.env.get(name)] as const);
  try {
    Deno.env.set("SSL_CERT_DIR", "/nonexistent");
    Deno.env.set("SSL_CERT_FILE", files.write(authority.cert + identity.cert));
    const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
    context.load_default_certs();
    assert.deepEqual(context.cert_store_stats(), { crl: 0, x509: 2, x509_ca: 1 });
  } finally {
    for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  }
});

testSsl("test_create_default_context", () => {
  const strict = ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN;
  const client = ssl.create_default_context();
  assert.equal(client.protocol, ssl.PROTOCOL_TLS_CLIENT);
  assert.equal(client.verify_mode, ssl.CERT_REQUIRED);
  assert.equal(client.check_hostname, true);
  assert.equal(client.verify_flags & strict, strict);
  assert.equal(client.options & ssl.OP_NO_COMPRESSION, ssl.OP_NO_COMPRESSION);
  const known = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, { cafile: authority.cert, cadata: authority.cert });
  assert.equal(known.cert_store_stats().x509, 1);
  const server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH);
  assert.equal(server.protocol, ssl.PROTOCOL_TLS_SERVER);
  assert.equal(server.verify_mode, ssl.CERT_NONE);
});

testSsl("test_check_hostname", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  assert.equal(context.check_hostname, false);
  context.check_hostname = true;
  assert.equal(context.verify_mode, ssl.CERT_REQUIRED);
  assert.throws(() => context.verify_mode = ssl.CERT_NONE, RangeError);
  assert.equal(context.check_hostname, true);
  context.check_hostname = false;
  context.verify_mode = ssl.CERT_NONE;
  assert.equal(context.check_hostname, false);
  context.verify_mode = ssl.CERT_OPTIONAL;
  context.check_hostname = true;
  assert.equal(context.verify_mode, ssl.CERT_OPTIONAL);
});

testSsl("test_context_client_server", () => {
  assert.equal(new SSLContext(ssl.PROTOCOL_TLS_CLIENT).check_hostname, true);
  const server = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  assert.equal(server.check_hostname, false);
  assert.equal(server.verify_mode, ssl.CERT_NONE);
});

testSsl("test_num_tickest", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_SERVER);
  assert.equal(context.num_tickets, 2);
  for (const count of [1, 0]) {
    context.num_tickets = count;
    assert.equal(context.num_tickets, count);
  }
  assert.throws(() => context.num_tickets = -1, RangeError);
  assert.throws(() => context.num_tickets = null as unknown as number, TypeError);
  const client = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  assert.equal(client.num_tickets, 2);
  assert.throws(() => client.num_tickets = 1, RangeError);
});

testSsl("test_str", () => {
  const error = new SSLError(1, "foo");
  assert.equal(error.message, "foo");
  assert.equal(error.errno, 1);
  assert.equal(new ssl.SSLZeroReturnError(1, "foo").message, "foo");
});

testSsl("test_lib_reason", () => {
  const context = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  assert.throws(() => context.load_dh_params(identity.cert), (error: ssl.SSLError) => {
    assert.equal(error.library, "PEM");
    assert.equal(error.reason, "NO_START_LINE");
    assert.match(error.message, /^\[PEM: NO_START_LINE\] no start line/);
    return true;
  });
});

testSsl("test_subclass", async () => {
  const [client] = contexts();
  using listener = socket.create_server(["127.0.0.1", 0]);
  using plain = await socket.create_connection(listener.getsockname());
  plain.setblocking(false);
  using sock = await client.wrap_socket(plain, { server_hostname: "localhost", do_handshake_on_connect: false });
  const error = await errorOf(sock.do_handshake());
  assert.ok(error instanceof ssl.SSLWantReadError);
  assert.match(error.message, /^The operation did not complete \(read\)/);
  assert.equal(error.errno, ssl.SSL_ERROR_WANT_READ);
});

testSsl("test_bad_server_hostname", () => {
  const context = ssl.create_default_context();
  const wrap = (name: string) => () =>
    context.wrap_bio(new ssl.MemoryBIO(), new ssl.MemoryBIO(), { server_hostname: name });
  assert.throws(wrap(""), RangeError);
  assert.throws(wrap(".example.org"), RangeError);
  assert.throws(wrap("example.org\0evil.com"), TypeError);
});

testSsl("test_read_write", () => {
  const bio = new ssl.MemoryBIO();
  const text = (n?: number) => new TextDecoder().decode(bio.read(n));
  bio.write("foo");
  assert.equal(text(), "foo");
  assert.equal(text(), "");
  bio.write("foo");
  bio.write("bar");
  assert.equal(text(), "foobar");
  bio.write("baz");
  assert.deepEqual([text(2), text(1), text(1)], ["ba", "z", ""]);
});

testSsl("test_eof", () => {
  const bio = new ssl.MemoryBIO();
  assert.equal(bio.eof, false);
  assert.equal(bio.read().length, 0);
  bio.write("foo");
  bio.write_eof();
  assert.equal(bio.eof, false);
  assert.equal(bio.read(2).length, 2);
  assert.equal(bio.eof, false);
  assert.equal(bio.read().length, 1);
  assert.equal(bio.eof, true);
  assert.equal(bio.read().length, 0);
  assert.throws(() => bio.write("x"), SSLError);
});

testSsl("test_pending", () => {
  const bio = new ssl.MemoryBIO();
  assert.equal(bio.pending, 0);
  bio.write("foo");
  for (const left of [2, 1, 0]) {
    bio.read(1);
    assert.equal(bio.pending, left);
  }
});

testSsl("test_buffer_types", () => {
  const bio = new ssl.MemoryBIO();
  const bytes = new TextEncoder().encode("bar");
  for (const data of ["bar", bytes, bytes.buffer, new DataView(bytes.buffer)]) {
    bio.write(data);
    assert.deepEqual(bio.read(), bytes);
  }
});

testSsl("test_error_types", () => {
  const bio = new ssl.MemoryBIO();
  for (const bad of [null, true, 1]) assert.throws(() => bio.write(bad as any), TypeError);
});

/** Two sides of a connection with their queues connected. */
function joined(): [client: ssl.SSLObject, server: ssl.SSLObject, shake: () => void] {
  const [clientContext, serverContext] = contexts();
  const [one, two] = [new ssl.MemoryBIO(), new ssl.MemoryBIO()];
  const client = clientContext.wrap_bio(one, two, { server_hostname: "localhost" });
  const server = serverContext.wrap_bio(two, one, { server_side: true });
  const step = (side: ssl.SSLObject) => {
    try {
      side.do_handshake();
    } catch (error) {
      if (!(error instanceof ssl.SSLWantReadError)) throw error;
    }
  };
  return [client, server, () => {
    for (let i = 0; i < 5; i++) {
      step(client);
      step(server);
    }
    client.do_handshake();
    server.do_handshake();
  }];
}

testSsl("test_unwrap", () => {
  const [client, server, shake] = joined();
  shake();
  // The client's close_notify is sent, and the server's has not arrived.
  assert.throws(() => client.unwrap(), ssl.SSLWantReadError);
  server.unwrap();
  client.unwrap();
});

testSsl("test_bio_handshake", () => {
  const [client, server, shake] = joined();
  assert.equal(client.cipher(), null);
  assert.equal(client.version(), null);
  assert.equal(client.server_side, false);
  assert.equal(client.server_hostname, "localhost");
  assert.throws(() => client.getpeercert(), RangeError);
  shake();
  assert.notEqual(client.cipher(), null);
  assert.equal(client.shared_ciphers(), null);
  assert.ok(server.shared_ciphers()!.length > 0);
  assert.notEqual(client.version(), null);
  assert.equal((client.getpeercert() as any).subjectAltName.length, 3);
  assert.ok(client.get_channel_binding("tls-unique")!.length > 0);
  assert.throws(() => client.get_channel_binding("foo"), RangeError);
  assert.equal(server.getpeercert(), null);
});

testSsl("test_bio_read_write_data", () => {
  const [client, server, shake] = joined();
  shake();
  assert.equal(client.write("FOO\n"), 4);
  assert.equal(new TextDecoder().decode(server.read(1024)), "FOO\n");
  server.write("foo\n");
  const buffer = new Uint8Array(3);
  assert.equal(client.read(1024, buffer), 3);
  assert.equal(client.pending(), 1);
  assert.throws(() => server.read(), ssl.SSLWantReadError);
});

testSsl("test_transport_eof", () => {
  const [clientContext] = contexts();
  const incoming = new ssl.MemoryBIO();
  const client = clientContext.wrap_bio(incoming, new ssl.MemoryBIO(), { server_hostname: "localhost" });
  incoming.write_eof();
  assert.throws(() => client.do_handshake(), ssl.SSLEOFError);
});

testSsl("test_verify_strict", async () => {
  // A certificate without an authority key identifier. Only the strict check refuses it.
  const loose = await authority.issue({ identifiers: false });
  const server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH);
  server.load_cert_chain(loose.cert, loose.key);
  const client = new SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  client.load_verify_locations(authority.cert);
  {
    await using pair = await connect(client, server);
    assert.ok(pair.client.version());
  }
  client.verify_flags |= ssl.VERIFY_X509_STRICT;
  const error = await errorOf(connect(client, server));
  assert.ok(error instanceof ssl.SSLCertVerificationError);
  assert.match(error.verify_message, /Missing Authority Key Identifier/);
});
