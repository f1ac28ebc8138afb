// Many clients, one loop, with epoll: everybody gets back what they send in upper case.
//
// As select_server.ts, for thousands of connections: each is registered once, and a wait costs what is ready
// and not what is registered. What a client does not take yet is kept for it until it can be written, so that
// one who stops reading holds up nobody.
//
//   deno run --allow-net=127.0.0.1:8089 examples/epoll_server.ts
//
// Try it with several of: deno run --allow-net=127.0.0.1:8089 examples/upper_client.ts --port 8089

import * as socket from "@berkeley/socket";
import { epoll, EPOLLIN, EPOLLOUT } from "@berkeley/socket/select";
import { options, upper } from "./_shared.ts";

const { port } = options("epoll_server: sends back in capitals what it is sent, to many, with epoll", { port: 8089 });

interface Client {
  sock: socket.Socket;
  /** What it has not taken yet. */
  rest: Uint8Array;
}

const clients = new Map<number, Client>();

using server = socket.create_server(["127.0.0.1", port]);
using poller = epoll();
poller.register(server, EPOLLIN);
console.log("listening on", server.getsockname());

for (;;) {
  for (const [fd, events] of await poller.poll()) {
    if (fd === server.fileno()) {
      await welcome();
      continue;
    }
    const client = clients.get(fd)!;
    try {
      if ((events & EPOLLOUT) !== 0) await answer(client);
      else await hear(client);
    } catch (error) {
      // One client's broken connection is no reason to leave the others.
      console.log("lost", (error as Error).message);
      dismiss(client);
    }
  }
}

async function welcome(): Promise<void> {
  const [sock, address] = await server.accept();
  console.log("come", address);
  sock.setblocking(false);
  clients.set(sock.fileno(), { sock, rest: new Uint8Array() });
  poller.register(sock, EPOLLIN);
}

async function hear(client: Client): Promise<void> {
  const data = await client.sock.recv(4096);
  if (data.length === 0) return dismiss(client);
  client.rest = upper(data);
  await answer(client);
}

/** Sends what can be sent, and waits for the turn of the rest before it hears more. */
async function answer(client: Client): Promise<void> {
  try {
    const count = await client.sock.send(client.rest);
    client.rest = client.rest.subarray(count);
  } catch (error) {
    if (!(error instanceof socket.BlockingIOError)) throw error;
  }
  poller.modify(client.sock, client.rest.length > 0 ? EPOLLOUT : EPOLLIN);
}

function dismiss({ sock }: Client): void {
  console.log("gone", sock.fileno());
  poller.unregister(sock);
  clients.delete(sock.fileno());
  sock.close();
}
