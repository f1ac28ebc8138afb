// socketpair on Deno's net API: a connection between two sockets of this process that no stranger can take.

import { AF_INET, AF_UNIX, SOCK_DGRAM } from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import type { Transport } from "../seam/transport.ts";
import { openDatagrams } from "./datagrams.ts";
import { fromDeno } from "./errors.ts";
import { requireAbstract, secretName } from "./addresses.ts";
import { StreamTransport } from "./streams.ts";
import { turns } from "./event_loop.ts";

/** How many strangers may knock first before the pair is given up. */
const PATIENCE = 16;

/** Two connected sockets. */
export async function openPair(family: number, type: number): Promise<[Transport, Transport]> {
  if (type === SOCK_DGRAM) return datagramPair(family);
  try {
    if (family === AF_UNIX) {
      requireAbstract(
        "socketpair() listens at an abstract name for a moment; socketpair(AF_INET) takes --allow-net=127.0.0.1",
      );
      return await pairOver(Deno.listen({ transport: "unix", path: secretName("socketpair") }), family);
    }
    const hostname = family === AF_INET ? "127.0.0.1" : "::1";
    return await pairOver(Deno.listen({ hostname, port: 0 }), family);
  } catch (error) {
    throw fromDeno(error, { syscall: "socketpair" });
  }
}

/** Two Unix datagram sockets, each connected to the other: strangers' datagrams are not seen. The kernel has no others. */
function datagramPair(family: number): [Transport, Transport] {
  if (family !== AF_UNIX) throw errorFor("EOPNOTSUPP", { syscall: "socketpair" });
  requireAbstract("both sockets of a datagram pair get abstract names, and no single one can be granted");
  const [one, other] = [openDatagrams(family, 0), openDatagrams(family, 0)];
  try {
    for (const transport of [one, other]) transport.bind(secretName("socketpair"));
    one.join(other.getsockname());
    other.join(one.getsockname());
    return [one, other];
  } catch (error) {
    one.close();
    other.close();
    throw error;
  }
}

async function pairOver(listener: Deno.Listener, family: number): Promise<[Transport, Transport]> {
  const { addr } = listener;
  const strangers: Deno.Conn[] = [];
  try {
    const mine = await (addr.transport === "unix"
      ? Deno.connect({ transport: "unix", path: addr.path! })
      : Deno.connect(addr as Deno.ConnectOptions));
    const isOther = await introduce(mine);
    for (let knocks = 0; knocks < PATIENCE; knocks++) {
      const conn = await listener.accept();
      if (await isOther(conn)) {
        return [StreamTransport.around(mine, family), StreamTransport.around(conn, family)];
      }
      strangers.push(conn);
    }
    mine.close();
    throw errorFor("ECONNABORTED", { syscall: "socketpair" });
  } finally {
    listener.close();
    for (const conn of strangers) conn.close();
  }
}

/**
 * Makes the test for the other end of a connection. TCP's ends know each other's port. A Unix connection has no
 * such name, so a secret is sent over it, and the other end is the one that reads it; a stranger who sends
 * nothing is passed over, since the secret was on its way before anybody was accepted.
 */
async function introduce(mine: Deno.Conn): Promise<(conn: Deno.Conn) => Promise<boolean>> {
  const { localAddr } = mine;
  if (localAddr.transport !== "unix") {
    return (conn) => Promise.resolve((localAddr as Deno.NetAddr).port === (conn.remoteAddr as Deno.NetAddr).port);
  }
  const secret = crypto.getRandomValues(new Uint8Array(16));
  await mine.write(secret);
  return async (conn) => {
    const told = new Uint8Array(secret.length);
    let count: number | null = 0;
    // Small as it is, the secret arrives whole.
    const read = conn.read(told).then((n) => count = n, () => {});
    await turns(() => count !== 0);
    if (count === 0) return false;
    await read;
    return count === secret.length && told.every((byte, place) => byte === secret[place]);
  };
}
