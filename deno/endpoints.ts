// Claiming a local address, for streams and for datagrams, and connecting to a peer's address.

import { isLiteral } from "../base/addresses.ts";
import type { Address } from "../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNIX, SO_REUSEPORT, SOL_SOCKET } from "../base/constants.ts";
import { errorFor, gaiErrorFor } from "../base/errors.ts";
import { absolutePath, allowed, bindable, checkFamily, hostOf, notCapable, unixPath } from "./addresses.ts";
import { fromDeno } from "./errors.ts";
import type { StreamOptions } from "./options.ts";
import { lookUp } from "./resolver.ts";

/** The largest backlog that listen(2) takes. The kernel limits it to somaxconn. */
const LARGEST_BACKLOG = 2 ** 31 - 1;

/** Opens a listener with a given backlog on an address that is chosen already. */
export type Opener = (backlog: number) => Deno.Listener;

/** Opens a TCP listener: Deno.listen, or the function that TLS uses instead. */
export type Listen = (options: Deno.TcpListenOptions) => Deno.Listener;

/** Returns a function that opens a listener on an address, each time on the same port. */
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
        // Deno unlinks the path at close, relative to the working directory of that moment.
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

/** The options that Deno takes when it binds a datagram socket. */
export interface DatagramBinding {
  reuseAddress: boolean;
  loopback: boolean;
}

/** Binds a datagram socket. Returns it and its local address. */
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

// Connecting by name or by address.

/** The IP version of a family. */
function versionOf(family: number): 4 | 6 {
  return family === AF_INET6 ? 6 : 4;
}

/**
 * Opens a connection of a family. An error that Deno throws at once, such as a refused permission, rejects as well.
 *
 * A name is passed to Deno unchanged, because `--allow-net=example.com:80` allows a connection to the name and not to its
 * addresses.
 */
export async function openConnection(address: Address, family: number, signal: AbortSignal): Promise<Deno.Conn> {
  if (family === AF_UNIX) return await Deno.connect({ transport: "unix", path: unixPath(address, "connect") });
  const hostname = hostOf(address, family);
  const port = Number(address[1]);
  // Deno.connect refuses port 0. The kernel's error for it is ECONNREFUSED, since no peer can listen on port 0.
  if (port === 0) throw errorFor("ECONNREFUSED", { syscall: "connect", address });
  const conn = await Deno.connect({ hostname, port, signal });
  if (isLiteral((conn.remoteAddr as Deno.NetAddr).hostname, family)) return conn;
  // Deno connected to an address of the other family: look up one of this family.
  conn.close();
  const [literal] = await lookUp(hostname, port, versionOf(family));
  if (literal === undefined) throw gaiErrorFor("EAI_ADDRFAMILY", { syscall: "connect", address });
  // The permission covers the name only. create_connection may still reach it by its other family.
  if (!allowed(literal, port)) throw notCapable(literal, port);
  return await Deno.connect({ hostname: literal, port, signal });
}

/** Returns an address for each family that the host has, for create_connection. */
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
