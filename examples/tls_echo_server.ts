// An echo server with TLS. It makes its certificate and prints it. A client that trusts the certificate knows that it
// talks to this server.
//
//   deno run --allow-net=127.0.0.1:8443 examples/tls_echo_server.ts
//
// A client, with the certificate saved in cert.pem: openssl s_client -connect 127.0.0.1:8443 -CAfile cert.pem
// -verify_return_error

import * as socket from "@berkeley/socket";
import * as ssl from "@berkeley/socket/ssl";
import { selfSigned } from "./_certificate.ts";
import { options } from "./_shared.ts";

const about = "tls_echo_server: sends back what it receives, over TLS, with a certificate that it makes and prints";
const { port } = options(about, { port: 8443 });

const { cert, key } = await selfSigned(["localhost", "127.0.0.1"]);
const context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH);
context.load_cert_chain(cert, key);
using server = await context.wrap_socket(socket.create_server(["127.0.0.1", port]), { server_side: true });
console.log("listening on", server.getsockname());
console.log(cert.trimEnd());

// Iteration skips a client whose handshake fails.
for await (const [conn] of server) echo(conn).catch((error) => console.error(error.message));

async function echo(conn: socket.Socket): Promise<void> {
  using _ = conn;
  for await (const data of conn) await conn.sendall(data);
}
