// Multicast of one socket: its groups, and the options of the multicast datagrams that it sends.
//
// setsockopt returns at once, and Deno's multicast calls return promises. So errors are found before the call where that
// is possible. Any other error (no route for multicast) is stored for the next call, as the kernel does with late errors.

import { parseIPv6 } from "../base/ip.ts";
import { errorFor } from "../base/errors.ts";
import type { BoundConn } from "./bound_conn.ts";

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

/** The multicast state of one socket. Before the socket is bound, calls are only stored; then they are all made. */
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
