// The two ends of a connection: claiming a local address, for streams and for datagrams, and connecting to a peer's.

import { isLiteral } from "../base/addresses.ts";
import type { Address } from "../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNIX, SO_REUSEPORT, SOL_SOCKET } from "../base/constants.ts";
import { errorFor, gaiErrorFor } from "../base/errors.ts";
import { absolutePath, allowed, bindable, checkFamily, hostOf, notCapable, unixPath } from "./addresses.ts";
import { fromDeno } from "./errors.ts";
import type { StreamOptions } from "./options.ts";
import { lookUp } from "./resolver.ts";

/** The largest backlog that listen(2) takes as it is; the kernel bounds it by somaxconn. */
const LARGEST_BACKLOG = 2 ** 31 - 1;

/** How to open a listener: everything but the backlog, which listen tells. */
export type Opener = (backlog: number) => Deno.Listener;

/** Opens a TCP listener: Deno.listen, or what TLS has in its place. */
export type Listen = (options: Deno.TcpListenOptions) => Deno.Listener;

/** The way to open a listener on an address, again and again on the same port. */
export function openerOf(
  address: Address,
  family: number,
  options: StreamOptions,
  listen: Listen = Deno.listen,
): Opener {
  let port = family === AF_UNIX ? 0 : Number(address[1]);
  return (backlog) => {
    try {
      if (family === AF_UNIX) {
        // Deno unlinks the path at close, from the working directory of that time.
        return Deno.listen({ transport: "unix", path: absolutePath(unixPath(address, "bind")) });
      }
      const reusePort = options.get(SOL_SOCKET, SO_REUSEPORT) !== 0;
      const tcpBacklog = Math.min(Math.max(backlog, 0), LARGEST_BACKLOG);
      const listener = listen({ hostname: bindable(address, family), port, reusePort, tcpBacklog });
      port = checkFamily(listener, family, address).port;
      return listener;
    } catch (error) {
      throw fromDeno(error, { syscall: "bind", address });
    }
  };
}

/** What Deno wants to be told of a datagram socket beside the address. */
export interface DatagramBinding {
  reuseAddress: boolean;
  loopback: boolean;
}

/** Binds a datagram socket. Returns it with the name that it got. */
export function bindDatagrams(
  address: Address,
  family: number,
  binding: DatagramBinding,
): [Deno.DatagramConn, Address] {
  try {
    if (family === AF_UNIX) {
      const path = unixPath(address, "bind");
      return [Deno.listenDatagram({ transport: "unixpacket", path }), path];
    }
    const [, port, , scopeId = 0] = address as [string, number, number?, number?];
    const conn = Deno.listenDatagram({ transport: "udp", hostname: bindable(address, family), port, ...binding });
    const addr = checkFamily(conn, family, address);
    return [conn, family === AF_INET6 ? [addr.hostname, addr.port, 0, scopeId] : [addr.hostname, addr.port]];
  } catch (error) {
    throw fromDeno(error, { syscall: "bind", address });
  }
}

// Connecting by name or by address. A name is given to Deno as it is: `--allow-net=example.com:80` allows a
// connection to the name, not to its addresses.

/** The IP version of a family. */
function versionOf(family: number): 4 | 6 {
  return family === AF_INET6 ? 6 : 4;
}

/** Opens a connection of a family; what Deno throws at once (a refused permission) is a rejection too. */
export async function dial(address: Address, family: number, signal: AbortSignal): Promise<Deno.Conn> {
  if (family === AF_UNIX) return await Deno.connect({ transport: "unix", path: unixPath(address, "connect") });
  const hostname = hostOf(address, family);
  const port = Number(address[1]);
  // Deno has no such port, and no peer has it.
  if (port === 0) throw errorFor("ECONNREFUSED", { syscall: "connect", address });
  const conn = await Deno.connect({ hostname, port, signal });
  if (isLiteral((conn.remoteAddr as Deno.NetAddr).hostname, family)) return conn;
  // The name's first address that answered is of the other family: ask for one of ours.
  conn.close();
  const [literal] = await lookUp(hostname, port, versionOf(family));
  if (literal === undefined) throw gaiErrorFor("EAI_ADDRFAMILY", { syscall: "connect", address });
  // The user has allowed the name: create_connection may still reach it by its other family.
  if (!allowed(literal, port)) throw notCapable(literal, port);
  return await Deno.connect({ hostname: literal, port, signal });
}

/** Where a host may be reached, for create_connection: an address for each family that it has. */
export async function endpoints(host: string, port: number): Promise<[family: number, address: Address][]> {
  const of = (family: number): [number, Address] => [
    family,
    family === AF_INET6 ? [host, port, 0, 0] : [host, port],
  ];
  for (const family of [AF_INET, AF_INET6]) if (isLiteral(host, family)) return [of(family)];
  const found = await lookUp(host, port, 0);
  if (found.length === 0) throw gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo", address: host });
  const families = found.map((literal) => isLiteral(literal, AF_INET6) ? AF_INET6 : AF_INET);
  return [...new Set(families)].map(of);
}
