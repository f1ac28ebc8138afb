// Datagrams that are longer than a link's MTU. The sender cuts them into fragments, and the receiver joins the fragments. If
// one fragment is lost, the datagram is lost.

import { FRAGMENT_HEADER, ipHeader, isIPv6, sizeOf, UDP_HEADER } from "./packet.ts";
import type { Datagram, Fragment } from "./packet.ts";
import { SECOND } from "../time/units.ts";

/** How long fragments wait for the others (Linux's net.ipv4.ipfrag_time). */
const PATIENCE = 30 * SECOND;
/** How many bytes of incomplete datagrams a host keeps (Linux's net.ipv4.ipfrag_high_thresh). */
const MOST_BYTES = 4 * 2 ** 20;

/** A datagram as the packets that fit a link. */
export function fragment(whole: Datagram, mtu: number): (Datagram | Fragment)[] {
  if (sizeOf(whole) <= mtu) return [whole];
  const { source, destination, ttl, data } = whole;
  const headers = ipHeader(destination) + (isIPv6(destination) ? FRAGMENT_HEADER : 0);
  // Every fragment but the last carries a multiple of eight bytes.
  const most = Math.floor((mtu - headers) / 8) * 8;
  const length = UDP_HEADER + data.length;
  const fragments: Fragment[] = [];
  for (let offset = 0; offset < length; offset += most) {
    const size = Math.min(most, length - offset);
    const last = offset + size === length;
    fragments.push({ protocol: "fragment", source, destination, ttl, whole, offset, length: size, last });
  }
  return fragments;
}

/** A datagram of which only some fragments have arrived. */
interface Incomplete {
  readonly offsets: Set<number>;
  readonly since: number;
  bytes: number;
}

/** Joins the fragments that arrive on one host. */
export class Reassembly {
  readonly #incomplete = new Map<Datagram, Incomplete>();
  #bytes = 0;

  /** Takes a fragment. Returns the datagram when it is complete. */
  add(fragment: Fragment, now: number): Datagram | undefined {
    this.#expire(now);
    const { whole, offset, length } = fragment;
    let found = this.#incomplete.get(whole);
    if (found === undefined) this.#incomplete.set(whole, found = { offsets: new Set(), since: now, bytes: 0 });
    if (found.offsets.has(offset)) return undefined;
    found.offsets.add(offset);
    found.bytes += length;
    this.#bytes += length;
    if (found.bytes < UDP_HEADER + whole.data.length) return undefined;
    this.#drop(whole, found);
    return whole;
  }

  #expire(now: number): void {
    // A map iterates in the order of insertion, so the oldest datagrams come first.
    for (const [whole, found] of this.#incomplete) {
      if (now - found.since < PATIENCE && this.#bytes <= MOST_BYTES) return;
      this.#drop(whole, found);
    }
  }

  #drop(whole: Datagram, found: Incomplete): void {
    this.#incomplete.delete(whole);
    this.#bytes -= found.bytes;
  }
}
