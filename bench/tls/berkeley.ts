// The server under test over this module. default.ts and native.ts pass the backend.
//
// The first byte of a connection chooses the task. "e" sends back what arrives. "u" receives data. "d" sends data until
// the peer closes.

import type * as Sockets from "../../mod.ts";
import type * as Tls from "../../ssl.ts";

/** Serves until it is ended. */
export async function serve(socket: typeof Sockets, ssl: typeof Tls): Promise<void> {
  const [cert, key] = Deno.args;
  const context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH);
  context.load_cert_chain(cert, key);
  const server = await context.wrap_socket(socket.create_server(["127.0.0.1", 0]), { server_side: true });
  console.log((server.getsockname() as [string, number])[1]);
  for await (const [conn] of server) talk(conn).catch(() => {}).finally(() => conn.close());
}

async function talk(conn: Sockets.Socket): Promise<void> {
  const [mode] = await conn.recv(1);
  const buffer = new Uint8Array(65536);
  if (mode === 0x64) { for (;;) await conn.sendall(buffer); }
  for (;;) {
    const count = await conn.recv_into(buffer);
    if (count === 0) return;
    if (mode === 0x65) await conn.sendall(buffer.subarray(0, count));
  }
}
