// The program under test, written as a user of this module would write it. default.ts and native.ts differ in the
// import only.

import type * as module from "../../mod.ts";
import { announce, pingPongs, type Role, untilStdinEnds } from "./roles.ts";

type Module = Pick<typeof module, "socket" | "AF_INET" | "SOCK_DGRAM">;
type Connection = module.Socket;

const PIECE = 65536;
const SHUT_WR = 1;

async function echo(conn: Connection): Promise<void> {
  for (;;) {
    const data = await conn.recv(PIECE);
    if (data.length === 0) break;
    await conn.sendall(data);
  }
  conn.close();
}

async function echoInto(conn: Connection): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  for (let length; (length = await conn.recv_into(buffer)) > 0;) await conn.sendall(buffer.subarray(0, length));
  conn.close();
}

/** One direction of a forwarder. */
type Copy = (from: Connection, to: Connection) => Promise<void>;

async function copy(from: Connection, to: Connection): Promise<void> {
  for (let data; (data = await from.recv(PIECE)).length > 0;) await to.sendall(data);
  await to.shutdown(SHUT_WR);
}

async function copyInto(from: Connection, to: Connection): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  for (let length; (length = await from.recv_into(buffer)) > 0;) await to.sendall(buffer.subarray(0, length));
  await to.shutdown(SHUT_WR);
}

async function receive(conn: Connection): Promise<void> {
  while ((await conn.recv(PIECE)).length > 0);
  conn.close();
}

async function receiveInto(conn: Connection): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  while (await conn.recv_into(buffer) > 0);
  conn.close();
}

async function send(conn: Connection): Promise<void> {
  const piece = new Uint8Array(PIECE);
  try {
    for (;;) await conn.sendall(piece);
  } catch {
    conn.close(); // The load has closed the connection.
  }
}

async function echoDatagrams(sock: Connection): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  for (;;) {
    const [length, address] = await sock.recvfrom_into(buffer);
    await sock.sendto(buffer.subarray(0, length), address);
  }
}

async function echoReceived(sock: Connection): Promise<void> {
  for (;;) {
    const [data, address] = await sock.recvfrom(PIECE);
    await sock.sendto(data, address);
  }
}

function accept(conn: Connection): void {
  conn.close();
}

const copies: Record<string, Copy> = { forward: copy, forward_into: copyInto };
const handlers = { echo, echo_into: echoInto, receive, receive_into: receiveInto, send, accept };

/** Runs one role of the program over a backend. */
export async function run({ socket, AF_INET, SOCK_DGRAM }: Module, { role, port, load }: Role): Promise<void> {
  if (role === "first") {
    const conn = socket();
    await conn.connect(["127.0.0.1", port]);
    await conn.sendall(new Uint8Array(64));
    await conn.recv(64);
    conn.close();
  } else if (role === "client") {
    await pingPongs(load, async (message) => {
      const conn = socket();
      await conn.connect(["127.0.0.1", port]);
      return async () => {
        await conn.sendall(message);
        for (let n = 0; n < message.length;) n += (await conn.recv(PIECE)).length;
      };
    });
  } else if (role === "udp" || role === "udp_recvfrom") {
    untilStdinEnds();
    const sock = socket(AF_INET, SOCK_DGRAM);
    sock.bind(["127.0.0.1", 0]);
    announce(sock.getsockname());
    await (role === "udp" ? echoDatagrams : echoReceived)(sock);
  } else {
    untilStdinEnds();
    const forward = async (near: Connection) => {
      const far = socket();
      await far.connect(["127.0.0.1", port]);
      // The load has closed the connection.
      await Promise.all([copies[role](near, far), copies[role](far, near)]).catch(() => {});
      near.close();
      far.close();
    };
    const serve = role in copies ? forward : handlers[role as keyof typeof handlers];
    const server = socket();
    server.bind(["127.0.0.1", 0]);
    server.listen(1024);
    announce(server.getsockname());
    for await (const [conn] of server) serve(conn);
  }
}
