// Claiming a local address for datagrams.

import type { Address } from "../base/addresses.ts";
import { AF_INET6, AF_UNIX } from "../base/constants.ts";
import { fromDeno } from "./errors.ts";
import { bindable, checkFamily } from "./hosts.ts";
import { unixPath } from "./paths.ts";

/** What Deno wants to be told beside the address. */
export interface ListenWords {
  reuseAddress: boolean;
  loopback: boolean;
}

/** Binds a socket; answers it with the name that it got. */
export function claim(address: Address, family: number, words: ListenWords): [Deno.DatagramConn, Address] {
  try {
    if (family === AF_UNIX) {
      const path = unixPath(address, "bind");
      return [Deno.listenDatagram({ transport: "unixpacket", path }), path];
    }
    const [, port, , scopeId = 0] = address as [string, number, number?, number?];
    const conn = Deno.listenDatagram({ transport: "udp", hostname: bindable(address, family), port, ...words });
    const addr = checkFamily(conn, family, address);
    return [conn, family === AF_INET6 ? [addr.hostname, addr.port, 0, scopeId] : [addr.hostname, addr.port]];
  } catch (error) {
    throw fromDeno(error, { syscall: "bind", address });
  }
}
