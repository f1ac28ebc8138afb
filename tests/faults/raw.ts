// Peers that misbehave. They are native sockets for both real backends. A peer that crashed sends a RST without a FIN. Only
// SO_LINGER can do that: Deno's close always sends a FIN before the RST (measured).

import type { Socket } from "../../mod.ts";
import * as native from "../../native.ts";
import type { Module } from "../conformance/fixtures.ts";
import { simulated } from "../_sim.ts";

/** Returns the module of the peers for the sockets of a module. */
export function peersOf(m: Module): Module {
  return m === simulated.module ? m : native as unknown as Module;
}

/** A socket under test whose peer misbehaves on demand. */
export class PeerPair implements Disposable {
  readonly sock: Socket;
  readonly peer: Socket;

  private constructor(sock: Socket, peer: Socket) {
    this.sock = sock;
    this.peer = peer;
  }

  /** Connects a client to such a peer. */
  static async client(m: Module): Promise<PeerPair> {
    using listener = peersOf(m).create_server(["127.0.0.1", 0]);
    const sock = m.socket();
    await sock.connect(listener.getsockname());
    const [peer] = await listener.accept();
    return new PeerPair(sock, peer);
  }

  /** Accepts a connection from such a peer. */
  static async accepted(m: Module): Promise<PeerPair> {
    using server = m.create_server(["127.0.0.1", 0]);
    const peer = peersOf(m).socket();
    await peer.connect(server.getsockname());
    const [sock] = await server.accept();
    return new PeerPair(sock, peer);
  }

  /** Makes the peer reset the connection. */
  reset(): void {
    reset(this.peer);
  }

  [Symbol.dispose](): void {
    this.sock.close();
    this.peer.close();
  }
}

/** Closes a native socket with a reset (struct linger: on, 0 seconds). */
export function reset(peer: Socket): void {
  peer.setsockopt(native.SOL_SOCKET, native.SO_LINGER, new Int32Array([1, 0]));
  peer.close();
}

/** Sends until the kernel's buffers are full. Returns the number of bytes sent. */
export async function fill(sock: Socket): Promise<number> {
  const data = new Uint8Array(65536);
  const timeout = sock.gettimeout();
  sock.setblocking(false);
  let total = 0;
  try {
    for (;;) total += await sock.send(data);
  } catch (error) {
    if ((error as { code?: string }).code !== "EAGAIN") throw error;
  } finally {
    sock.settimeout(timeout);
  }
  return total;
}

/** Receives to the end of the stream. Returns the number of bytes received. */
export async function drain(sock: Socket): Promise<number> {
  let total = 0;
  for await (const chunk of sock) total += chunk.length;
  return total;
}

/** Lets the event loop turn, so that every backend learns what the kernel knows. */
export async function turn(times = 200): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise((resolve) => setImmediate(resolve));
}
