// Multicast of one socket: the groups that it is in, and how its own multicasts travel.
//
// setsockopt answers at once, Deno's multicast calls are promises: what can go wrong is found out before, what
// is left (no route for multicast at all) is told by the next call, as the kernel does with what it learns late.

import { parseIPv6 } from "../base/ip.ts";
import { errorFor } from "../base/errors.ts";
import type { Mailbox } from "./mailbox.ts";

/** A group, and where it is joined: an interface's address for IPv4, its index for IPv6. */
export type Group =
  | { host: string; on: string }
  | { host: string; on: number };

type Membership = Deno.MulticastV4Membership | Deno.MulticastV6Membership;

interface Member {
  group: Group;
  /** Deno's word of it, once it is there. */
  membership: Membership | null;
}

/** A group that a socket may be in for a moment without any effect: every host is in it. On the loopback interface. */
const EVERY_HOST: Group = { host: "224.0.0.1", on: "127.0.0.1" };
const EVERY_NODE: Group = { host: "ff01::1", on: 0 };

/** The multicast side of one socket. Before it is bound there is nothing to tell; then all is told at once. */
export class Multicast {
  readonly #members = new Map<string, Member>();
  #mailbox: Mailbox | null = null;
  /** What was set and may not have reached Deno yet, by what it sets. */
  readonly #settings = new Map<string, () => Promise<void>>();
  #busy = false;
  readonly #tasks: (() => Promise<void>)[] = [];

  /** The socket was bound. */
  attach(mailbox: Mailbox): void {
    this.#mailbox = mailbox;
    for (const member of this.#members.values()) this.#do(() => this.#enroll(member));
    for (const setting of this.#settings.values()) this.#do(setting);
  }

  /** Does one thing after the other, the first at once, and lets no datagram overtake them. */
  #do(task: () => Promise<void>): void {
    if (this.#mailbox === null) return;
    this.#tasks.push(task);
    if (!this.#busy) this.#mailbox.hold(this.#work());
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      // One that fails, an interface without multicast say, is no reason to leave out those behind it.
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
    this.#do(() => this.#enroll(member));
  }

  async #enroll(member: Member): Promise<void> {
    try {
      member.membership = await enter(this.#mailbox!.conn, member.group);
    } catch (error) {
      // A group that could not be joined is not one that the socket is in.
      this.#members.delete(keyOf(member.group));
      throw error;
    }
  }

  /** Leaves a group. */
  leave(group: Group): void {
    // Of an IPv6 address Linux says first that it is no group.
    if (group.host.includes(":") && !isMulticast(group.host)) {
      throw errorFor("EINVAL", { syscall: "setsockopt", address: group.host });
    }
    const member = this.#members.get(keyOf(group));
    if (member === undefined) throw errorFor("EADDRNOTAVAIL", { syscall: "setsockopt", address: group.host });
    this.#members.delete(keyOf(group));
    this.#do(async () => await member.membership?.leave());
  }

  /** Sets how far IPv4 multicasts travel. */
  setTTL(ttl: number): void {
    this.#set("ttl", EVERY_HOST, (membership) => (membership as Deno.MulticastV4Membership).setTTL(ttl));
  }

  /** Sets whether this host gets its own IPv4 multicasts. */
  setLoop4(loop: boolean): void {
    this.#set("loop4", EVERY_HOST, (membership) => membership.setLoopback(loop));
  }

  /** Sets whether this host gets its own IPv6 multicasts. */
  setLoop6(loop: boolean): void {
    this.#set("loop6", EVERY_NODE, (membership) => membership.setLoopback(loop));
  }

  /** Deno offers the socket's settings on its membership of a group only: one is taken for the moment. */
  #set(name: string, group: Group, apply: (membership: Membership) => Promise<void>): void {
    const setting = async () => {
      const own = this.#members.get(keyOf(group))?.membership;
      const membership = own ?? await enter(this.#mailbox!.conn, group);
      await apply(membership);
      if (!own) await membership.leave();
    };
    this.#settings.set(name, setting);
    this.#do(setting);
  }
}

function keyOf({ host, on }: Group): string {
  return `${host} ${on}`;
}

function enter(
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

/** Throws ENODEV for an interface that is not there: to bind to one tells it, where that is allowed. */
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
