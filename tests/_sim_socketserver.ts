// The socketserver entry of a simulated host, for the suite that runs over all backends.

import { AF_UNIX } from "../base/constants.ts";
import type { Socket, WaitOptions } from "../mod.ts";
import * as standard from "../socketserver.ts";
import type { ServerModule } from "./conformance/socketserver.ts";
import { simulated } from "./_sim.ts";

const { module } = simulated;
const { StreamServer, DatagramServer, ThreadingMixIn } = standard;

/** Waits with the `select` of the simulated host. */
async function isReady(server: { fileno(): number }, timeout: number | null, options: WaitOptions): Promise<boolean> {
  return (await module.select([server], [], [], timeout, options))[0].length > 0;
}

class TCPServer extends StreamServer {
  override open(family: number, type: number): Socket {
    return module.socket(family, type);
  }
  protected override wait_for_request(timeout: number | null, options: WaitOptions): Promise<boolean> {
    return isReady(this, timeout, options);
  }
}

class UDPServer extends DatagramServer {
  override open(family: number, type: number): Socket {
    return module.socket(family, type);
  }
  protected override wait_for_request(timeout: number | null, options: WaitOptions): Promise<boolean> {
    return isReady(this, timeout, options);
  }
}

class UnixStreamServer extends TCPServer {
  static override address_family: number = AF_UNIX;
}

class UnixDatagramServer extends UDPServer {
  static override address_family: number = AF_UNIX;
}

/** The names of socketserver, with servers on the simulated host. */
export const simulatedServers: ServerModule = {
  ...standard,
  TCPServer,
  UDPServer,
  UnixStreamServer,
  UnixDatagramServer,
  ThreadingTCPServer: ThreadingMixIn(TCPServer),
  ThreadingUDPServer: ThreadingMixIn(UDPServer),
  ThreadingUnixStreamServer: ThreadingMixIn(UnixStreamServer),
  ThreadingUnixDatagramServer: ThreadingMixIn(UnixDatagramServer),
};
