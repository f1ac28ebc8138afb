// The options by which a socket joins and leaves multicast groups.

import * as c from "../../base/constants.ts";
import type { ErrnoName } from "../../base/errno.ts";
import { errorFor } from "../../base/errors.ts";
import { formatIPv4, formatIPv6 } from "../../base/ip.ts";
import { isMulticast } from "../net/addresses.ts";
import type { Kernel } from "../net/kernel.ts";

/** The index of the loopback interface. */
export const LOOPBACK_INDEX = 1;
/** The index of the interface for all links. */
export const NETWORK_INDEX = 2;

function refuse(code: ErrnoName, address?: string) {
  return errorFor(code, { syscall: "setsockopt", address });
}

/** Reads an int from a structure. */
function indexAt(value: Uint8Array, offset: number): number {
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getInt32(offset, true);
}

/** A group, and the index of the interface on which it was joined. */
export interface Membership {
  readonly group: string;
  readonly index: number;
}

/** The memberships of one socket. */
export class Memberships {
  readonly #kernel: Kernel;
  readonly #joined: Membership[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Joins or leaves a group by an option. Returns false for other options. */
  set(level: number, name: number, value: number | Uint8Array): boolean {
    if (level === c.IPPROTO_IP && (name === c.IP_ADD_MEMBERSHIP || name === c.IP_DROP_MEMBERSHIP)) {
      const membership = this.#read4(value);
      if (name === c.IP_ADD_MEMBERSHIP) this.#join(membership);
      else this.#leave(membership);
      return true;
    }
    if (level === c.IPPROTO_IPV6 && (name === c.IPV6_JOIN_GROUP || name === c.IPV6_LEAVE_GROUP)) {
      const membership = this.#read6(value);
      if (name === c.IPV6_JOIN_GROUP) this.#join(membership);
      else {
        if (!isMulticast(membership.group)) throw refuse("EINVAL", membership.group);
        this.#leave(membership);
      }
      return true;
    }
    return false;
  }

  /** Reads a struct ip_mreq (imr_multiaddr, imr_interface), or an ip_mreqn, which has an interface index too. */
  #read4(value: number | Uint8Array): Membership {
    if (typeof value === "number" || value.length < 8) throw refuse("EINVAL");
    const group = formatIPv4(value.subarray(0, 4));
    const address = formatIPv4(value.subarray(4, 8));
    if (value.length >= 12 && indexAt(value, 8) !== 0) return { group, index: this.#checkIndex(indexAt(value, 8)) };
    const index = interfaceOf(this.#kernel, address) ?? -1;
    return { group, index: index === 0 ? NETWORK_INDEX : index };
  }

  /** Reads a struct ipv6_mreq (ipv6mr_multiaddr, ipv6mr_interface). */
  #read6(value: number | Uint8Array): Membership {
    if (typeof value === "number" || value.length < 20) throw refuse("EINVAL");
    return { group: formatIPv6(value.subarray(0, 16)), index: indexAt(value, 16) };
  }

  #checkIndex(index: number): number {
    return index === LOOPBACK_INDEX || index === NETWORK_INDEX ? index : -1;
  }

  /** Returns the latest membership in a group on an interface. For IPv6, index 0 means any interface, as in Linux. */
  #find({ group, index }: Membership): Membership | undefined {
    return this.#joined.findLast((member) => member.group === group && (index === 0 || member.index === index));
  }

  #join(membership: Membership): void {
    const { group, index } = membership;
    if (!isMulticast(group)) throw refuse("EINVAL", group);
    if (index !== 0 && this.#checkIndex(index) < 0) throw refuse("ENODEV", group);
    if (this.#find(membership) !== undefined) throw refuse("EADDRINUSE", group);
    const joined = { group, index: index === 0 ? NETWORK_INDEX : index };
    this.#joined.push(joined);
    this.#kernel.udp.groups.join(joined);
  }

  #leave(membership: Membership): void {
    const found = this.#find(membership);
    if (found === undefined) throw refuse("EADDRNOTAVAIL", membership.group);
    this.#joined.splice(this.#joined.indexOf(found), 1);
    this.#kernel.udp.groups.leave(found);
  }

  /** Leaves all groups when the socket is closed. */
  clear(): void {
    for (const membership of this.#joined.splice(0)) this.#kernel.udp.groups.leave(membership);
  }
}

/** Returns the index of the interface with an IPv4 address: 0 for 0.0.0.0, undefined if no interface has it. */
export function interfaceOf(kernel: Kernel, address: string): number | undefined {
  if (address === "0.0.0.0") return 0;
  if (address.startsWith("127.")) return LOOPBACK_INDEX;
  return kernel.host.addresses.includes(address) ? NETWORK_INDEX : undefined;
}
