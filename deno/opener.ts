// Claiming a local address for streams.

import type { Address } from "../base/addresses.ts";
import { AF_UNIX, SO_REUSEPORT, SOL_SOCKET } from "../base/constants.ts";
import { fromDeno } from "./errors.ts";
import { bindable, checkFamily } from "./hosts.ts";
import { absolutePath, unixPath } from "./paths.ts";
import type { StreamOptions } from "./stream_options.ts";

/** The largest backlog that listen(2) takes as it is; the kernel bounds it by somaxconn. */
const LARGEST_BACKLOG = 2 ** 31 - 1;

/** How to open a listener: everything but the backlog, which listen tells. */
export type Opener = (backlog: number) => Deno.Listener;

/** The way to open a listener on an address, again and again on the same port. */
export function openerOf(address: Address, family: number, options: StreamOptions): Opener {
  let port = family === AF_UNIX ? 0 : Number(address[1]);
  return (backlog) => {
    try {
      if (family === AF_UNIX) {
        // Deno unlinks the path at close, from the working directory of that time.
        return Deno.listen({ transport: "unix", path: absolutePath(unixPath(address, "bind")) });
      }
      const reusePort = options.get(SOL_SOCKET, SO_REUSEPORT) !== 0;
      const tcpBacklog = Math.min(Math.max(backlog, 0), LARGEST_BACKLOG);
      const listener = Deno.listen({ hostname: bindable(address, family), port, reusePort, tcpBacklog });
      port = checkFamily(listener, family, address).port;
      return listener;
    } catch (error) {
      throw fromDeno(error, { syscall: "bind", address });
    }
  };
}
