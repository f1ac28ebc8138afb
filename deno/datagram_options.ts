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
import { formatIPv4, formatIPv6, parseIPv6 } from "../base/ip.ts";
import type { BoundConn } from "./bound_conn.ts";
import { checkSettable, NATIVE_HINT, optionNumber, unknownOption } from "./options.ts";

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

// Multicast.

/** A group and the interface on which it is joined: its address for IPv4, its index for IPv6. */
export type Group =
  | { host: string; on: string }
  | { host: string; on: number };

type Membership = Deno.MulticastV4Membership | Deno.MulticastV6Membership;

interface Member {
  group: Group;
  /** Deno's object, once the group is joined. */
  membership: Membership | null;
}

/** Groups that every host belongs to, so that joining them for a moment has no effect. On the loopback interface. */
const EVERY_HOST: Group = { host: "224.0.0.1", on: "127.0.0.1" };
const EVERY_NODE: Group = { host: "ff01::1", on: 0 };

/**
 * The multicast state of one socket: its groups, and the options of the multicast datagrams that it sends. Calls before
 * bind are stored, and are made at bind.
 *
 * setsockopt returns at once, and Deno's multicast calls return promises. So errors are found before the call where that
 * is possible. Any other error (no route for multicast) is stored for the next call, as the kernel does with late errors.
 */
export class Multicast {
  readonly #members = new Map<string, Member>();
  #boundConn: BoundConn | null = null;
  /** The settings, by name. They are applied when the socket is bound. */
  readonly #settings = new Map<string, () => Promise<void>>();
  #busy = false;
  readonly #tasks: (() => Promise<void>)[] = [];

  /** Called when the socket was bound. */
  attach(boundConn: BoundConn): void {
    this.#boundConn = boundConn;
    for (const member of this.#members.values()) this.#queue(() => this.#joinGroup(member));
    for (const setting of this.#settings.values()) this.#queue(setting);
  }

  /** Runs tasks one after the other, the first one at once. No datagram is sent before they have ended. */
  #queue(task: () => Promise<void>): void {
    if (this.#boundConn === null) return;
    this.#tasks.push(task);
    if (!this.#busy) this.#boundConn.holdSends(this.#runTasks());
  }

  async #runTasks(): Promise<void> {
    this.#busy = true;
    try {
      // A task that fails (on an interface without multicast) does not stop the ones after it.
      const errors: unknown[] = [];
      for (let task; (task = this.#tasks.shift()) !== undefined;) await task().catch((error) => errors.push(error));
      if (errors.length > 0) throw errors[0];
    } finally {
      this.#busy = false;
    }
  }

  /** Joins a group. */
  join(group: Group): void {
    const key = keyOf(group);
    if (!isMulticast(group.host)) throw errorFor("EINVAL", { syscall: "setsockopt", address: group.host });
    if (this.#members.has(key)) throw errorFor("EADDRINUSE", { syscall: "setsockopt", address: group.host });
    checkInterface(group);
    const member: Member = { group, membership: null };
    this.#members.set(key, member);
    this.#queue(() => this.#joinGroup(member));
  }

  async #joinGroup(member: Member): Promise<void> {
    try {
      member.membership = await joinGroup(this.#boundConn!.conn, member.group);
    } catch (error) {
      // The socket is not in a group that it could not join.
      this.#members.delete(keyOf(member.group));
      throw error;
    }
  }

  /** Leaves a group. */
  leave(group: Group): void {
    // For IPv6, Linux checks first whether the address is a multicast address.
    if (group.host.includes(":") && !isMulticast(group.host)) {
      throw errorFor("EINVAL", { syscall: "setsockopt", address: group.host });
    }
    const member = this.#members.get(keyOf(group));
    if (member === undefined) throw errorFor("EADDRNOTAVAIL", { syscall: "setsockopt", address: group.host });
    this.#members.delete(keyOf(group));
    this.#queue(async () => await member.membership?.leave());
  }

  /** Sets how many hops IPv4 multicasts may travel. */
  setTTL(ttl: number): void {
    this.#set("ttl", EVERY_HOST, (membership) => (membership as Deno.MulticastV4Membership).setTTL(ttl));
  }

  /** Sets whether this host receives its own IPv4 multicasts. */
  setLoop4(loop: boolean): void {
    this.#set("loop4", EVERY_HOST, (membership) => membership.setLoopback(loop));
  }

  /** Sets whether this host receives its own IPv6 multicasts. */
  setLoop6(loop: boolean): void {
    this.#set("loop6", EVERY_NODE, (membership) => membership.setLoopback(loop));
  }

  /** Applies a setting. Deno offers it only on a membership, so a group is joined for a moment if the socket is in none. */
  #set(name: string, group: Group, apply: (membership: Membership) => Promise<void>): void {
    const setting = async () => {
      const own = this.#members.get(keyOf(group))?.membership;
      const membership = own ?? await joinGroup(this.#boundConn!.conn, group);
      await apply(membership);
      if (!own) await membership.leave();
    };
    this.#settings.set(name, setting);
    this.#queue(setting);
  }
}

function keyOf({ host, on }: Group): string {
  return `${host} ${on}`;
}

function joinGroup(
  conn: Deno.DatagramConn,
  { host, on }: Group,
): Promise<Membership> {
  return typeof on === "number" ? conn.joinMulticastV6(host, on) : conn.joinMulticastV4(host, on);
}

/** Whether a canonical literal is a multicast address. */
export function isMulticast(host: string): boolean {
  if (host.includes(":")) return parseIPv6(host)![0] === 0xff;
  const first = Number(host.split(".", 1)[0]);
  return first >= 224 && first < 240;
}

/** Throws ENODEV for an interface that does not exist. Binding to it shows that, if the permission allows it. */
function checkInterface({ host, on }: Group): void {
  if (on === 0 || on === "0.0.0.0") return;
  const allowed = Deno.permissions.querySync({ name: "net", host: `${typeof on === "number" ? `[${host}]` : on}:0` });
  if (allowed.state !== "granted") return;
  try {
    const hostname = typeof on === "number" ? `ff02::1%${on}` : on;
    Deno.listenDatagram({ transport: "udp", hostname, port: 0 }).close();
  } catch {
    throw errorFor("ENODEV", { syscall: "setsockopt", address: on });
  }
}
