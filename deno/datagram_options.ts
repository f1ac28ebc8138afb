// Socket options of datagram sockets on Deno's net API, with POSIX's defaults. Deno's defaults differ: it allows
// broadcasts, and does not loop multicast datagrams back to their own host.

import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  IPV6_MULTICAST_LOOP,
  SO_BROADCAST,
  SO_KEEPALIVE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOL_SOCKET,
} from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import { formatIPv4, formatIPv6 } from "../base/ip.ts";
import { Multicast } from "./multicast.ts";
import type { Group } from "./multicast.ts";
import { checkSettable, optionNumber, unknownOption } from "./options.ts";
import { NATIVE_HINT } from "./refusals.ts";

/** Flags of SOL_SOCKET. They are kept here, and passed to Deno at bind if it has an option for them. */
const FLAGS = [SO_REUSEADDR, SO_REUSEPORT, SO_BROADCAST, SO_KEEPALIVE];

/** The options of one datagram socket. */
export class DatagramOptions {
  readonly multicast: Multicast = new Multicast();
  readonly #family: number;
  readonly #set = new Set<number>();
  #ttl = 1;
  #loop4 = 1;
  #loop6 = 1;

  constructor(family: number) {
    this.#family = family;
  }

  /** The options that Deno takes when it binds a UDP socket. */
  get listening(): { reuseAddress: boolean; loopback: boolean } {
    // Deno has one option for both: it sets SO_REUSEADDR on Linux, and SO_REUSEPORT on BSD and macOS.
    const reuseAddress = this.#set.has(SO_REUSEADDR) || this.#set.has(SO_REUSEPORT);
    return { reuseAddress, loopback: (this.#family === AF_INET ? this.#loop4 : this.#loop6) !== 0 };
  }

  /** Whether broadcasts may be sent. */
  get broadcast(): boolean {
    return this.#set.has(SO_BROADCAST);
  }

  /** The value of an option. */
  get(level: number, name: number): number {
    if (level === SOL_SOCKET && FLAGS.includes(name)) return this.#set.has(name) ? 1 : 0;
    if (level !== SOL_SOCKET && (this.#family === AF_UNIX || (level === IPPROTO_IPV6 && this.#family === AF_INET))) {
      throw errorFor("EOPNOTSUPP", { syscall: "getsockopt" });
    }
    if (level === IPPROTO_IP && name === IP_MULTICAST_TTL) return this.#ttl;
    if (level === IPPROTO_IP && name === IP_MULTICAST_LOOP) return this.#loop4;
    if (level === IPPROTO_IPV6 && name === IPV6_MULTICAST_LOOP) return this.#loop6;
    throw unknownOption("getsockopt", level, name);
  }

  /** Sets an option. */
  set(level: number, name: number, value: number | Uint8Array): void {
    if (level === SOL_SOCKET) this.#setFlag(name, value);
    else if (this.#family === AF_UNIX) throw errorFor("EOPNOTSUPP", { syscall: "setsockopt" });
    else if (level === IPPROTO_IP) this.#setIP(name, value);
    else if (level === IPPROTO_IPV6 && this.#family === AF_INET6) this.#setIPv6(name, value);
    else throw unknownOption("setsockopt", level, name);
  }

  #setFlag(name: number, value: number | Uint8Array): void {
    checkSettable(name);
    if (!FLAGS.includes(name)) throw unknownOption("setsockopt", SOL_SOCKET, name);
    const on = optionNumber(value) !== 0;
    if (on && name === SO_REUSEPORT && this.#family === AF_UNIX) {
      throw errorFor("EOPNOTSUPP", { syscall: "setsockopt" });
    }
    if (on) this.#set.add(name);
    else this.#set.delete(name);
  }

  #setIP(name: number, value: number | Uint8Array): void {
    if (name === IP_ADD_MEMBERSHIP) this.multicast.join(group4(value));
    else if (name === IP_DROP_MEMBERSHIP) this.multicast.leave(group4(value));
    else if (name === IP_MULTICAST_TTL) {
      const ttl = numberOrByte(value);
      if (ttl < -1 || ttl > 255) throw errorFor("EINVAL", { syscall: "setsockopt" });
      this.#ttl = ttl === -1 ? 1 : ttl;
      this.multicast.setTTL(this.#ttl);
    } else if (name === IP_MULTICAST_LOOP) {
      this.#loop4 = numberOrByte(value) === 0 ? 0 : 1;
      this.multicast.setLoop4(this.#loop4 !== 0);
    } else throw unknownOption("setsockopt", IPPROTO_IP, name);
  }

  #setIPv6(name: number, value: number | Uint8Array): void {
    if (name === IPV6_JOIN_GROUP) this.multicast.join(group6(value));
    else if (name === IPV6_LEAVE_GROUP) this.multicast.leave(group6(value));
    else if (name === IPV6_MULTICAST_LOOP) {
      const loop = optionNumber(value);
      if (loop !== 0 && loop !== 1) throw errorFor("EINVAL", { syscall: "setsockopt" });
      this.#loop6 = loop;
      this.multicast.setLoop6(loop !== 0);
    } else throw unknownOption("setsockopt", IPPROTO_IPV6, name);
  }
}

/** IPPROTO_IP takes numbers as an int or as one byte. */
function numberOrByte(value: number | Uint8Array): number {
  return typeof value !== "number" && value.length > 0 && value.length < 4 ? value[0] : optionNumber(value);
}

/** Reads struct ip_mreq { imr_multiaddr, imr_interface }, or ip_mreqn, which has an interface's index after them. */
function group4(value: number | Uint8Array): Group {
  if (typeof value === "number" || value.length < 8) throw errorFor("EINVAL", { syscall: "setsockopt" });
  if (value.length >= 12 && indexAt(value, 8) !== 0) {
    throw errorFor("EOPNOTSUPP", { syscall: "setsockopt", hint: `interface by index: ${NATIVE_HINT}` });
  }
  return { host: formatIPv4(value.subarray(0, 4)), on: formatIPv4(value.subarray(4, 8)) };
}

/** Reads struct ipv6_mreq { ipv6mr_multiaddr, ipv6mr_interface }. */
function group6(value: number | Uint8Array): Group {
  if (typeof value === "number" || value.length < 20) throw errorFor("EINVAL", { syscall: "setsockopt" });
  return { host: formatIPv6(value.subarray(0, 16)), on: indexAt(value, 16) };
}

/** An int in the byte order of the platform, which is little-endian on every platform of Deno. */
function indexAt(value: Uint8Array, offset: number): number {
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getInt32(offset, true);
}
