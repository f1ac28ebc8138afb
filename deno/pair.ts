// socketpair on Deno's net API: a connection within this process. Another process cannot take its place.

import { AF_INET, AF_UNIX, SOCK_DGRAM } from "../base/constants.ts";
import { errorFor, errorForErrno, OSError } from "../base/errors.ts";
import type { Transport } from "../seam/transport.ts";
import { openDatagrams } from "./datagrams.ts";
import { fromDeno } from "./errors.ts";
import { randomAbstractName, requireAbstract } from "./addresses.ts";
import { StreamTransport } from "./streams.ts";
import { eventLoopTurns, noted } from "./event_loop.ts";

/** How many connections are accepted before the pair is given up. Other processes may connect in between. */
const MAX_CONNECTIONS = 16;

/** Opens two connected sockets. */
export async function openPair(family: number, type: number): Promise<[Transport, Transport]> {
  if (type === SOCK_DGRAM) return datagramPair(family);
  try {
    if (family === AF_UNIX) {
      requireAbstract(
        "socketpair() listens at an abstract name for a moment; socketpair(AF_INET) takes --allow-net=127.0.0.1",
      );
      return await pairOver(Deno.listen({ transport: "unix", path: randomAbstractName("socketpair") }), family);
    }
    const hostname = family === AF_INET ? "127.0.0.1" : "::1";
    return await pairOver(Deno.listen({ hostname, port: 0 }), family);
  } catch (error) {
    throw fromDeno(error, { syscall: "socketpair" });
  }
}

/** Opens two Unix datagram sockets that are connected to each other. They drop datagrams from any other socket. */
function datagramPair(family: number): [Transport, Transport] {
  if (family !== AF_UNIX) throw errorFor("EOPNOTSUPP", { syscall: "socketpair" });
  requireAbstract("both sockets of a datagram pair get abstract names, and no single one can be granted");
  const [one, other] = [openDatagrams(family, 0), openDatagrams(family, 0)];
  try {
    for (const transport of [one, other]) transport.bind(randomAbstractName("socketpair"));
    one.join(other.getsockname());
    other.join(one.getsockname());
    return [one, other];
  } catch (error) {
    one.close();
    other.close();
    if (!(error instanceof OSError) || error.errno === undefined) throw error;
    throw errorForErrno(error.errno, { syscall: "socketpair", cause: error.cause });
  }
}

async function pairOver(listener: Deno.Listener, family: number): Promise<[Transport, Transport]> {
  const { addr } = listener;
  const accepted: Deno.Conn[] = [];
  let [mine, other]: (Deno.Conn | undefined)[] = [];
  try {
    mine = await (addr.transport === "unix"
      ? Deno.connect({ transport: "unix", path: addr.path! })
      : Deno.connect(addr as Deno.ConnectOptions));
    other = await acceptOther(listener, await makePeerTest(mine), accepted);
    return [StreamTransport.connected(mine, family), StreamTransport.connected(other, family)];
  } catch (error) {
    mine?.close();
    throw error;
  } finally {
    listener.close();
    for (const conn of accepted) if (conn !== other) conn.close();
  }
}

/** Tells whether an accepted connection is the other end of the pair. May take as long as the connection lasts. */
type PeerTest = (conn: Deno.Conn) => Promise<boolean>;

/**
 * Accepts connections, and adds them to `accepted`, until one of them is the other end. If a test has not ended after the
 * turns of the event loop, the connection may be another process's, or the process may be busy. So that test continues while
 * the next connection is waited for.
 */
function acceptOther(listener: Deno.Listener, isOther: PeerTest, accepted: Deno.Conn[]): Promise<Deno.Conn> {
  return new Promise((resolve, reject) => {
    let found = false;
    const search = async () => {
      while (accepted.length < MAX_CONNECTIONS) {
        const conn = await listener.accept();
        if (found) return conn.close();
        accepted.push(conn);
        let tested = false;
        isOther(conn).then((is) => {
          tested = true;
          if (!is) return;
          found = true;
          resolve(conn);
        });
        await eventLoopTurns(() => tested);
        if (found) return;
      }
      throw errorFor("ECONNABORTED", { syscall: "socketpair" });
    };
    search().catch(reject);
  });
}

/**
 * Returns the test for the other end of `mine`. On TCP the two ends know each other's ports. A Unix connection has no such
 * names, so a random secret is sent over `mine`, and the other end is the connection that reads it.
 */
async function makePeerTest(mine: Deno.Conn): Promise<PeerTest> {
  const { localAddr } = mine;
  if (localAddr.transport !== "unix") {
    return (conn) => Promise.resolve((localAddr as Deno.NetAddr).port === (conn.remoteAddr as Deno.NetAddr).port);
  }
  const secret = crypto.getRandomValues(new Uint8Array(16));
  await mine.write(secret);
  return async (conn) => {
    const received = new Uint8Array(secret.length);
    // A write of 16 bytes arrives whole. A connection that is closed meanwhile is another process's.
    const count = await noted(conn.read(received)).catch(() => null);
    return count === secret.length && received.every((byte, place) => byte === secret[place]);
  };
}
