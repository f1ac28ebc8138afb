// Certificates that must be refused. Servers of CPython, openssl and this module present each to the clients of both
// backends. Clients of CPython and openssl present each to the servers of both backends. The verdict must be CPython's,
// and no application data may arrive on either side.

import assert from "node:assert/strict";
import { basicConstraints, keyUsage } from "../examples/_certificate.ts";
import { available, hasPython } from "./_helpers.ts";
import { Authority, days, Files, selfSignedBy } from "./tls/authority.ts";
import type { Identity } from "./tls/authority.ts";
import { BACKENDS, clientContext, dial, errorOf, listen, NATIVE, portOf, serverContext } from "./tls/backends.ts";
import type { TlsBackend } from "./tls/backends.ts";
import { Openssl } from "./tls/openssl_peer.ts";
import { PythonPeer } from "./tls/python_peer.ts";

const peers = hasPython() && available("openssl", "version");

interface Case {
  name: string;
  server: Identity;
  /** The authority that the client trusts. */
  ca: string;
  host: string;
}

/** Deno's TLS does not check the key usage of an authority: see docs/tls.md. */
const MAY_NOT_SIGN = "issuer whose key may not sign certificates";

async function cases(): Promise<Case[]> {
  const authority = await Authority.create();
  const other = await Authority.create("Another authority");
  const notAuthority = await authority.below([basicConstraints(false), keyUsage(0)]);
  const noSigner = await authority.below([basicConstraints(true), keyUsage(0)], "May not sign");
  const chained = async (issuer: Authority): Promise<Identity> => {
    const leaf = await issuer.issue();
    return { cert: leaf.cert + issuer.cert, key: leaf.key };
  };
  const from = async (name: string, unusual: Parameters<Authority["issue"]>[0], host = "localhost"): Promise<Case> => ({
    name,
    server: await authority.issue(unusual),
    ca: authority.cert,
    host,
  });
  return [
    await from("expired", { notBefore: days(-10), notAfter: days(-1) }),
    await from("not yet valid", { notBefore: days(1) }),
    await from("wrong host", { names: ["other.example"] }),
    await from("an address that the certificate does not name", { names: ["localhost", "127.0.0.2"] }, "127.0.0.1"),
    await from("an address where names alone are certified", { names: ["127.0.0.1.example"] }, "127.0.0.1"),
    await from("a name where an address alone is certified", { names: ["127.0.0.1"], commonName: "elsewhere" }),
    await from("common name only", { names: null }),
    await from("a wildcard for two labels", { names: ["*.example"] }, "a.b.example"),
    await from("a wildcard within a label", { names: ["w*.example.org"] }, "www.example.org"),
    await from("a client's certificate", { client: true }),
    await from("X.509 v1", { version: 1 }),
    {
      name: "self-signed",
      server: await selfSignedBy([basicConstraints(false), keyUsage(0)]),
      ca: authority.cert,
      host: "localhost",
    },
    { name: "unknown authority", server: await other.issue(), ca: authority.cert, host: "localhost" },
    { name: "issuer that is no authority", server: await chained(notAuthority), ca: authority.cert, host: "localhost" },
    { name: MAY_NOT_SIGN, server: await chained(noSigner), ca: authority.cert, host: "localhost" },
    {
      name: "an authority of the same name",
      server: await (await Authority.create()).issue(),
      ca: authority.cert,
      host: "localhost",
    },
  ];
}

const SECRET = "not for you";

/** Connects, and sends a secret if that succeeds. Returns the error. */
async function refusedBy(backend: TlsBackend, port: number, { ca, host }: Case): Promise<any> {
  const context = clientContext(backend, ca);
  const sock = await dial(backend, port);
  const wrapped = context.wrap_socket(sock, { server_hostname: host });
  return await errorOf(wrapped.then((secure) => secure.sendall(SECRET)));
}

function isVerdict(error: any, backend: TlsBackend, name: string): void {
  assert.ok(error instanceof backend.ssl.SSLCertVerificationError, `${name}: ${Deno.inspect(error)}`);
  assert.match(error.message, /^\[SSL: CERTIFICATE_VERIFY_FAILED\] certificate verify failed: /);
  assert.equal(error.reason, "CERTIFICATE_VERIFY_FAILED");
  assert.equal(error.library, "SSL");
}

for (const backend of BACKENDS) {
  Deno.test({
    name: `${backend.name}: clients refuse what CPython refuses, of servers of CPython and of openssl`,
    ignore: !peers,
    async fn() {
      await using python = new PythonPeer();
      using files = new Files();
      for (const each of await cases()) {
        if (!backend.native && each.name === MAY_NOT_SIGN) continue;
        const [cert, key, ca] = [each.server.cert, each.server.key, each.ca].map((text) => files.write(text));
        const serve = () => python.serve({ cert, key, steps: ["handshake", "recv"] });

        const judged = await serve();
        const verdict = await python.connect(judged.port, { ca, host: each.host, steps: ["handshake"] });
        await judged.outcome();
        // Python still accepts a common name, which this module does not. A v1 certificate has no other name.
        const lenient = each.name === "common name only" || each.name === "X.509 v1";
        if (!lenient) assert.equal(verdict.error, "SSLCertVerificationError", each.name);

        const server = await serve();
        const error = await refusedBy(backend, server.port, each);
        isVerdict(error, backend, each.name);
        if (backend.native && verdict.error !== undefined) {
          assert.equal(error.verify_code, verdict.verify_code, each.name);
          assert.equal(error.verify_message, verdict.verify_message, each.name);
        }
        const outcome = await server.outcome();
        assert.ok(outcome.error !== undefined, each.name);
        assert.ok(outcome.log.length <= 1 && !(outcome.log[1]?.count > 0), each.name);

        const { openssl, port } = await Openssl.serve("-cert_chain", cert, "-cert", cert, "-key", key);
        await using running = openssl;
        isVerdict(await refusedBy(backend, port, each), backend, each.name);
        const output = await running.end();
        assert.equal(new TextDecoder().decode(output).includes(SECRET), false, each.name);
      }
    },
  });

  Deno.test(`${backend.name}: clients refuse servers of this module, and the servers get the alert`, async () => {
    for (const each of await cases()) {
      if (!backend.native && each.name === MAY_NOT_SIGN) continue;
      using server = await listen(NATIVE, serverContext(NATIVE, each.server));
      const accepted = errorOf(server.accept());
      isVerdict(await refusedBy(backend, portOf(server), each), backend, each.name);
      const error = await accepted;
      assert.ok(error instanceof NATIVE.ssl.SSLError, `${each.name}: ${error}`);
      assert.match(error.reason!, /ALERT/);
    }
  });

  Deno.test({
    name: `${backend.name}: servers hear that clients of CPython and of openssl refuse them`,
    ignore: !peers,
    async fn() {
      await using python = new PythonPeer();
      using files = new Files();
      for (const each of await cases()) {
        // Python accepts these, and so do servers.
        if (each.name === "common name only" || each.name === "X.509 v1") continue;
        using server = await listen(backend, serverContext(backend, each.server));
        const ca = files.write(each.ca);

        const first = errorOf(server.accept());
        const steps = ["handshake", { do: "send", text: SECRET }];
        const verdict = await python.connect(portOf(server), { ca, host: each.host, steps });
        assert.equal(verdict.error, "SSLCertVerificationError", each.name);
        assert.deepEqual(verdict.log, [], each.name);
        const error = await first;
        assert.ok(error instanceof backend.ssl.SSLError, `${each.name}: ${error}`);
        assert.match(error.reason!, /ALERT/, each.name);

        // openssl accepts such wildcards by default, and its command has no option against it.
        if (each.name === "a wildcard within a label") continue;
        const second = errorOf(server.accept());
        const name = /^\d/.test(each.host) ? ["-verify_ip", each.host] : ["-verify_hostname", each.host];
        const checks = ["-x509_strict", "-partial_chain", "-verify_return_error", "-quiet"];
        await using client = Openssl.connect(portOf(server), "-CAfile", ca, ...name, ...checks);
        await client.write(SECRET).catch(() => {}); // The process may have ended.
        assert.ok((await second) instanceof backend.ssl.SSLError, each.name);
        assert.equal((await client.end()).length, 0, each.name);
      }
    },
  });

  Deno.test(`${backend.name}: a certificate that is not valid DER is refused when it is loaded`, async () => {
    const { cert, key } = await (await Authority.create()).misencoded();
    const context = new backend.ssl.SSLContext(backend.ssl.PROTOCOL_TLS_SERVER);
    const { SSLError } = backend.ssl;
    assert.throws(() => context.load_cert_chain(cert, key), SSLError);
    assert.throws(() => context.load_verify_locations(cert), SSLError);
    assert.throws(() => context.load_verify_locations({ cadata: cert }), SSLError);
    assert.throws(() => context.load_verify_locations({ cadata: backend.ssl.PEM_cert_to_DER_cert(cert) }), SSLError);
  });

  Deno.test(`${backend.name}: a key of another certificate is refused when it is loaded`, async () => {
    const authority = await Authority.create();
    const [one, other] = [await authority.issue(), await authority.issue()];
    const context = new backend.ssl.SSLContext(backend.ssl.PROTOCOL_TLS_SERVER);
    const load = () => context.load_cert_chain(one.cert, other.key);
    assert.throws(
      load,
      (error: any) => error instanceof backend.ssl.SSLError && error.reason === "KEY_VALUES_MISMATCH",
    );
  });
}
