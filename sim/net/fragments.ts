// Datagrams that are longer than a link's MTU. The sender splits them into fragments, and the receiver joins these. If one
// fragment is lost, the datagram is lost.

import { FRAGMENT_HEADER, ipHeader, isIPv6, sizeOf, UDP_HEADER } from "./packet.ts";
import type { Datagram, Fragment } from "./packet.ts";
import { SECOND } from "../time/units.ts";

/** How long fragments are kept while others are missing (Linux's net.ipv4.ipfrag_time). */
const REASSEMBLY_TIMEOUT = 30 * SECOND;
/** The largest number of bytes of incomplete datagrams on a host (Linux's net.ipv4.ipfrag_high_thresh). */
const MOST_BYTES = 4 * 2 ** 20;

/** Splits a datagram into fragments for an MTU. Returns a datagram that needs no fragments unchanged. */
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

  /** Stores a fragment. Returns the datagram if it is complete now. */
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
      if (now - found.since < REASSEMBLY_TIMEOUT && this.#bytes <= MOST_BYTES) return;
      this.#drop(whole, found);
    }
  }

  #drop(whole: Datagram, found: Incomplete): void {
    this.#incomplete.delete(whole);
    this.#bytes -= found.bytes;
  }
}
