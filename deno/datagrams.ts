// Datagrams (UDP and AF_UNIX) over Deno.listenDatagram: the states of a datagram socket, and the effect of each call in
// each state, as in the kernel.
//
// Deno's sockets are never connected in the kernel, which makes three differences. A connected socket does not learn that
// its peer refuses datagrams (ECONNREFUSED by ICMP). A Unix datagram of another sender is dropped here, while the kernel
// would refuse it (EPERM). Datagrams of other senders that were queued before connect are dropped, while the kernel delivers
// them.

import { isLiteral, isLoopback, loopback } from "../base/addresses.ts";
import type { Address } from "../base/addresses.ts";
import {
  AF_INET,
  AF_UNIX,
  AF_UNSPEC,
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
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import { SharedWaiters } from "./waiters.ts";
import type { Accepted, AncillaryData, Caller, Received, Transport, Waiter, WouldBlock } from "../seam/transport.ts";
import {
  allowed,
  anyAddress,
  autobindName,
  checkPeerPath,
  destination,
  fromAddr,
  notCapable,
  randomAbstractName,
  requireAbstract,
  samePath,
  scoped,
  unixPath,
} from "./addresses.ts";
import { bindDatagrams, firstAddress, LookUps } from "./endpoints.ts";
import { DatagramOptions } from "./datagram_options.ts";
import { errnoOf } from "./errors.ts";
import { BoundConn } from "./bound_conn.ts";
import type { Arrival } from "./bound_conn.ts";
import { checkAncillary, checkFlags, checkHow, checkUnstableNet, kindOption, optionValue } from "./options.ts";
import { Probes } from "./unix_datagrams.ts";

/** The flags that receives support. The others need the kernel. */
const RECEIVE_FLAGS = MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL | MSG_TRUNC;
/** The flags that sends support. MSG_CONFIRM and MSG_EOR have no effect on a datagram. */
const SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_CONFIRM | MSG_EOR;

/** The longest delay of a timer, in milliseconds. It is 24.8 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

const EMPTY = new Uint8Array(0);

/** A datagram socket of the default backend. */
export class DatagramTransport implements Transport {
  readonly family: number;
  readonly type: number = SOCK_DGRAM;
  readonly proto: number;

  readonly #waiters = new SharedWaiters();
  readonly #options: DatagramOptions;
  readonly #lookUps = new LookUps();
  #boundConn: BoundConn | null = null;
  #name: Address;
  #peer: Address | null = null;
  /** The last literal host. Most datagrams go to the same host as the one before. */
  #literal: string | null = null;
  /** Host names by address, for addresses that the permission does not cover although it covers the name. */
  readonly #names = new Map<string, string>();
  #readClosed = false;
  /** The turn of each caller for which the kernel was asked about datagrams that arrived before SHUT_RD. */
  readonly #asked = new WeakMap<Caller, number>();
  #writeClosed = false;
  readonly #probes = new Probes(() => this.#waiters.wake(POLLOUT));
  /** The timer that keeps the process alive while a receive waits and the socket is not bound. */
  #hold: ReturnType<typeof setInterval> | undefined;
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
    if (this.#boundConn !== null) {
      // Linux returns success when a bound Unix socket is bound to "" again.
      if (address === "") return;
      throw errorFor("EINVAL", { syscall: "bind", address });
    }
    this.#claim(address === "" ? autobindName() : address);
  }

  #claim(address: Address): void {
    const [conn, name] = bindDatagrams(address, this.family, this.#options.listening);
    this.#name = name;
    this.#boundConn = new BoundConn(conn, this.#waiters, this.#referenced, (from) => this.#accepts(from));
    this.#holdUnbound();
    this.#options.multicast.attach(this.#boundConn);
    if (this.#waiters.has(POLLIN)) this.#boundConn.receiveAhead();
  }

  #claimAbstractName(): void {
    requireAbstract(
      "a Unix datagram socket that is bound to no path gets an abstract name, and no single one can be granted; " +
        "bind it to a path that is",
    );
    this.#claim(randomAbstractName("unnamed"));
  }

  /**
   * Returns the bound socket. An unbound socket is bound by its first datagram, as by the kernel. The kernel leaves a Unix
   * socket without a name then. Deno cannot do that, so the socket gets a random abstract name.
   */
  #bound(to: Address): BoundConn {
    if (this.#boundConn === null && this.family === AF_UNIX) this.#claimAbstractName();
    else if (this.#boundConn === null) {
      const everywhere = anyAddress(this.family);
      // The loopback address is enough for a datagram to this host if the permission covers no more.
      const local = isLoopback(String(to[0])) && !allowed(String(everywhere[0]), 0);
      this.#claim(local ? [loopback(this.family), 0] : everywhere);
    }
    return this.#boundConn!;
  }

  getsockname(): Address {
    const [host, ...rest] = this.#name as [string, number];
    // In the kernel, a socket that is bound to every interface gets the loopback address by a connect to this host.
    const everywhere = this.#boundConn !== null && host === anyAddress(this.family)[0] && this.family !== AF_UNIX;
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
    if (literal === undefined) return this.#lookUps.run(this.#lookUp(host, rest));
    if (literal !== host) return [literal, ...rest] as Address;
    this.#literal = literal;
    return address;
  }

  async #lookUp(name: string, rest: number[]): Promise<Address> {
    const address = [name, ...rest] as Address;
    const host = await firstAddress(address, this.family);
    if (!allowed(host, rest[0])) {
      // The permission covers the name only, so later sends must use it, too. Deno then sends to its first address.
      const first = await firstAddress(address, AF_UNSPEC);
      if (!isLiteral(first, this.family)) throw notCapable(host, rest[0]);
      this.#names.set(host, name);
    }
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

  /** Connects to an address that is known to take datagrams. */
  join(address: Address): void {
    this.#bound(address);
    this.#peer = address;
  }

  /** Removes the peer, as connecting to AF_UNSPEC does. */
  disconnect(): void {
    this.#peer = null;
  }

  finishConnect(): void {}

  /** Whether a datagram is for this socket. A connected socket takes only those of its peer. */
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
    const arrival = this.#boundConn?.look() ?? WOULD_BLOCK;
    return arrival === WOULD_BLOCK && this.#readClosed && this.#isDrained(caller) ? null : arrival;
  }

  /**
   * Whether all datagrams that arrived before SHUT_RD have been received. The first attempt of a call asks the kernel, and
   * wakes the waiters when Deno has learned the answer. The second attempt has that answer.
   */
  #isDrained(caller: Caller): boolean {
    if (this.#boundConn === null || this.#asked.get(caller) === caller.turn) return true;
    this.#asked.set(caller, caller.turn);
    this.#boundConn.settle(POLLIN).then(() => this.#waiters.wake(POLLIN));
    return false;
  }

  #took(flags: number): void {
    if ((flags & MSG_PEEK) === 0) this.#boundConn!.take();
  }

  #sender(from: Deno.Addr): Address | null {
    // Python returns None for the sender if it is a Unix socket without a name.
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
    let capacity = 0;
    for (const view of views) capacity += view.length;
    scatter(data, views);
    this.#took(flags);
    const length = (flags & MSG_TRUNC) !== 0 ? data.length : Math.min(data.length, capacity);
    return { length, ancillary: [], flags: data.length > capacity ? MSG_TRUNC : 0, address: this.#sender(arrival[1]) };
  }

  // Sending.

  send(caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    if (this.#peer === null) {
      // As in the kernel: for a Unix socket that was shut down, EPIPE comes before ENOTCONN.
      if (this.#writeClosed && this.family === AF_UNIX) throw errorFor("EPIPE", { syscall: "send" });
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
    // Indexed: destructuring is slow here, and this runs for every datagram.
    const host = address[0] as string;
    // The check of the size avoids hashing `host`, which is a new string for each datagram that was received.
    const name = this.#names.size > 0 ? this.#names.get(host) : undefined;
    const hostname = name ?? scoped(host, address[3] as number | undefined);
    return { transport: "udp", hostname, port: address[1] as number };
  }

  #checkBroadcast(syscall: string, address: Address): void {
    if (this.family !== AF_INET || this.#options.broadcast) return;
    // The directed broadcast address of a network cannot be told from a host's address here.
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
    // An attempt for the outcome of a send reads no data. The memory may have been transferred since.
    const data = this.holdsSend(caller) ? EMPTY : gather(views);
    return address === null ? this.send(caller, data, flags) : this.sendTo(caller, data, flags, address);
  }

  holdsSend(caller: Caller): boolean {
    return this.#boundConn?.holds(caller) ?? false;
  }

  forget(caller: Caller): void {
    this.#boundConn?.forget(caller);
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
    // IPPROTO_IP returns one byte if the buffer is too small for an int.
    const capacity = level === IPPROTO_IP && size !== undefined && size < 4 ? 1 : size;
    return optionValue(this.#getOption(level, name), capacity);
  }

  #getOption(level: number, name: number): number {
    if (level === SOL_SOCKET) {
      if (name === SO_ACCEPTCONN) return 0;
      if (name === SO_ERROR) return errnoOf(this.#boundConn?.takeError() ?? null);
    }
    const kind = level === SOL_SOCKET ? kindOption(name, this.family, this.type) : undefined;
    return kind ?? this.#options.get(level, name);
  }

  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    this.#options.set(level, name, value);
  }

  // Readiness.

  events(): number {
    let events = this.#boundConn?.events() ?? POLLOUT;
    if (this.#readClosed) events |= POLLIN | POLLRDHUP;
    if (this.#readClosed && this.#writeClosed) events |= POLLHUP;
    return events;
  }

  watch(mask: number, waiter: Waiter): void {
    this.#waiters.add(mask, waiter);
    if (this.#boundConn === null) this.#holdUnbound();
    else if ((mask & POLLIN) !== 0) this.#boundConn.receiveAhead();
  }

  unwatch(waiter: Waiter): void {
    this.#waiters.remove(waiter);
    if (this.#boundConn === null) this.#holdUnbound();
    else this.#boundConn.park();
  }

  /** Keeps the process alive while a receive waits on an unbound socket. A bound one has an operation of Deno for that. */
  #holdUnbound(): void {
    const waits = this.#boundConn === null && this.#referenced && this.#waiters.keepAlive(POLLIN);
    if (waits) this.#hold ??= setInterval(() => {}, LONGEST_TIMER);
    else if (this.#hold !== undefined) {
      clearInterval(this.#hold);
      this.#hold = undefined;
    }
  }

  settle(mask: number): Promise<void> | undefined {
    const probing = this.#probes.settle();
    return probing?.then(() => this.#boundConn?.settle(mask)) ?? this.#boundConn?.settle(mask);
  }

  // References.

  fileno(): undefined {
    return undefined;
  }

  dup(): Transport {
    this.#references++;
    this.#setReferenced(true);
    return this;
  }

  ref(): void {
    this.#setReferenced(true);
  }
  unref(): void {
    this.#setReferenced(false);
  }
  /** Sets the reference of all duplicates. If there are several, that of the waiters decides. */
  #setReferenced(wanted: boolean): void {
    const referenced = wanted || this.#references > 1;
    this.#referenced = referenced;
    if (this.#boundConn !== null) this.#boundConn.referenced = referenced;
    this.#holdUnbound();
  }

  get released(): Promise<unknown> | undefined {
    return this.#references === 0 ? this.#boundConn?.released : undefined;
  }

  close(): void {
    if (--this.#references === 0) {
      this.#lookUps.close();
      this.#boundConn?.close();
    }
    this.#waiters.wake(POLLNVAL | POLLERR);
  }
}

/** Opens a datagram socket. The family was checked before. */
export function openDatagrams(family: number, proto: number): DatagramTransport {
  // Deno has listenDatagram only with this flag. Programs without datagrams do not need it.
  checkUnstableNet("datagrams need", "ESOCKTNOSUPPORT", "socket");
  return new DatagramTransport(family, proto);
}
