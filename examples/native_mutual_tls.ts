// Mutual TLS: the server asks its clients for certificates, and reads their names from them. The program makes the
// authority, the server and the clients.
//
//   deno run --allow-net=127.0.0.1 --allow-ffi examples/native_mutual_tls.ts

import * as socket from "@berkeley/socket/native";
import * as ssl from "@berkeley/socket/native/ssl";
import {
  alternativeNames,
  basicConstraints,
  certificate,
  keyUsage,
  owner,
  pem,
  privateKeyPem,
} from "./_certificate.ts";
import type { Owner } from "./_certificate.ts";
import { options } from "./_shared.ts";

options("native_mutual_tls: a server that knows its clients by their certificates", {});

const authority = await owner("Example authority");
const root = await certified(authority, [basicConstraints(true), keyUsage(5, 6)]);

async function certified(subject: Owner, extensions: Uint8Array[]): Promise<{ cert: string; key: string }> {
  const cert = pem("CERTIFICATE", await certificate({ subject, issuer: authority, extensions }));
  return { cert, key: await privateKeyPem(subject) };
}

async function member(name: string): Promise<{ cert: string; key: string }> {
  return await certified(await owner(name), [alternativeNames([name]), basicConstraints(false), keyUsage(0)]);
}

/** Both sides trust only the authority. */
function contextFor(purpose: ssl.PurposeObject, own: { cert: string; key: string } | null): ssl.SSLContext {
  const context = ssl.create_default_context(purpose, { cadata: root.cert });
  if (own !== null) context.load_cert_chain(own.cert, own.key);
  return context;
}

const forServer = contextFor(ssl.Purpose.CLIENT_AUTH, await member("localhost"));
forServer.verify_mode = ssl.CERT_REQUIRED;
using listener = await forServer.wrap_socket(socket.create_server(["127.0.0.1", 0]), { server_side: true });

async function serve(): Promise<void> {
  try {
    const [conn] = await listener.accept();
    using _ = conn;
    const [[, name]] = (conn.getpeercert() as ssl.CertificateInfo).subject[0];
    await conn.sendall(`hello, ${name}`);
  } catch (error) {
    console.log("server:", (error as Error).message);
  }
}

for (const name of ["alice", "bob", null]) {
  const serving = serve();
  const context = contextFor(ssl.Purpose.SERVER_AUTH, name === null ? null : await member(name));
  const plain = await socket.create_connection(listener.getsockname());
  try {
    using sock = await context.wrap_socket(plain, { server_hostname: "localhost" });
    console.log("client:", new TextDecoder().decode(await sock.recv(100)));
  } catch (error) {
    console.log("client:", (error as Error).message);
  }
  await serving;
}
