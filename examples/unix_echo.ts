// Two programs on one machine. Their socket has a path in the file system instead of an address and a port.
//
//   deno run --allow-net=unix:/tmp/echo.sock --allow-read=/tmp/echo.sock --allow-write=/tmp/echo.sock \
//     examples/unix_echo.ts server
//   deno run --allow-net=unix:/tmp/echo.sock --allow-read=/tmp/echo.sock --allow-write=/tmp/echo.sock \
//     examples/unix_echo.ts client
//
// The permissions of the file system decide which users may connect.

import * as socket from "@berkeley/socket";
import { options, refuse } from "./_shared.ts";

const { path, rest: [role, text] } = options("unix_echo server|client [text]: echo over a Unix socket", {
  path: "/tmp/echo.sock",
});

if (role === "server") await server();
else if (role === "client") await client();
else refuse("say server or client");

async function server(): Promise<void> {
  using sk = socket.socket(socket.AF_UNIX);
  forget(path);
  sk.bind(path);
  sk.listen();
  console.log("listening on", sk.getsockname());
  for await (const [conn] of sk) {
    echo(conn).catch((error) => console.error("lost a client:", error.message)).finally(() => conn.close());
  }
}

/** Removes the path of a server that was killed: bind refuses a path that exists. */
function forget(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function echo(conn: socket.Socket): Promise<void> {
  for await (const data of conn) await conn.sendall(data);
}

async function client(): Promise<void> {
  using sk = socket.socket(socket.AF_UNIX);
  await sk.connect(path);
  await sk.sendall(text ?? "世界,你好");
  await sk.shutdown(socket.SHUT_WR); // half-close: the server reads the end of the stream, and its answer still arrives
  const decoder = new TextDecoder();
  let reply = "";
  for await (const data of sk) reply += decoder.decode(data, { stream: true });
  console.log(reply);
}
