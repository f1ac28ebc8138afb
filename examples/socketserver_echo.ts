// An echo server as a class, as in Python's socketserver: each connection gets a handler with files to read and write.
//
//   deno run --allow-net=127.0.0.1:9007 examples/socketserver_echo.ts
//   deno run --allow-net=127.0.0.1:9007 examples/socketserver_echo.ts --ask hello
//
// With --ask it is the client: it sends one line and prints the answer. Ctrl-C ends the server after the requests that
// it is serving.

import { create_connection } from "@berkeley/socket";
import { StreamRequestHandler, ThreadingTCPServer } from "@berkeley/socket/socketserver";
import { options } from "./_shared.ts";

const { port, ask } = options("socketserver_echo: sends every line back, by a handler for each connection", {
  port: 9007,
  ask: "",
});

class Echo extends StreamRequestHandler {
  override timeout = 60; // seconds without data after which a connection is closed

  override async handle() {
    console.log("connection from", this.client_address);
    for await (const line of this.rfile) await this.wfile.write(line);
  }
}

class Server extends ThreadingTCPServer {
  static override allow_reuse_address = true; // the constructor reads it, so it is static: a class variable
}

if (ask !== "") {
  using sock = await create_connection(["127.0.0.1", port], 5);
  await sock.sendall(ask + "\n");
  await using answer = sock.makefile("r");
  console.log((await answer.readline())?.trimEnd());
} else {
  await using server = new Server(["127.0.0.1", port], Echo);
  console.log("listening on", server.server_address);
  Deno.addSignalListener("SIGINT", () => server.shutdown());
  await server.serve_forever();
}
