// Claiming a local address, for streams and for datagrams.

import type { Address } from "../base/addresses.ts";
import { AF_INET6, AF_UNIX, SO_REUSEPORT, SOL_SOCKET } from "../base/constants.ts";
import { fromDeno } from "./errors.ts";
import { bindable, checkFamily } from "./hosts.ts";
import { absolutePath, unixPath } from "./paths.ts";
import type { StreamOptions } from "./stream_options.ts";

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
