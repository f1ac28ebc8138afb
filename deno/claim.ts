// Claiming a local address for datagrams.

import type { Address } from "../base/addresses.ts";
import { AF_INET6 } from "../base/constants.ts";
import { gaiErrorFor } from "../base/gai.ts";
import { fromDeno } from "./errors.ts";
import { scoped } from "./addr.ts";
import { bindable } from "./hosts.ts";
import { unixPath } from "./paths.ts";

/** What Deno wants to be told beside the address. */
export interface ListenWords {
  reuseAddress: boolean;
  loopback: boolean;
}

/** Binds a socket; answers it with the name that it got. */
export function claim(address: Address, family: number, words: ListenWords): [Deno.DatagramConn, Address] {
  try {
    if (typeof address === "string" || address instanceof Uint8Array) {
      const path = unixPath(address, "bind");
      return [Deno.listenDatagram({ transport: "unixpacket", path }), path];
    }
    return claimPort(address as [string, number, number?, number?], family, words);
  } catch (error) {
    throw fromDeno(error, { syscall: "bind", address });
  }
}

function claimPort(
  address: [string, number, number?, number?],
  family: number,
  words: ListenWords,
): [Deno.DatagramConn, Address] {
  const [host, port, , scopeId = 0] = address;
  const hostname = scoped(bindable(host, family), scopeId);
  const conn = Deno.listenDatagram({ transport: "udp", hostname, port, ...words });
  const addr = conn.addr as Deno.NetAddr;
  // Deno takes the first address of a name, of whichever family it is.
  if (addr.hostname.includes(":") !== (family === AF_INET6)) {
    conn.close();
    throw gaiErrorFor("EAI_ADDRFAMILY", { syscall: "bind", address });
  }
  return [conn, family === AF_INET6 ? [addr.hostname, addr.port, 0, scopeId] : [addr.hostname, addr.port]];
}
