// A chat: each line of a client goes to all other clients.
//
// It uses DefaultSelector of Python's selectors module. Each socket is registered with the function that serves it.
//
//   deno run --allow-net=127.0.0.1:8090 examples/chat_server.ts
//
// Start several chat_client.ts.

import * as socket from "@berkeley/socket";
import { DefaultSelector, EVENT_READ } from "@berkeley/socket/select";
import { options } from "./_shared.ts";

const { port } = options("chat_server: sends each line of a client to all other clients", { port: 8090 });

/** How long, in seconds, a client that does not read may delay the others. */
const PATIENCE = 1;

const encoder = new TextEncoder();
const clients = new Map<socket.Socket, string>();

using server = socket.create_server(["127.0.0.1", port]);
using selector = new DefaultSelector();
selector.register(server, EVENT_READ, welcome);
console.log("listening on", server.getsockname());

for (;;) {
  for (const [key] of await selector.select()) await key.data(key.fileobj);
}

async function welcome(server: socket.Socket): Promise<void> {
  const [client, address] = await server.accept();
  client.settimeout(PATIENCE);
  const [host, port] = address;
  const name = `${host}:${port}`;
  clients.set(client, name);
  selector.register(client, EVENT_READ, hear);
  await tell(client, encoder.encode(`* ${name} has come\n`));
}

async function hear(client: socket.Socket): Promise<void> {
  // A client that was dropped in this round may still be in its list.
  const name = clients.get(client);
  if (name === undefined) return;
  let data: Uint8Array;
  try {
    data = await client.recv(4096);
  } catch {
    data = new Uint8Array();
  }
  if (data.length === 0) return await dismiss(client);
  const said = new Uint8Array([...encoder.encode(`${name}: `), ...data]);
  await tell(client, said);
}

/** Sends a text to all clients but one. A client that does not take it is dropped. */
async function tell(from: socket.Socket, words: Uint8Array): Promise<void> {
  const others = [...clients.keys()].filter((client) => client !== from);
  const told = await Promise.allSettled(others.map((client) => client.sendall(words)));
  for (const [place, { status }] of told.entries()) if (status === "rejected") await dismiss(others[place]);
}

async function dismiss(client: socket.Socket): Promise<void> {
  const name = clients.get(client);
  if (!clients.delete(client)) return;
  selector.unregister(client);
  client.close();
  await tell(client, encoder.encode(`* ${name} has gone\n`));
}
