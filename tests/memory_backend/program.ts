// A program over the backend in memory. It prints the same in Deno, Node and a browser.

import { portableClock } from "./clock.ts";
import { memoryModule } from "./mod.ts";

const socket = memoryModule(portableClock);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** The error that a call rejects with, as text. */
async function failure(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "nothing";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** Runs the program, and returns its lines. */
export async function run(): Promise<string[]> {
  const lines: string[] = [];

  // A stream: a connect by name, a file, and the end of the stream.
  const server = socket.create_server(["", 7000]);
  const client = await socket.create_connection(["localhost", 7000], 5);
  const [peer, address] = await server.accept();
  lines.push(JSON.stringify([address.slice(0, 1), client.getpeername(), client.fileno() === 2 ** 30 + 1]));
  await client.sendall("世界,你好\n");
  const file = peer.makefile("r");
  lines.push(String(await file.readline()).trim());
  await file.close();
  await client.shutdown(socket.SHUT_WR);
  lines.push(String((await peer.recv(10)).length));

  // Waiting: select, epoll, a timeout, a refusal.
  lines.push(JSON.stringify((await socket.select([client, peer], [client], [], 0)).map((list) => list.length)));
  const poller = socket.epoll();
  poller.register(client, socket.EPOLLIN);
  const waiting = poller.poll(5);
  await peer.sendall("answer");
  lines.push(JSON.stringify((await waiting).map(([fd, events]) => [fd === client.fileno(), events])));
  lines.push(text(await client.recv(100)));
  client.settimeout(0.01);
  lines.push(await failure(client.recv(1)));
  lines.push(await failure(socket.create_connection(["127.0.0.1", 7001])));
  lines.push(await failure(socket.create_connection(["nowhere", 7000])));

  // Datagrams, look-ups, constants.
  const receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  receiver.bind(["127.0.0.1", 9000]);
  const sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  await sender.sendto("datagram", ["localhost", 9000]);
  lines.push(text((await receiver.recvfrom(100))[0]));
  lines.push(JSON.stringify(await socket.getaddrinfo("localhost", "http", 0, socket.SOCK_STREAM)));
  lines.push(JSON.stringify([socket.AF_INET6, socket.SO_REUSEADDR, socket.htons(1), socket.gethostname()]));

  // Many calls that need not wait let the event loop turn.
  let turned = false;
  setTimeout(() => turned = true, 0);
  for (let call = 0; call < 100_000 && !turned; call++) await peer.recv(1);
  lines.push(`turned: ${turned}`);

  poller.close();
  for (const sock of [client, peer, server, receiver, sender]) sock.close();
  return lines;
}
