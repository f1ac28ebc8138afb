// socketpair on Deno's net API: a connection between two sockets of this process that no stranger can take.

import { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM } from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import type { Transport } from "../transport.ts";
import { fromDeno } from "./errors.ts";
import { NATIVE_HINT } from "./options.ts";
import { StreamTransport } from "./tcp.ts";

/** How many strangers may knock first before the pair is given up. */
const PATIENCE = 16;

/** A name in Linux's abstract namespace that nobody can guess: 128 random bits. No file, so no file permission. */
function secretName(): string {
  return `\0berkeley-socketpair-${crypto.randomUUID()}`;
}

/** Two connected streams. */
export async function openPair(family: number, type: number, _proto: number): Promise<[Transport, Transport]> {
  if (type !== SOCK_STREAM) throw errorFor("EOPNOTSUPP", { syscall: "socketpair", hint: NATIVE_HINT });
  try {
    if (family === AF_UNIX) return await pairOver(Deno.listen({ transport: "unix", path: secretName() }), family);
    if (family !== AF_INET && family !== AF_INET6) throw errorFor("EOPNOTSUPP", { syscall: "socketpair" });
    const hostname = family === AF_INET ? "127.0.0.1" : "::1";
    return await pairOver(Deno.listen({ hostname, port: 0 }), family);
  } catch (error) {
    throw fromDeno(error, { syscall: "socketpair" });
  }
}

async function pairOver(listener: Deno.Listener, family: number): Promise<[Transport, Transport]> {
  const { addr } = listener;
  const connecting = addr.transport === "unix" ? Deno.connect({ transport: "unix", path: addr.path! }) : Deno.connect(
    addr as Deno.ConnectOptions,
  );
  try {
    const mine = await connecting;
    for (let knocks = 0; knocks < PATIENCE; knocks++) {
      const conn = await listener.accept();
      if (await isPeer(mine, conn)) return [StreamTransport.around(mine, family), StreamTransport.around(conn, family)];
      conn.close();
    }
    mine.close();
    throw errorFor("ECONNABORTED", { syscall: "socketpair" });
  } finally {
    listener.close();
  }
}

/** Whether two connections are the ends of one: by their ports, or over the other end by a secret told. */
async function isPeer(mine: Deno.Conn, conn: Deno.Conn): Promise<boolean> {
  if (mine.localAddr.transport !== "unix") {
    return (mine.localAddr as Deno.NetAddr).port === (conn.remoteAddr as Deno.NetAddr).port;
  }
  const secret = crypto.getRandomValues(new Uint8Array(16));
  await mine.write(secret);
  const told = new Uint8Array(16);
  for (let count = 0; count < told.length;) {
    const read = await conn.read(told.subarray(count));
    if (read === null) return false;
    count += read;
  }
  return told.every((byte, place) => byte === secret[place]);
}
