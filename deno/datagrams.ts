// Datagrams (UDP and AF_UNIX) over Deno.listenDatagram: the states of a datagram socket, and what each call means
// in each state, as the kernel has it. What travels is in mailbox.ts, options in datagram_options.ts.
//
// What cannot be known through Deno and so differs from the kernel: Deno's sockets are never connected, so a
// connected one does not hear that its peer refuses (ECONNREFUSED by ICMP), a stranger's Unix datagram is dropped
// here instead of refused there (EPERM), and datagrams that were queued before connect are filtered too.

import { isLoopback, loopback } from "../base/addresses.ts";
import type { Address } from "../base/addresses.ts";
import {
  AF_INET,
  AF_UNIX,
  IPPROTO_IP,
  MSG_CONFIRM,
  MSG_DONTWAIT,
  MSG_EOR,
  MSG_NOSIGNAL,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_WR,
  SO_ACCEPTCONN,
  SO_ERROR,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../base/constants.ts";
import { copyOf, gather, scatter } from "../base/data.ts";
import type { Bytes } from "../base/data.ts";
import { errorFor } from "../base/errors.ts";
import { asciiOf } from "../base/ip.ts";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import { Waiters } from "../seam/waiters.ts";
import type { Accepted, AncillaryData, Caller, Received, Transport, Waiter, WouldBlock } from "../seam/transport.ts";
import {
  allowed,
  anyAddress,
  autobindName,
  checkPeerPath,
  destination,
  fromAddr,
  requireAbstract,
  samePath,
  scoped,
  secretName,
  unixPath,
} from "./addresses.ts";
import { bindDatagrams } from "./endpoints.ts";
import { DatagramOptions } from "./datagram_options.ts";
import { errnoOf } from "./errors.ts";
import { Mailbox } from "./mailbox.ts";
import type { Arrival } from "./mailbox.ts";
import { checkAncillary, checkFlags, checkHow, checkUnstableNet, kindOption, optionValue } from "./options.ts";
import { Probes } from "./unix_datagrams.ts";
import { denoResolver } from "./resolver.ts";

/** What receives may be asked for here; the other flags need the kernel. */
const RECEIVE_FLAGS = MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL | MSG_TRUNC;
/** What sends may be asked for here; the last two say nothing to a datagram. */
const SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_CONFIRM | MSG_EOR;

const EMPTY = new Uint8Array(0);

/** A datagram socket of the default backend. */
export class DatagramTransport implements Transport {
  readonly family: number;
  readonly type: number = SOCK_DGRAM;
  readonly proto: number;

  readonly #waiters = new Waiters();
  readonly #options: DatagramOptions;
  #mailbox: Mailbox | null = null;
  #name: Address;
  #peer: Address | null = null;
  /** The last host that was a literal: most datagrams go where the last one went. */
  #literal: string | null = null;
  /** Names that may be sent to where their addresses may not: by address. */
  readonly #names = new Map<string, string>();
  #readClosed = false;
  /** The turns of callers for which the kernel was asked what came before SHUT_RD. */
  readonly #asked = new WeakMap<Caller, number>();
  #writeClosed = false;
  readonly #probes = new Probes(() => this.#waiters.wake(POLLOUT));
  #references = 1;
  #referenced = true;

  constructor(family: number, proto: number) {
    this.family = family;
    this.proto = proto;
    this.#options = new DatagramOptions(family);
    this.#name = anyAddress(family);
  }

  // Addresses.

  bind(address: Address): void {
    if (this.#mailbox !== null) {
      // A Unix socket that has a name keeps it when it is asked to take any.
      if (address === "") return;
      throw errorFor("EINVAL", { syscall: "bind", address });
    }
    this.#claim(address === "" ? autobindName() : address);
  }

  #claim(address: Address): void {
    const [conn, name] = bindDatagrams(address, this.family, this.#options.listening);
    this.#name = name;
    this.#mailbox = new Mailbox(conn, this.#waiters, this.#referenced, (from) => this.#accepts(from));
    this.#options.multicast.attach(this.#mailbox);
    if (this.#waiters.wait(POLLIN)) this.#mailbox.receiveAhead();
  }

  #claimSecret(): void {
    requireAbstract(
      "a Unix datagram socket that is bound to no path gets an abstract name, and no single one can be granted; " +
        "bind it to a path that is",
    );
    this.#claim(secretName("unnamed"));
  }

  /**
   * The mailbox, which an unbound socket gets with its first datagram. A Unix socket stays without a name then,
   * which Deno cannot do: it gets one that cannot be guessed.
   */
  #bound(to: Address): Mailbox {
    if (this.#mailbox === null && this.family === AF_UNIX) this.#claimSecret();
    else if (this.#mailbox === null) {
      const everywhere = anyAddress(this.family);
      // To talk to this host alone, its loopback address is enough where no more was granted.
      const local = isLoopback(String(to[0])) && !allowed(String(everywhere[0]), 0);
      this.#claim(local ? [loopback(this.family), 0] : everywhere);
    }
    return this.#mailbox!;
  }

  getsockname(): Address {
    const [host, ...rest] = this.#name as [string, number];
    // Connecting to this host gives a socket on every interface the loopback address.
    const everywhere = this.#mailbox !== null && host === anyAddress(this.family)[0] && this.family !== AF_UNIX;
    const local = everywhere && this.#peer !== null && isLoopback(this.#peer[0] as string);
    return (local ? [loopback(this.family), ...rest] : this.#name) as Address;
  }

  getpeername(): Address {
    if (this.#peer === null || this.#peer[1] === 0) throw errorFor("ENOTCONN", { syscall: "getpeername" });
    return this.#peer;
  }

  resolve(address: Address): Address | Promise<Address> {
    if (this.family === AF_UNIX) return address;
    return address[0] === this.#literal ? address : this.#destination(address);
  }

  #destination(address: Address): Address | Promise<Address> {
    const [host, ...rest] = address as [string, number];
    const literal = destination(host, this.family);
    if (literal === undefined) return this.#lookUp(host, rest);
    if (literal !== host) return [literal, ...rest] as Address;
    this.#literal = literal;
    return address;
  }

  async #lookUp(name: string, rest: number[]): Promise<Address> {
    const { findAddresses } = await import("../core/names/hosts.ts");
    const [{ host }] = await findAddresses(denoResolver, asciiOf(name), rest[0], this.family);
    // A script that may use the name only must go on by the name: the permission is its user's word.
    if (!allowed(host, rest[0])) this.#names.set(host, name);
    return [host, ...rest] as Address;
  }

  connect(_caller: Caller, address: Address): void | WouldBlock {
    this.#checkBroadcast("connect", address);
    if (this.family === AF_UNIX) {
      const path = checkPeerPath(address);
      if (this.#probes.ask(path) === undefined) return WOULD_BLOCK;
    }
    this.join(address);
  }

  /** Connects to what is known to take datagrams. */
  join(address: Address): void {
    this.#bound(address);
    this.#peer = address;
  }

  /** Undoes connect, as connecting to AF_UNSPEC does. */
  disconnect(): void {
    this.#peer = null;
  }

  finishConnect(): void {}

  /** Whether a datagram is for this socket: a connected one hears its peer only. */
  #accepts(from: Deno.Addr): boolean {
    const peer = this.#peer;
    if (peer === null) return true;
    if (this.family === AF_UNIX) return samePath((from as Deno.UnixAddr).path ?? "", peer as string);
    const { hostname, port } = from as Deno.NetAddr;
    return port === peer[1] && hostname === peer[0];
  }

  listen(): void {
    throw errorFor("EOPNOTSUPP", { syscall: "listen" });
  }
  accept(): Accepted | WouldBlock {
    throw errorFor("EOPNOTSUPP", { syscall: "accept" });
  }

  // Receiving.

  #look(caller: Caller, syscall: string, flags: number): Arrival | WouldBlock | null {
    checkFlags(syscall, flags, RECEIVE_FLAGS);
    const arrival = this.#mailbox?.look() ?? WOULD_BLOCK;
    return arrival === WOULD_BLOCK && this.#readClosed && this.#isDrained(caller) ? null : arrival;
  }

  /**
   * Whether nothing is left of what came before SHUT_RD. The first try of a call asks the kernel, and its waiters are
   * woken then; by the second one it is known.
   */
  #isDrained(caller: Caller): boolean {
    if (this.#mailbox === null || this.#asked.get(caller) === caller.turn) return true;
    this.#asked.set(caller, caller.turn);
    this.#mailbox.settle(POLLIN).then(() => this.#waiters.wake(POLLIN));
    return false;
  }

  #took(flags: number): void {
    if ((flags & MSG_PEEK) === 0) this.#mailbox!.take();
  }

  #sender(from: Deno.Addr): Address | null {
    // Python has None for a Unix socket without a name.
    return this.family === AF_UNIX && (from as Deno.UnixAddr).path === null
      ? null
      : fromAddr(from, this.family, this.#name);
  }

  recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    const received = this.recvFrom(caller, size, flags);
    return received === WOULD_BLOCK ? WOULD_BLOCK : received[0];
  }

  recvFrom(caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    const arrival = this.#look(caller, "recvfrom", flags);
    if (arrival === WOULD_BLOCK) return WOULD_BLOCK;
    if (arrival === null) return [EMPTY, null];
    const { length } = arrival[0];
    const data = copyOf(arrival[0], 0, Math.min(length, size));
    this.#took(flags);
    return [data, this.#sender(arrival[1])];
  }

  recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    const received = this.recvFromInto(caller, view, flags);
    return received === WOULD_BLOCK ? WOULD_BLOCK : received[0];
  }

  recvFromInto(caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    const arrival = this.#look(caller, "recvfrom", flags);
    if (arrival === WOULD_BLOCK) return WOULD_BLOCK;
    if (arrival === null) return [0, null];
    const data = arrival[0];
    const fits = data.length <= view.length;
    view.set(fits ? data : data.subarray(0, view.length));
    this.#took(flags);
    return [fits || (flags & MSG_TRUNC) !== 0 ? data.length : view.length, this.#sender(arrival[1])];
  }

  recvMessage(
    caller: Caller,
    views: Uint8Array[],
    _ancillarySize: number,
    flags: number,
  ): Received | WouldBlock {
    const arrival = this.#look(caller, "recvmsg", flags);
    if (arrival === WOULD_BLOCK) return WOULD_BLOCK;
    if (arrival === null) return { length: 0, ancillary: [], flags: 0, address: null };
    const data = arrival[0];
    let room = 0;
    for (const view of views) room += view.length;
    scatter(data, views);
    this.#took(flags);
    const length = (flags & MSG_TRUNC) !== 0 ? data.length : Math.min(data.length, room);
    return { length, ancillary: [], flags: data.length > room ? MSG_TRUNC : 0, address: this.#sender(arrival[1]) };
  }

  // Sending.

  send(caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    if (this.#peer === null) {
      throw errorFor(this.family === AF_UNIX ? "ENOTCONN" : "EDESTADDRREQ", { syscall: "send" });
    }
    return this.sendTo(caller, data, flags, this.#peer);
  }

  sendTo(caller: Caller, data: Uint8Array, flags: number, address: Address): number | WouldBlock {
    checkFlags("sendto", flags, SEND_FLAGS);
    if (this.#writeClosed) throw errorFor("EPIPE", { syscall: "sendto" });
    this.#checkBroadcast("sendto", address);
    return this.#bound(address).send(caller, data, this.#target(address), address);
  }

  #target(address: Address): Deno.Addr {
    if (this.family === AF_UNIX) return { transport: "unixpacket", path: unixPath(address, "sendto") };
    // Not taken apart as a list, which is dear where it is not inlined: this is done for every datagram.
    const host = address[0] as string;
    // Asked only where there is one: an address that has just arrived is a new string, which would be hashed.
    const name = this.#names.size > 0 ? this.#names.get(host) : undefined;
    const hostname = name ?? scoped(host, address[3] as number | undefined);
    return { transport: "udp", hostname, port: address[1] as number };
  }

  #checkBroadcast(syscall: string, address: Address): void {
    if (this.family !== AF_INET || this.#options.broadcast) return;
    // A network's own broadcast address cannot be told from a host's here.
    if (address[0] !== "255.255.255.255" && address[0] !== "127.255.255.255") return;
    throw errorFor("EACCES", { syscall, address, hint: "broadcasts need the option SO_BROADCAST" });
  }

  sendMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    address: Address | null,
  ): number | WouldBlock {
    checkAncillary(ancillary);
    // The outcome of a send that has begun takes no data: its memory may be gone.
    const data = this.holdsSend(caller) ? EMPTY : gather(views);
    return address === null ? this.send(caller, data, flags) : this.sendTo(caller, data, flags, address);
  }

  holdsSend(caller: Caller): boolean {
    return this.#mailbox?.holds(caller) ?? false;
  }

  forget(caller: Caller): void {
    this.#mailbox?.forget(caller);
  }

  shutdown(how: number): void {
    checkHow(how);
    if (this.#peer === null && this.family !== AF_UNIX) throw errorFor("ENOTCONN", { syscall: "shutdown" });
    if (how !== SHUT_WR) this.#readClosed = true;
    if (how !== SHUT_RD) this.#writeClosed = true;
    this.#waiters.wake(POLLIN | POLLOUT | POLLRDHUP);
  }

  // Options.

  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, size: number): Uint8Array;
  getsockopt(level: number, name: number, size?: number): number | Uint8Array {
    // IPPROTO_IP answers in a single byte where an int has no room.
    const room = level === IPPROTO_IP && size !== undefined && size < 4 ? 1 : size;
    return optionValue(this.#getOption(level, name), room);
  }

  #getOption(level: number, name: number): number {
    if (level === SOL_SOCKET) {
      if (name === SO_ACCEPTCONN) return 0;
      if (name === SO_ERROR) return errnoOf(this.#mailbox?.takeError() ?? null);
    }
    const kind = level === SOL_SOCKET ? kindOption(name, this.family, this.type) : undefined;
    return kind ?? this.#options.get(level, name);
  }

  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    this.#options.set(level, name, value);
  }

  // Readiness.

  events(): number {
    let events = this.#mailbox?.events() ?? POLLOUT;
    if (this.#readClosed) events |= POLLIN | POLLRDHUP;
    if (this.#readClosed && this.#writeClosed) events |= POLLHUP;
    return events;
  }

  watch(mask: number, waiter: Waiter): void {
    this.#waiters.add(mask, waiter);
    if ((mask & POLLIN) !== 0) this.#mailbox?.receiveAhead();
  }

  unwatch(waiter: Waiter): void {
    this.#waiters.remove(waiter);
    this.#mailbox?.park();
  }

  settle(mask: number): Promise<void> | undefined {
    const probing = this.#probes.settle();
    return probing?.then(() => this.#mailbox?.settle(mask)) ?? this.#mailbox?.settle(mask);
  }

  // Life.

  fileno(): undefined {
    return undefined;
  }

  dup(): Transport {
    this.#references++;
    return this;
  }

  ref(): void {
    this.#setReferenced(true);
  }
  unref(): void {
    this.#setReferenced(false);
  }
  #setReferenced(referenced: boolean): void {
    this.#referenced = referenced;
    if (this.#mailbox !== null) this.#mailbox.reference.referenced = referenced;
  }

  get released(): Promise<unknown> | undefined {
    return this.#references === 0 ? this.#mailbox?.released : undefined;
  }

  close(): void {
    if (--this.#references === 0) this.#mailbox?.close();
    this.#waiters.wake(POLLNVAL | POLLERR);
  }
}

/** Opens a datagram socket of a family that there is. */
export function openDatagrams(family: number, proto: number): DatagramTransport {
  // Deno has the call only where the flag is given. Whoever needs no datagrams never meets this.
  checkUnstableNet("datagrams need", "ESOCKTNOSUPPORT", "socket");
  return new DatagramTransport(family, proto);
}
