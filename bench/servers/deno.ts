// The same program on Deno's own API.

import { announce, pingPongs, roleOf, untilStdinEnds } from "./roles.ts";

const PIECE = 65536;
const hostname = "127.0.0.1";

async function writeAll(conn: Deno.Conn, data: Uint8Array): Promise<void> {
  let written = await conn.write(data);
  while (written < data.length) written += await conn.write(data.subarray(written));
}

async function echo(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  for (;;) {
    const n = await conn.read(buffer);
    if (n === null) break;
    await writeAll(conn, buffer.subarray(0, n));
  }
  conn.close();
}

/** Each chunk in new memory, which the program may keep, as recv returns it. */
async function receive(conn: Deno.Conn): Promise<void> {
  while (await conn.read(new Uint8Array(PIECE)) !== null);
  conn.close();
}

async function receiveInto(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  while (await conn.read(buffer) !== null);
  conn.close();
}

async function send(conn: Deno.Conn): Promise<void> {
  const piece = new Uint8Array(PIECE);
  try {
    for (;;) await writeAll(conn, piece);
  } catch {
    conn.close(); // The load has closed the connection.
  }
}

async function forward(near: Deno.Conn): Promise<void> {
  const far = await Deno.connect({ hostname, port });
  await Promise.all([copy(near, far), copy(far, near)]).catch(() => {}); // The load has closed the connection.
  near.close();
  far.close();
}

async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  for (let n; (n = await from.read(buffer)) !== null;) await writeAll(to, buffer.subarray(0, n));
  await to.closeWrite();
}

function accept(conn: Deno.Conn): void {
  conn.close();
}

const { role, port, load } = roleOf(Deno.args);

const handlers = {
  echo,
  echo_into: echo,
  forward,
  forward_into: forward,
  receive,
  receive_into: receiveInto,
  send,
  accept,
};

if (role === "first") {
  const conn = await Deno.connect({ hostname, port });
  await writeAll(conn, new Uint8Array(64));
  await conn.read(new Uint8Array(64));
  conn.close();
} else if (role === "client") {
  await pingPongs(load, async (message) => {
    const conn = await Deno.connect({ hostname, port });
    const buffer = new Uint8Array(PIECE);
    return async () => {
      await writeAll(conn, message);
      for (let n = 0; n < message.length;) n += (await conn.read(buffer))!;
    };
  });
} else if (role === "udp" || role === "udp_recvfrom") {
  untilStdinEnds();
  const sock = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  announce([hostname, (sock.addr as Deno.NetAddr).port]);
  const buffer = new Uint8Array(PIECE);
  for (;;) {
    const [data, address] = await sock.receive(buffer);
    await sock.send(data, address);
  }
} else {
  untilStdinEnds();
  const serve = handlers[role as keyof typeof handlers];
  const server = Deno.listen({ hostname, port: 0, tcpBacklog: 1024 });
  announce([hostname, server.addr.port]);
  for await (const conn of server) serve(conn);
}
