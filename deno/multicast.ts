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

interface Member {
  group: Group;
  handle: Promise<Deno.MulticastV4Membership | Deno.MulticastV6Membership> | null;
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
  #last: Promise<unknown> = Promise.resolve();

  /** The socket was bound. */
  attach(mailbox: Mailbox): void {
    this.#mailbox = mailbox;
    for (const member of this.#members.values()) this.#enroll(member);
    for (const setting of this.#settings.values()) this.#do(setting);
  }

  /** Does one thing after the other, and lets no datagram overtake them. */
  #do<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => {});
    this.#mailbox!.hold(done);
    return done;
  }

  /** Joins a group. */
  join(group: Group): void {
    const key = `${group.host} ${group.on}`;
    if (!isMulticast(group.host)) throw errorFor("EINVAL", { syscall: "setsockopt", address: group.host });
    if (this.#members.has(key)) throw errorFor("EADDRINUSE", { syscall: "setsockopt", address: group.host });
    checkInterface(group);
    const member: Member = { group, handle: null };
    this.#members.set(key, member);
    if (this.#mailbox !== null) this.#enroll(member);
  }

  #enroll(member: Member): void {
    member.handle = this.#do(() => enter(this.#mailbox!.conn, member.group));
    // A group that could not be joined is not one that the socket is in.
    member.handle.catch(() => this.#members.delete(`${member.group.host} ${member.group.on}`));
  }

  /** Leaves a group. */
  leave(group: Group): void {
    const key = `${group.host} ${group.on}`;
    const member = this.#members.get(key);
    if (member === undefined) throw errorFor("EADDRNOTAVAIL", { syscall: "setsockopt", address: group.host });
    this.#members.delete(key);
    const { handle } = member;
    if (handle !== null) this.#do(async () => await (await handle).leave());
  }

  /** Sets how far IPv4 multicasts travel. */
  setTTL(ttl: number): void {
    this.#set("ttl", EVERY_HOST, (handle) => (handle as Deno.MulticastV4Membership).setTTL(ttl));
  }

  /** Sets whether this host gets its own IPv4 multicasts. */
  setLoop4(loop: boolean): void {
    this.#set("loop4", EVERY_HOST, (handle) => handle.setLoopback(loop));
  }

  /** Sets whether this host gets its own IPv6 multicasts. */
  setLoop6(loop: boolean): void {
    this.#set("loop6", EVERY_NODE, (handle) => handle.setLoopback(loop));
  }

  /** Deno offers the socket's settings on its membership of a group only: one is taken for the moment. */
  #set(name: string, group: Group, apply: (handle: Deno.MulticastV4Membership) => Promise<void>): void {
    const setting = async () => {
      const own = this.#members.get(`${group.host} ${group.on}`)?.handle;
      const handle = await (own ?? enter(this.#mailbox!.conn, group)) as Deno.MulticastV4Membership;
      await apply(handle);
      if (own === undefined || own === null) await handle.leave();
    };
    this.#settings.set(name, setting);
    if (this.#mailbox !== null) this.#do(setting);
  }
}

function enter(
  conn: Deno.DatagramConn,
  { host, on }: Group,
): Promise<Deno.MulticastV4Membership | Deno.MulticastV6Membership> {
  return typeof on === "number" ? conn.joinMulticastV6(host, on) : conn.joinMulticastV4(host, on);
}

/** Whether a canonical literal is a multicast address. */
function isMulticast(host: string): boolean {
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
