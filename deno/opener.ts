// Claiming a local address for streams.

import type { Address } from "../base/addresses.ts";
import { SO_REUSEPORT, SOL_SOCKET } from "../base/constants.ts";
import { hostOf } from "./addr.ts";
import { fromDeno } from "./errors.ts";
import type { StreamOptions } from "./stream_options.ts";

/** The largest backlog that listen(2) takes as it is; the kernel bounds it by somaxconn. */
const LARGEST_BACKLOG = 2 ** 31 - 1;

/** How to open a listener: everything but the backlog, which listen tells. */
export type Opener = (backlog: number) => Deno.Listener;

/** The way to open a listener on an address, again and again on the same port. */
export function openerOf(address: Address, family: number, options: StreamOptions): Opener {
  let port = typeof address === "string" ? 0 : Number(address[1]);
  return (backlog) => {
    try {
      if (typeof address === "string") return Deno.listen({ transport: "unix", path: address });
      const reusePort = options.get(SOL_SOCKET, SO_REUSEPORT) !== 0;
      const tcpBacklog = Math.min(Math.max(backlog, 0), LARGEST_BACKLOG);
      const listener = Deno.listen({ hostname: hostOf(address, family), port, reusePort, tcpBacklog });
      port = (listener.addr as Deno.NetAddr).port;
      return listener;
    } catch (error) {
      throw fromDeno(error, { syscall: "bind", address });
    }
  };
}
