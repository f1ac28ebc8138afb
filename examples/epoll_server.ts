// Many clients, one loop, with epoll: the server sends back in capitals what it receives.
//
// Like select_server.ts, but for thousands of connections. Each is registered once, and the cost of a wait depends on
// how many are ready, not on how many are registered. Data that a client does not take yet is kept until its socket is
// writable, so a client that stops reading does not delay the others.
//
//   deno run --allow-net=127.0.0.1:8089 examples/epoll_server.ts
//
// Start several clients: deno run --allow-net=127.0.0.1:8089 examples/upper_client.ts --port 8089

import * as socket from "@berkeley/socket";
import { epoll, EPOLLIN, EPOLLOUT } from "@berkeley/socket/select";
import { options, upper } from "./_shared.ts";

const { port } = options("epoll_server: answers many clients in capitals, with epoll", { port: 8089 });

interface Client {
  sock: socket.Socket;
  /** Data that the client has not taken yet. */
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
      // The broken connection of one client must not end the others.
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

/** Sends what can be sent. While data is left, it waits for room and receives nothing more. */
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
