// TLS over a transport that the test controls. No network and no kernel takes part.

import { POLLIN, POLLOUT } from "../../base/poll.ts";
import type { Clock } from "../../seam/clock.ts";
import { WOULD_BLOCK } from "../../seam/transport.ts";
import type { Caller, Transport, Waiter, WouldBlock } from "../../seam/transport.ts";
import { Waiters } from "../../seam/waiters.ts";
import { engineOf } from "../../tls/engines.ts";
import { requestFor } from "../../tls/request.ts";
import type { SecureTransport } from "../../tls/transport.ts";
import { Authority } from "./authority.ts";
import { clientContext, NATIVE, serverContext } from "./backends.ts";
import { RawEngine } from "./raw_engine.ts";

const authority = await Authority.create();
const identity = await authority.issue();

const NOT_CONNECTED = null as never;

/** The transport below TLS. It wakes waiters only when the test says so. */
export class Controlled {
  /** The bytes that arrive. */
  incoming: number[] = [];
  /** The bytes that were sent. */
  sent: number[] = [];
  /** How many bytes it takes. */
  room = Infinity;
  /** The error of sends after a reset. Receives then return the end of the stream, because the kernel reports an error once. */
  reset: Error | undefined;
  /** How many bytes the peer has acknowledged. */
  acknowledged = 0;
  closed = false;
  /** The waiters that are registered. */
  readonly waiters = new Waiters();

  recvInto(_caller: Caller, view: Uint8Array): number | WouldBlock {
    if (this.incoming.length === 0) return this.reset === undefined ? WOULD_BLOCK : 0;
    const bytes = this.incoming.splice(0, view.length);
    view.set(bytes);
    return bytes.length;
  }
  send(_caller: Caller, data: Uint8Array): number | WouldBlock {
    if (this.reset !== undefined) throw this.reset;
    const count = Math.min(data.length, this.room);
    if (count === 0) return WOULD_BLOCK;
    this.room -= count;
    this.sent.push(...data.subarray(0, count));
    return count;
  }
  events(mask: number): number {
    return mask & ((this.incoming.length > 0 ? POLLIN : 0) | (this.room > 0 ? POLLOUT : 0));
  }
  watch(mask: number, waiter: Waiter): void {
    this.waiters.add(mask, waiter);
  }
  unwatch(waiter: Waiter): void {
    this.waiters.remove(waiter);
  }
  getsockopt(_level: number, _name: number, size: number): Uint8Array {
    const info = new Uint8Array(size);
    new DataView(info.buffer).setBigUint64(120, BigInt(this.acknowledged), true);
    return info;
  }
  forget(): void {}
  close(): void {
    this.closed = true;
  }
}

/** A client's TLS transport, the transport below it, and the peer's engine. */
export interface ControlledPair extends Disposable {
  near: SecureTransport;
  below: Controlled;
  peer: RawEngine;
  /** The peer encrypts a text, which arrives below. */
  deliver(text: string): void;
}

/** Makes a connection whose handshake is done. */
export function controlledPair(clock: Clock): ControlledPair {
  const pair = startedPair(clock);
  const { near, below, peer } = pair;
  while (near.handshake() === WOULD_BLOCK || !peer.engine.handshake()) {
    peer.incoming.write(Uint8Array.from(below.sent.splice(0)));
    peer.engine.handshake();
    below.incoming.push(...peer.outgoing.read());
  }
  return pair;
}

/** Makes a connection before its handshake. */
export function startedPair(clock: Clock): ControlledPair {
  const context = clientContext(NATIVE, authority.cert);
  const below = new Controlled();
  const engine = requestFor(context, false, "localhost", null, () => ({ context }));
  const request = { engine, suppressRaggedEofs: false, handshakeOnConnect: true, clock };
  const near = engineOf(context).secure(below as unknown as Transport, request);
  const peer = new RawEngine(serverContext(NATIVE, identity), NOT_CONNECTED, null);
  near.start();
  return {
    near,
    below,
    peer,
    deliver(text) {
      peer.engine.write(new TextEncoder().encode(text));
      below.incoming.push(...peer.outgoing.read());
    },
    [Symbol.dispose]() {
      near.close();
      peer.free();
    },
  };
}
