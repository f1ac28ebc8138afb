// Pre-shared keys: CPython's cases of test_ssl, callbacks that fail, and openssl at the other end.

import assert from "node:assert/strict";
import * as ssl from "../native/ssl.ts";
import { available } from "./_helpers.ts";
import { dial, errorOf, listen, NATIVE, portOf, receive, text } from "./tls/backends.ts";
import { Openssl } from "./tls/openssl_peer.ts";
import { connect, testSsl } from "./tls/test_ssl.ts";

const PSK = Uint8Array.fromHex("deadbeef");
const { TLSv1_2, TLSv1_3 } = ssl.TLSVersion;

/** Contexts that have no certificates and know one protocol version. */
function contexts(version: number): [client: ssl.SSLContext, server: ssl.SSLContext] {
  const client = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  client.check_hostname = false;
  client.verify_mode = ssl.CERT_NONE;
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  for (const context of [client, server]) {
    context.minimum_version = version;
    context.maximum_version = version;
    context.set_ciphers("PSK");
  }
  return [client, server];
}

async function exchanges(client: ssl.SSLContext, server: ssl.SSLContext): Promise<void> {
  await using pair = await connect(client, server, {});
  await pair.client.sendall("question");
  assert.equal(text(await receive(pair.server, 8)), "question");
  await pair.server.sendall("answer");
  assert.equal(text(await receive(pair.client, 6)), "answer");
}

testSsl("test_psk", async () => {
  const [client, server] = contexts(TLSv1_2);
  client.set_psk_client_callback(() => [null, PSK]);
  server.set_psk_server_callback((identity) => {
    assert.equal(identity, null);
    return PSK;
  });
  await exchanges(client, server);

  client.set_psk_client_callback(() => [null, Uint8Array.fromHex("cafebabe")]);
  const error = await errorOf(connect(client, server, {}));
  assert.ok(error instanceof ssl.SSLError, String(error));

  for (const [hint, identity] of [["identity-hint", "client-identity"], ["身份暗示", "客户身份"]]) {
    const seen: (string | null)[] = [];
    client.set_psk_client_callback((told) => {
      seen.push(told);
      return [identity, PSK];
    });
    server.set_psk_server_callback((told) => {
      seen.push(told);
      return PSK;
    }, hint);
    await exchanges(client, server);
    assert.deepEqual(seen, [hint, identity]);
  }

  assert.throws(() => client.set_psk_server_callback(() => PSK), /Cannot add PSK server callback/);
  assert.throws(() => server.set_psk_client_callback(() => [null, PSK]), /Cannot add PSK client callback/);
});

testSsl("test_psk_tls1_3", async () => {
  const [client, server] = contexts(TLSv1_3);
  client.set_psk_client_callback((hint) => {
    // TLS 1.3 has no hints.
    assert.equal(hint, null);
    return ["client-identity", PSK];
  });
  server.set_psk_server_callback((identity) => {
    assert.equal(identity, "client-identity");
    return PSK;
  }, "identity-hint");
  await exchanges(client, server);
  // A context for both sides.
  const both = new ssl.SSLContext(ssl.PROTOCOL_TLS);
  both.minimum_version = TLSv1_3;
  both.set_psk_client_callback(() => ["client-identity", PSK]);
  await exchanges(both, server);
});

testSsl("test_random", () => {
  assert.equal(ssl.RAND_status(), true);
  assert.equal(ssl.RAND_bytes(16).length, 16);
  // More than one call of the generator makes.
  const many = ssl.RAND_bytes(200_000);
  assert.ok(many.subarray(-16).some((byte) => byte !== 0));
  assert.throws(() => ssl.RAND_bytes(-5), RangeError);
  for (const seed of ["a random string", new Uint8Array(3), new ArrayBuffer(3)]) ssl.RAND_add(seed, 75.0);
  assert.throws(() => ssl.RAND_add(5 as any, 75.0), TypeError);
});

Deno.test("native: an error in a callback for pre-shared keys is thrown by that side's handshake, and shows no key", async () => {
  const [client, server] = contexts(TLSv1_2);
  const mine = new Error("of the callback");
  const fail = () => {
    throw mine;
  };
  server.set_psk_server_callback(() => PSK);
  client.set_psk_client_callback(fail);
  assert.equal(await errorOf(connect(client, server, {})), mine);

  client.set_psk_client_callback(() => ["me", PSK]);
  server.set_psk_server_callback(fail);
  const error = await errorOf(connect(client, server, {}));
  assert.ok(error instanceof ssl.SSLError, String(error));
  assert.equal((error as any).peer, mine);

  const secret = "secret-key";
  for (const wrong of [null, secret, ["me"], ["me", secret], [5, PSK], ["a\0b", PSK]]) {
    client.set_psk_client_callback((() => wrong) as any);
    const error = await errorOf(connect(client, server, {}));
    assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
    assert.equal(Deno.inspect(error).includes(secret), false);
  }
  // OpenSSL's own limits.
  for (const [identity, length] of [["x".repeat(1000), 4], ["me", 5000]] as const) {
    client.set_psk_client_callback(() => [identity, new Uint8Array(length)]);
    assert.ok((await errorOf(connect(client, server, {}))) instanceof ssl.SSLError);
  }
  client.set_psk_client_callback(null);
  assert.ok((await errorOf(connect(client, server, {}))) instanceof ssl.SSLError);
  assert.throws(() => server.set_psk_server_callback(() => PSK, "x".repeat(1000)), /failed to set identity hint/);
  assert.throws(() => server.set_psk_server_callback(() => PSK, 5 as any), TypeError);
  assert.throws(() => client.set_psk_client_callback(5 as any), /callback must be callable/);
});

for (const [version, flag] of [[TLSv1_2, "-tls1_2"], [TLSv1_3, "-tls1_3"]] as const) {
  Deno.test({
    name: `native: a pre-shared key with openssl, as client and as server, ${flag}`,
    ignore: !available("openssl", "version"),
    async fn() {
      const [context, own] = contexts(version);
      context.set_psk_client_callback(() => ["me", PSK]);
      own.set_psk_server_callback(() => PSK);
      const key = ["-psk_identity", "me", "-psk", PSK.toHex(), flag];
      {
        const { openssl, port } = await Openssl.serve("-nocert", ...key);
        await using server = openssl;
        using secure = await context.wrap_socket(await dial(NATIVE, port), {});
        await server.write("hello");
        assert.equal(text(await receive(secure, 5)), "hello");
      }
      using listener = await listen(NATIVE, own);
      await using client = Openssl.connect(portOf(listener), "-quiet", ...key);
      const [conn] = await listener.accept();
      using _conn = conn;
      await client.write("hello");
      assert.equal(text(await receive(conn, 5)), "hello");
    },
  });
}
