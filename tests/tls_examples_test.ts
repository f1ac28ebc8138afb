// The TLS examples, run and used.

import assert from "node:assert/strict";
import { converse, runLines, serve, start } from "./_examples.ts";
import { pythonTest } from "./_helpers.ts";
import { Authority, Files } from "./tls/authority.ts";
import { clientContext, DEFAULT, dial, listen, portOf, receive, serverContext, text } from "./tls/backends.ts";
import { PythonPeer } from "./tls/python_peer.ts";

const authority = await Authority.create();
const identity = await authority.issue();

Deno.test("https_get prints a page of a server with a valid certificate, and refuses other servers", async () => {
  using files = new Files();
  const ca = files.write(authority.cert);
  using listener = await listen(DEFAULT, serverContext(DEFAULT, identity));
  const port = portOf(listener);
  const run = (host: string, ...more: string[]) =>
    start("https_get.ts", [`--allow-net=${host}:${port}`, `--allow-read=${ca}`], [
      `https://${host}:${port}/page`,
      ...more,
    ]);
  const serving = (async () => {
    const [conn] = await listener.accept();
    const request = text(await conn.recv(1000));
    await conn.sendall("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nthe page");
    conn.close();
    return request;
  })();
  await using good = run("localhost", "--ca", ca);
  const { stdout, stderr, code } = await good.end();
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "the page");
  assert.equal(stderr, "HTTP/1.0 200 OK\nContent-Type: text/plain\n");
  assert.match(await serving, /^GET \/page HTTP\/1\.0\r\n/);
  // Without the authority.
  const refused = listener.accept().catch((error) => error);
  await using bad = run("localhost");
  assert.match((await bad.end()).stderr, /SSLCertVerificationError: .*certificate verify failed/);
  assert.ok((await refused) instanceof DEFAULT.ssl.SSLError);
});

Deno.test("tls_echo_server sends its input back, and its certificate is verified", async () => {
  const { server, port } = await serve("tls_echo_server.ts", 8443);
  await using _ = server;
  let cert = "";
  while (!cert.includes("END CERTIFICATE")) cert += await server.line() + "\n";
  // A client that does not speak TLS does not end the server.
  using rude = await dial(DEFAULT, port);
  await rude.sendall("hello\r\n");
  const context = clientContext(DEFAULT, cert);
  using sock = await context.wrap_socket(await dial(DEFAULT, port), { server_hostname: "localhost" });
  await sock.sendall("hello");
  assert.equal(text(await receive(sock, 5)), "hello");
  sock.close();
});

pythonTest("starttls_client starts TLS in the middle of a dialogue", async () => {
  await using python = new PythonPeer();
  using files = new Files();
  const [cert, key, ca] = [identity.cert, identity.key, authority.cert].map((pem) => files.write(pem));
  const say = (text: string) => ({ do: "send", text });
  const hear = (text: string) => ({ do: "recv", size: text.length });
  const steps = [
    say("220 mail.example ready\r\n"),
    hear("EHLO localhost\r\n"),
    say("250-mail.example\r\n250 STARTTLS\r\n"),
    hear("STARTTLS\r\n"),
    say("220 go ahead\r\n"),
    "handshake",
    hear("EHLO localhost\r\n"),
    say("250-mail.example\r\n250 AUTH PLAIN\r\n"),
    hear("QUIT\r\n"),
    say("221 bye\r\n"),
    "close",
  ];
  const { port, outcome } = await python.serve({ cert, key, steps });
  const args = ["--port", String(port), "--ca", ca, "--name", "localhost", "127.0.0.1"];
  const printed = await converse(
    start("starttls_client.ts", [`--allow-net=127.0.0.1:${port}`, `--allow-read=${ca}`], args),
  );
  assert.equal(
    printed,
    "EHLO localhost\n  250-mail.example\n  250 STARTTLS\nSTARTTLS\n  220 go ahead\n" +
      "EHLO localhost\n  250-mail.example\n  250 AUTH PLAIN\nQUIT\n  221 bye\n",
  );
  assert.equal((await outcome()).error, undefined);
});

Deno.test("native_mutual_tls knows its clients by name", { ignore: Deno.build.os !== "linux" }, async () => {
  const [{ flags, args }] = runLines("native_mutual_tls.ts");
  const lines = (await converse(start("native_mutual_tls.ts", flags, args))).trim().split("\n");
  assert.deepEqual(lines.slice(0, 2), ["client: hello, alice", "client: hello, bob"]);
  assert.match(lines.slice(2).join("\n"), /server: .*PEER_DID_NOT_RETURN_A_CERTIFICATE/);
});
