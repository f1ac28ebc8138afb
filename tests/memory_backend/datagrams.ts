// Datagrams in memory: UDP over IPv4 and IPv6, and Unix datagrams, between sockets of one host.

import { loopback, wildcard } from "../../base/addresses.ts";
import type { Address } from "../../base/addresses.ts";
import { AF_INET6, AF_UNIX, MSG_PEEK, MSG_TRUNC, SHUT_RD, SHUT_RDWR, SHUT_WR } from "../../base/constants.ts";
import { gather, scatter } from "../../base/data.ts";
import type { Bytes } from "../../base/data.ts";
import { errorFor } from "../../base/errors.ts";
import type { OSError } from "../../base/errors.ts";
import { POLLERR, POLLIN, POLLOUT, POLLRDHUP } from "../../base/poll.ts";
import { WOULD_BLOCK } from "../../seam/transport.ts";
import type { Accepted, AncillaryData, Caller, Received, Transport, WouldBlock } from "../../seam/transport.ts";
import { anyAddress, Claims, destination } from "./host.ts";
import { Options } from "./options.ts";
import { Readiness } from "./readiness.ts";
import { claims as streamClaims } from "./streams.ts";

/** The host's datagram sockets by address. */
export const claims: Claims<MemoryDatagrams> = new Claims();

/** How many datagrams may wait for a receiver. Above that, UDP drops datagrams, and Unix senders wait. */
const CAPACITY = 200;
const LONGEST_UNIX = 212_960;
const LONGEST_UDP = 65_507;

interface Datagram {
  readonly data: Uint8Array;
  readonly from: Address | null;
}

/** A datagram socket. */
export class MemoryDatagrams extends Readiness implements Transport {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly #options: Options;
  readonly #queue: Datagram[] = [];
  /** Unix sockets that wait for room in the queue. */
  readonly #senders = new Set<MemoryDatagrams>();
  #local: Address | null = null;
  #remote: Address | null = null;
  #noReading = false;
  #noWriting = false;
  #error: OSError | null = null;

  constructor(family: number, type: number, proto: number) {
    super();
    this.family = family;
    this.type = type;
    this.proto = proto;
    this.#options = new Options({ type, domain: family, protocol: proto }, {
      error: () => this.#takeError()?.errno ?? 0,
      listening: () => false,
    });
  }

  get reusesPort(): boolean {
    return this.#options.reusesPort;
  }
  get #isUnix(): boolean {
    return this.family === AF_UNIX;
  }

  bind(address: Address): void {
    // A Unix socket with a name may be bound to "" again.
    if (this.#isUnix && address === "" && this.#local !== null) return;
    if (this.#local !== null) throw errorFor("EINVAL", { syscall: "bind", address });
    this.#local = claims.claim(this, address);
  }
  listen(): void {
    throw errorFor("EOPNOTSUPP", { syscall: "listen" });
  }
  accept(): Accepted {
    throw errorFor("EOPNOTSUPP", { syscall: "accept" });
  }
  resolve(address: Address): Address {
    return destination(this.family, address);
  }

  connect(_caller: Caller, address: Address): void {
    const place = destination(this.family, address);
    if (this.#isUnix) this.#find(place, "connect");
    else if (this.#local === null) this.bind([loopback(this.family), 0, ...place.slice(2)] as Address);
    this.#remote = place;
  }
  finishConnect(): void {}
  disconnect(): void {
    this.#remote = null;
  }

  #takeError(): OSError | null {
    const error = this.#error;
    this.#error = null;
    return error;
  }

  // Receiving.

  #take(flags: number): Datagram | WouldBlock {
    const error = this.#takeError();
    if (error !== null) throw error;
    const first = this.#queue[0];
    if (first === undefined) return this.#noReading ? { data: new Uint8Array(0), from: null } : WOULD_BLOCK;
    if ((flags & MSG_PEEK) === 0) {
      this.#queue.shift();
      for (const sender of this.#senders) sender.report(POLLOUT);
      this.#senders.clear();
    }
    return first;
  }

  recvFromInto(_caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    const datagram = this.#take(flags);
    if (datagram === WOULD_BLOCK) return WOULD_BLOCK;
    const { data, from } = datagram;
    view.set(data.subarray(0, view.length));
    return [(flags & MSG_TRUNC) !== 0 ? data.length : Math.min(data.length, view.length), from];
  }
  recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    const received = this.recvFromInto(caller, view, flags);
    return received === WOULD_BLOCK ? WOULD_BLOCK : received[0];
  }
  recvFrom(_caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    const datagram = this.#take(flags);
    return datagram === WOULD_BLOCK ? WOULD_BLOCK : [new Uint8Array(datagram.data.subarray(0, size)), datagram.from];
  }
  recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    const received = this.recvFrom(caller, size, flags);
    return received === WOULD_BLOCK ? WOULD_BLOCK : received[0];
  }
  recvMessage(_caller: Caller, views: Uint8Array[], _size: number, flags: number): Received | WouldBlock {
    const datagram = this.#take(flags);
    if (datagram === WOULD_BLOCK) return WOULD_BLOCK;
    const { data, from: address } = datagram;
    const room = views.reduce((sum, view) => sum + view.length, 0);
    scatter(data.subarray(0, room), views);
    const length = (flags & MSG_TRUNC) !== 0 ? data.length : Math.min(data.length, room);
    return { length, ancillary: [], flags: data.length > room ? MSG_TRUNC : 0, address };
  }
  forget(): void {}

  // Sending.

  /** The socket at an address. Undefined if there is none and UDP reports no error. */
  #find(place: Address, syscall: string): MemoryDatagrams | undefined {
    const found = claims.find(this.family, place);
    if (found !== undefined || !this.#isUnix) return found;
    const path = place as string;
    if (streamClaims.find(this.family, path) !== undefined) throw errorFor("EPROTOTYPE", { syscall, address: path });
    const left = path.startsWith("\0") || claims.hasPath(path) || streamClaims.hasPath(path);
    throw errorFor(left ? "ECONNREFUSED" : "ENOENT", { syscall, address: path });
  }

  sendTo(_caller: Caller, data: Uint8Array, _flags: number, address: Address): number | WouldBlock {
    return this.#deliver(data, destination(this.family, address), "sendto");
  }

  send(_caller: Caller, data: Uint8Array, _flags: number): number | WouldBlock {
    return this.#deliver(data, this.#remote, "send");
  }

  sendMessage(
    _caller: Caller,
    views: Uint8Array[],
    ancillary: AncillaryData[],
    _flags: number,
    address: Address | null,
  ): number | WouldBlock {
    if (ancillary.length > 0) throw errorFor("EOPNOTSUPP", { syscall: "sendmsg" });
    return this.#deliver(gather(views), address === null ? this.#remote : this.resolve(address), "sendmsg");
  }

  #deliver(data: Uint8Array, place: Address | null, syscall: string): number | WouldBlock {
    const error = this.#takeError();
    if (error !== null) throw error;
    if (this.#noWriting) throw errorFor("EPIPE", { syscall });
    if (place === null) throw errorFor(this.#isUnix ? "ENOTCONN" : "EDESTADDRREQ", { syscall });
    const longest = this.#isUnix ? LONGEST_UNIX : LONGEST_UDP + (this.family === AF_INET6 ? 20 : 0);
    if (data.length > longest) throw errorFor("EMSGSIZE", { syscall, address: place });
    if (!this.#isUnix && this.#local === null) this.bind(anyAddress(this.family));
    const receiver = this.#find(place, syscall);
    const from = this.#sourceFor(place);
    if (receiver === undefined) {
      if (this.#remote !== null) this.#error = errorFor("ECONNREFUSED", { syscall });
      return data.length;
    }
    if (!receiver.#accepts(from)) {
      if (this.#isUnix) throw errorFor("EPERM", { syscall, address: place });
      return data.length;
    }
    if (receiver.#queue.length >= CAPACITY) {
      if (!this.#isUnix) return data.length;
      receiver.#senders.add(this);
      return WOULD_BLOCK;
    }
    if (receiver.#noReading && this.#isUnix) throw errorFor("EPIPE", { syscall });
    if (!receiver.#noReading) receiver.#queue.push({ data: data.slice(), from });
    receiver.report(POLLIN);
    return data.length;
  }

  /** The address that a receiver sees. */
  #sourceFor(place: Address): Address | null {
    if (this.#isUnix) return this.#local;
    const [host, ...rest] = this.#local as [string, number];
    return [host === wildcard(this.family) ? place[0] : host, ...rest] as Address;
  }

  /** Whether a datagram is received: a connected socket receives only from its peer. */
  #accepts(from: Address | null): boolean {
    if (this.#remote === null) return true;
    if (this.#isUnix) return this.#remote === from;
    return from !== null && this.#remote[0] === from[0] && this.#remote[1] === from[1];
  }

  shutdown(how: number): void {
    if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) throw errorFor("EINVAL", { syscall: "shutdown" });
    if (how !== SHUT_WR) this.#noReading = true;
    if (how !== SHUT_RD) this.#noWriting = true;
    this.report(POLLIN | POLLOUT | POLLRDHUP);
    // As in the kernel, shutdown takes effect and then throws ENOTCONN.
    if (this.#remote === null) throw errorFor("ENOTCONN", { syscall: "shutdown" });
  }

  protected end(): void {
    if (this.#local !== null) claims.release(this, this.#local);
    for (const sender of this.#senders) sender.report(POLLOUT);
  }

  protected level(): number {
    return POLLOUT | (this.#queue.length > 0 || this.#noReading ? POLLIN : 0) | (this.#noReading ? POLLRDHUP : 0) |
      (this.#error !== null ? POLLERR | POLLIN : 0);
  }

  getsockname(): Address {
    return this.#local ?? anyAddress(this.family);
  }
  getpeername(): Address {
    if (this.#remote === null) throw errorFor("ENOTCONN", { syscall: "getpeername" });
    return this.#remote;
  }
  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, size: number): Uint8Array;
  getsockopt(level: number, name: number, size?: number): number | Uint8Array {
    return this.#options.get(level, name, size);
  }
  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    this.#options.set(level, name, value);
  }
}
