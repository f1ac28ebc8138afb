// Forwards a TCP port: a connection to this port is joined to a connection to another one, half-close included.
//
//   deno run --allow-net=127.0.0.1:8000,127.0.0.1:9999 examples/port_forward.ts --port 8000 --to 127.0.0.1:9999

import * as socket from "@berkeley/socket";
import { options, portOf, refuse } from "./_shared.ts";

const { port, to } = options("port_forward: joins each connection to --port with one to --to", {
  port: 8000,
  to: "127.0.0.1:9999",
});
const [, host, portText] = /^(.+):(.*)$/.exec(to) ?? refuse("--to takes host:port");
const target: [string, number] = [host, portOf(portText, "--to")];

using server = socket.create_server(["127.0.0.1", port]);
console.log("forwarding", server.getsockname(), "to", to);

for await (const [near, caller] of server) {
  forward(near).catch((error) => console.error(`${caller}: ${error.message}`)).finally(() => near.close());
}

async function forward(near: socket.Socket): Promise<void> {
  using far = await socket.create_connection(target, 10);
  far.settimeout(null); // connecting has a limit of ten seconds, the connection has none
  await Promise.all([copy(near, far), copy(far, near)]);
}

/** Forwards one direction through one buffer. At its end it half-closes, and the other direction continues. */
async function copy(from: socket.Socket, to: socket.Socket): Promise<void> {
  const buffer = new Uint8Array(65536);
  for (let length; (length = await from.recv_into(buffer)) > 0;) await to.sendall(buffer.subarray(0, length));
  await to.shutdown(socket.SHUT_WR);
}
