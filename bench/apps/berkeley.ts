// The applications, written as a user of this module would write them. default.ts and native.ts differ in the import
// only.

import type * as module from "../../mod.ts";
import { announce, untilStdinEnds } from "../servers/roles.ts";
import { answerTo, endOfHead, PIECE, RESPONSE } from "./protocols.ts";

type Module = Pick<
  typeof module,
  "socket" | "AF_INET" | "SOCK_DGRAM" | "SHUT_WR" | "create_server" | "select" | "epoll" | "EPOLLIN"
>;
type Connection = module.Socket;

/** HTTP/1.1 with keep-alive and pipelining: the same answer to every request. */
async function serveHttp(conn: Connection): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  let filled = 0;
  for (let length; (length = await conn.recv_into(buffer.subarray(filled))) > 0;) {
    filled += length;
    let start = 0;
    for (let end; (end = endOfHead(buffer, start, filled)) > 0; start = end) await conn.sendall(RESPONSE);
    buffer.copyWithin(0, start, filled);
    filled -= start;
    if (filled === buffer.length) break; // No request head is longer.
  }
  conn.close();
}

async function copy(from: Connection, to: Connection, how: number): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  for (let length; (length = await from.recv_into(buffer)) > 0;) await to.sendall(buffer.subarray(0, length));
  await to.shutdown(how);
}

/** Answers queries for the address of a host. */
async function serveDns(sock: Connection): Promise<void> {
  const buffer = new Uint8Array(512);
  for (;;) {
    const [length, client] = await sock.recvfrom_into(buffer);
    const answer = answerTo(buffer.subarray(0, length));
    if (answer !== undefined) await sock.sendto(answer, client);
  }
}

/** A way to wait for a chat's sockets: select or epoll. */
interface Waiting {
  add(sock: Connection): void;
  remove(sock: Connection): void;
  ready(): Promise<Connection[]>;
}

function selecting({ select }: Module): Waiting {
  const all = new Set<Connection>();
  return {
    add: (sock) => all.add(sock),
    remove: (sock) => all.delete(sock),
    ready: async () => (await select(all, [], []))[0],
  };
}

function epolling({ epoll, EPOLLIN }: Module): Waiting {
  const poller = epoll();
  const byNumber = new Map<number, Connection>();
  return {
    add(sock) {
      byNumber.set(sock.fileno(), sock);
      poller.register(sock, EPOLLIN);
    },
    remove(sock) {
      byNumber.delete(sock.fileno());
      poller.unregister(sock);
    },
    ready: async () => (await poller.poll()).map(([fd]) => byNumber.get(fd)!),
  };
}

/** A chat: the message of one client goes to all others. Each new client gets one byte first. */
async function serveChat(server: Connection, waiting: Waiting): Promise<void> {
  const clients = new Set<Connection>();
  const buffer = new Uint8Array(PIECE);
  waiting.add(server);
  for (;;) {
    for (const sock of await waiting.ready()) {
      if (sock === server) {
        const [client] = await server.accept();
        clients.add(client);
        waiting.add(client);
        await client.sendall("!");
        continue;
      }
      const length = await sock.recv_into(buffer);
      if (length === 0) {
        clients.delete(sock);
        waiting.remove(sock);
        sock.close();
        continue;
      }
      for (const other of clients) if (other !== sock) await other.sendall(buffer.subarray(0, length));
    }
  }
}

/** Runs one application over a backend. */
export async function run(module: Module, [role, target]: string[]): Promise<void> {
  untilStdinEnds();
  if (role === "dns") {
    const sock = module.socket(module.AF_INET, module.SOCK_DGRAM);
    sock.bind(["127.0.0.1", 0]);
    announce(sock.getsockname());
    return await serveDns(sock);
  }
  const server = module.create_server(["127.0.0.1", 0], { backlog: 1024 });
  announce(server.getsockname());
  if (role.startsWith("chat")) {
    return await serveChat(server, role === "chat-select" ? selecting(module) : epolling(module));
  }
  const forward = async (near: Connection) => {
    const far = module.socket();
    await far.connect(["127.0.0.1", Number(target)]);
    await Promise.all([copy(near, far, module.SHUT_WR), copy(far, near, module.SHUT_WR)]);
    near.close();
    far.close();
  };
  const serve = role === "http" ? serveHttp : forward;
  // The load resets its connections at the end.
  for await (const [conn] of server) serve(conn).catch(() => conn.close());
}
