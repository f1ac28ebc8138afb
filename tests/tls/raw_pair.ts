// A native TLS client whose peer is an engine. The test decides which bytes of the engine are sent.

import { create_server, IPPROTO_TCP, TCP_NODELAY } from "../../native.ts";
import type { Socket } from "../../mod.ts";
import type { SSLSocket, WrapSocketOptions } from "../../ssl.ts";
import { Authority } from "./authority.ts";
import { clientContext, dial, NATIVE, portOf, serverContext } from "./backends.ts";
import { RawEngine } from "./raw_engine.ts";

const authority = await Authority.create();
const identity = await authority.issue();

/** The client, the peer's plain socket and the peer's engine. */
export interface RawPair extends Disposable {
  near: SSLSocket;
  far: Socket;
  peer: RawEngine;
}

/** Connects a client, and makes the handshake. */
export async function rawPair(options: WrapSocketOptions = {}): Promise<RawPair> {
  using listener = create_server(["127.0.0.1", 0]);
  const [plain, [far]] = await Promise.all([dial(NATIVE, portOf(listener)), listener.accept()]);
  // Over loopback, what the peer sends is there at once.
  far.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
  const peer = new RawEngine(serverContext(NATIVE, identity), far as unknown as Socket, null);
  const context = clientContext(NATIVE, authority.cert);
  const [near] = await Promise.all([
    context.wrap_socket(plain, { server_hostname: "localhost", ...options }),
    peer.handshake(),
  ]);
  return {
    near,
    far: far as unknown as Socket,
    peer,
    [Symbol.dispose]() {
      near.close();
      far.close();
      peer.free();
    },
  };
}
