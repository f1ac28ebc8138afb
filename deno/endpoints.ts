// Claiming a local address, for streams and for datagrams, and connecting to a peer's address.

import { isLiteral } from "../base/addresses.ts";
import type { Address } from "../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, SO_REUSEPORT, SOL_SOCKET } from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import { asciiOf } from "../base/ip.ts";
import type { HostAddress } from "../core/names/hosts.ts";
import { orAborted } from "../core/promises.ts";
import { absolutePath, allowed, bindable, checkFamily, hostOf, notCapable, unixPath } from "./addresses.ts";
import { fromDeno } from "./errors.ts";
import type { StreamOptions } from "./options.ts";
import { denoResolver } from "./resolver.ts";

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

async function addressesOf(host: string, port: number, family: number): Promise<HostAddress[]> {
  const { findAddresses } = await import("../core/names/hosts.ts");
  return await findAddresses(denoResolver, asciiOf(host), port, family);
}

/** Returns the first address of the host in an address. It needs net access to the host and port. */
export async function firstAddress(address: Address, family: number): Promise<string> {
  const [{ host }] = await addressesOf(address[0] as string, Number(address[1]), family);
  return host;
}

/** The look-ups of one socket. They end when it is closed. */
export class LookUps {
  #closed: AbortController | undefined;

  /** Settles as a look-up does, or rejects with EBADF at the close. Deno cannot end the look-up, so it continues. */
  run<T>(lookUp: Promise<T>): Promise<T> {
    return orAborted(lookUp, (this.#closed ??= new AbortController()).signal);
  }

  /** Called when the socket is closed. */
  close(): void {
    this.#closed?.abort(errorFor("EBADF"));
  }
}

/** Whether the host in an address is a name. "" is none: it stands for this host. */
export function isNamed(address: Address, family: number): boolean {
  return family !== AF_UNIX && address[0] !== "" && !isLiteral(address[0] as string, family);
}

/**
 * Looks up the name in an address, in the family: Deno.connect would try the addresses of both families.
 *
 * `--allow-net=example.com:80` allows a connection to the name and not to its addresses. In that case the name is left in
 * the address.
 */
export async function resolveName(address: Address, family: number): Promise<Address> {
  const [, port, ...rest] = address as [string, number];
  const host = await firstAddress(address, family);
  return allowed(host, port) ? [host, port, ...rest] as Address : address;
}

/** Opens a connection of a family. An error that Deno throws at once, such as a refused permission, rejects as well. */
export async function openConnection(address: Address, family: number, signal: AbortSignal): Promise<Deno.Conn> {
  if (family === AF_UNIX) return await Deno.connect({ transport: "unix", path: unixPath(address, "connect") });
  const port = Number(address[1]);
  // Deno.connect refuses port 0. The kernel's error for it is ECONNREFUSED, since no peer can listen on port 0.
  if (port === 0) throw errorFor("ECONNREFUSED", { syscall: "connect", address });
  const conn = await Deno.connect({ hostname: hostOf(address, family), port, signal });
  if (isLiteral((conn.remoteAddr as Deno.NetAddr).hostname, family)) return conn;
  // Only the name is allowed, and Deno connected to its address of the other family.
  conn.close();
  throw notCapable(await firstAddress(address, family), port);
}

/**
 * Returns the addresses of a host, for create_connection. Addresses that are not allowed are replaced by the name, once for
 * each family.
 */
export async function endpoints(host: string, port: number): Promise<[family: number, address: Address][]> {
  const endpoint = (family: number, host: string, scopeId: number): [number, Address] => [
    family,
    family === AF_INET6 ? [host, port, 0, scopeId] : [host, port],
  ];
  for (const family of [AF_INET, AF_INET6]) if (isLiteral(host, family)) return [endpoint(family, host, 0)];
  const found = (await addressesOf(host, port, AF_UNSPEC)).map((one) =>
    endpoint(one.family, allowed(one.host, port) ? one.host : host, one.scopeId)
  );
  return [...new Map(found.map((one) => [one.join(), one])).values()];
}
