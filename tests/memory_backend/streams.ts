// Streams in memory: TCP over IPv4 and IPv6, and Unix streams, between sockets of one host.

import { loopback, wildcard } from "../../base/addresses.ts";
import type { Address } from "../../base/addresses.ts";
import { AF_UNIX, MSG_PEEK, MSG_WAITALL, SHUT_RD, SHUT_RDWR, SHUT_WR } from "../../base/constants.ts";
import { gather } from "../../base/data.ts";
import type { Bytes } from "../../base/data.ts";
import { errorFor } from "../../base/errors.ts";
import type { OSError } from "../../base/errors.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../../base/poll.ts";
import { IN_PROGRESS, recvMessageBy, WOULD_BLOCK } from "../../seam/transport.ts";
import type {
  Accepted,
  AncillaryData,
  Caller,
  InProgress,
  Received,
  Transport,
  WouldBlock,
} from "../../seam/transport.ts";
import { anyAddress, Claims, destination } from "./host.ts";
import { ByteQueue } from "./byte_queue.ts";
import { Options } from "./options.ts";
import { Readiness } from "./readiness.ts";

/** The host's stream sockets by address. */
export const claims: Claims<MemoryStream> = new Claims();

/** A queue of connections. `waiting` has the clients that found it full. */
class Listener {
  backlog: number;
  readonly queue: MemoryStream[] = [];
  waiting: MemoryStream[] = [];

  constructor(backlog: number) {
    this.backlog = backlog;
  }

  get full(): boolean {
    return this.queue.length > this.backlog;
  }
}

/** A stream socket. */
export class MemoryStream extends Readiness implements Transport {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly #options: Options;
  readonly #incoming = new ByteQueue();
  /** How many bytes each receive with MSG_WAITALL waits for. The queue has that much room. */
  readonly #wanted = new Map<Caller, number>();
  #local: Address | null = null;
  #remote: Address | null = null;
  #isBound = false;
  #listener: Listener | null = null;
  #connecting: Address | null = null;
  #peer: MemoryStream | null = null;
  /** Whether the peer sends no more, whether it is closed, and which sides were shut down here. */
  #peerEnded = false;
  #peerGone = false;
  #noReading = false;
  #noWriting = false;
  #error: OSError | null = null;
  /** Whether the last connect failed. The kernel treats such a socket as a stream that has ended. */
  #hasFailed = false;

  constructor(family: number, type: number, proto: number) {
    super();
    this.family = family;
    this.type = type;
    this.proto = proto;
    this.#options = new Options({ type, domain: family, protocol: proto }, {
      error: () => this.#takeError()?.errno ?? 0,
      listening: () => this.#listener !== null,
    });
  }

  /** Makes two connected sockets. */
  static pair(family: number, type: number, proto: number): [MemoryStream, MemoryStream] {
    const [one, other] = [new MemoryStream(family, type, proto), new MemoryStream(family, type, proto)];
    for (const end of [one, other]) end.#local = end.#remote = "";
    one.#join(other);
    return [one, other];
  }

  get reusesPort(): boolean {
    return this.#options.reusesPort;
  }
  get #isUnix(): boolean {
    return this.family === AF_UNIX;
  }
  get #isConnected(): boolean {
    return this.#remote !== null && this.#connecting === null;
  }

  // Names and connections.

  bind(address: Address): void {
    if (address === "" && this.#isBound) return;
    if (this.#local !== null || this.#isConnected) throw errorFor("EINVAL", { syscall: "bind", address });
    this.#local = claims.claim(this, address);
    this.#isBound = true;
  }

  listen(backlog: number): void {
    if (this.#remote !== null || (this.#isUnix && this.#local === null)) {
      throw errorFor("EINVAL", { syscall: "listen" });
    }
    if (this.#local === null) this.bind(anyAddress(this.family));
    if (this.#listener === null) this.#listener = new Listener(backlog);
    else this.#listener.backlog = backlog;
  }

  accept(): Accepted | WouldBlock {
    if (this.#listener === null) throw errorFor("EINVAL", { syscall: "accept" });
    const transport = this.#listener.queue.shift();
    if (transport === undefined) return WOULD_BLOCK;
    const next = this.#listener.waiting.shift();
    if (next !== undefined) {
      // A waiting Unix client makes its attempt again.
      if (!this.#isUnix) next.#enqueueAt(this);
      next.report(POLLOUT);
    }
    return { transport, address: transport.#remote! };
  }

  resolve(address: Address): Address {
    return destination(this.family, address);
  }

  connect(_caller: Caller, address: Address): void | InProgress | WouldBlock {
    const context = { syscall: "connect", address };
    if (this.#connecting !== null) throw errorFor("EALREADY", context);
    if (this.#isConnected || this.#listener !== null) throw errorFor("EISCONN", context);
    const place = destination(this.family, address);
    const found = claims.find(this.family, place);
    if (this.#isUnix) return this.#connectUnix(found, place as string, context);
    this.#local ??= this.#sourceFor(place);
    this.#remote = place;
    this.#connecting = address;
    this.#hasFailed = false;
    if (found === undefined || found.#listener === null) this.#fail(errorFor("ECONNREFUSED", context));
    else if (found.#listener.full) found.#listener.waiting.push(this);
    else this.#enqueueAt(found);
    return IN_PROGRESS;
  }

  #connectUnix(
    found: MemoryStream | undefined,
    path: string,
    context: { syscall: string; address: Address },
  ): void | WouldBlock {
    if (found === undefined && !path.startsWith("\0") && !claims.hasPath(path)) throw errorFor("ENOENT", context);
    if (found === undefined || found.#listener === null) throw errorFor("ECONNREFUSED", context);
    if (found.#listener.full) {
      if (!found.#listener.waiting.includes(this)) found.#listener.waiting.push(this);
      return WOULD_BLOCK;
    }
    this.#local ??= "";
    this.#remote = path;
    this.#enqueueAt(found);
  }

  #sourceFor(place: Address): Address {
    return [loopback(this.family), claims.freePort(), ...place.slice(2)] as Address;
  }

  /** Puts a new connection into a listener's queue. */
  #enqueueAt(server: MemoryStream): void {
    const accepted = new MemoryStream(server.family, server.type, server.proto);
    accepted.#local = server.#local![0] === wildcard(server.family) ? this.#remote : server.#local;
    accepted.#remote = this.#local;
    this.#join(accepted);
    server.#listener!.queue.push(accepted);
    server.report(POLLIN);
    this.report(POLLOUT);
  }

  #join(peer: MemoryStream): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  finishConnect(): void | WouldBlock {
    const error = this.#takeError();
    if (error !== null) throw error;
    if (this.#peer === null) return WOULD_BLOCK;
    this.#connecting = null;
  }

  /** A connect that failed. The socket may try again. */
  #fail(error: OSError): void {
    this.#error = error;
    this.#hasFailed = true;
    this.report(POLLIN | POLLOUT | POLLERR | POLLHUP);
  }

  #takeError(): OSError | null {
    const error = this.#error;
    if (error === null) return null;
    this.#error = null;
    if (this.#peer === null) {
      this.#connecting = this.#remote = null;
      if (!this.#isBound) this.#local = null;
    }
    return error;
  }

  disconnect(): void {
    throw errorFor("EAFNOSUPPORT", { syscall: "connect" });
  }

  // Data.

  /** How many bytes can be received now. 0 at the end of the stream, undefined if the call must wait. */
  #readable(caller: Caller, size: number, flags: number): number | undefined {
    if (this.#listener !== null || this.#remote === null) throw errorFor("ENOTCONN", { syscall: "recv" });
    this.#settleConnect();
    const { length } = this.#incoming;
    const ended = this.#peerEnded || this.#noReading || this.#error !== null;
    if ((flags & MSG_WAITALL) !== 0 && length < size && !ended) {
      this.#want(caller, size);
      return undefined;
    }
    this.forget(caller);
    if (length > 0) return Math.min(length, size);
    const error = this.#takeError();
    if (error !== null) throw error;
    return ended ? 0 : undefined;
  }

  /** Ends a successful connect without a call of finishConnect. */
  #settleConnect(): void {
    if (this.#peer !== null) this.#connecting = null;
  }

  #want(caller: Caller, size: number): void {
    this.#wanted.set(caller, size);
    this.#incoming.reserve(Math.max(...this.#wanted.values()));
    this.#peer?.report(POLLOUT);
  }

  forget(caller: Caller): void {
    if (this.#wanted.delete(caller)) this.#incoming.reserve(Math.max(0, ...this.#wanted.values()));
  }

  recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    const count = this.#readable(caller, view.length, flags);
    if (count === undefined) return WOULD_BLOCK;
    this.#incoming.copyTo(view.subarray(0, count));
    if ((flags & MSG_PEEK) === 0 && count > 0) {
      this.#incoming.drop(count);
      this.#peer?.report(POLLOUT);
    }
    return count;
  }

  recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    const count = this.#readable(caller, size, flags);
    if (count === undefined) return WOULD_BLOCK;
    const data = new Uint8Array(count);
    this.recvInto(caller, data, flags & MSG_PEEK);
    return data;
  }

  recvFrom(caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    const data = this.recv(caller, size, flags);
    return data === WOULD_BLOCK ? WOULD_BLOCK : [data, null];
  }

  recvFromInto(caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    const count = this.recvInto(caller, view, flags);
    return count === WOULD_BLOCK ? WOULD_BLOCK : [count, null];
  }

  recvMessage(caller: Caller, views: Uint8Array[], _size: number, flags: number): Received | WouldBlock {
    return recvMessageBy((size) => this.recv(caller, size, flags), views);
  }

  send(_caller: Caller, data: Uint8Array, _flags: number): number | WouldBlock {
    this.#settleConnect();
    if (this.#connecting !== null && this.#error === null) return WOULD_BLOCK;
    const error = this.#takeError();
    if (error !== null) throw error;
    const peer = this.#peer;
    if (peer === null || this.#noWriting || (this.#isUnix && (this.#peerGone || peer.#noReading))) {
      throw errorFor("EPIPE", { syscall: "send" });
    }
    if (this.#peerGone) {
      // A closed TCP peer answers the first data with a reset.
      this.#noWriting = true;
      this.report(POLLIN | POLLOUT | POLLHUP);
      return data.length;
    }
    if (peer.#noReading) return data.length;
    const count = peer.#incoming.put(data);
    if (count === 0 && data.length > 0) return WOULD_BLOCK;
    peer.report(POLLIN);
    return count;
  }

  sendTo(caller: Caller, data: Uint8Array, flags: number, _address: Address): number | WouldBlock {
    return this.send(caller, data, flags);
  }

  sendMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    _address: Address | null,
  ): number | WouldBlock {
    if (ancillary.length > 0) throw errorFor("EOPNOTSUPP", { syscall: "sendmsg" });
    return this.send(caller, gather(views), flags);
  }

  // Closing.

  shutdown(how: number): void {
    if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) throw errorFor("EINVAL", { syscall: "shutdown" });
    if (this.#listener !== null && how !== SHUT_WR) return this.#stopListening();
    if (!this.#isConnected || this.#peer === null) throw errorFor("ENOTCONN", { syscall: "shutdown" });
    if (how !== SHUT_WR) this.#noReading = true;
    if (how !== SHUT_RD && !this.#noWriting) {
      this.#noWriting = true;
      this.#peer.#peerEnded = true;
      this.#peer.report(POLLIN | POLLRDHUP);
    }
    this.report(POLLIN | POLLOUT | POLLRDHUP);
    if (this.#isUnix) this.#peer.report(POLLOUT);
  }

  #stopListening(): void {
    const { queue, waiting } = this.#listener!;
    this.#listener = null;
    for (const accepted of queue) accepted.close();
    for (const client of waiting) {
      if (this.#isUnix) client.report(POLLOUT);
      else client.#fail(errorFor("ECONNREFUSED", { syscall: "connect", address: client.#connecting }));
    }
    this.report(POLLIN | POLLHUP);
  }

  protected end(): void {
    if (this.#listener !== null) this.#stopListening();
    if (this.#isBound) claims.release(this, this.#local!);
    const peer = this.#peer;
    if (peer === null) return;
    const resets = this.#incoming.length > 0 || this.#options.resetsOnClose;
    peer.#peerGone = peer.#peerEnded = true;
    if (resets) {
      peer.#noWriting = true;
      peer.#incoming.drop(peer.#incoming.length);
      peer.#error = errorFor("ECONNRESET", { syscall: "recv" });
    }
    peer.report(POLLIN | POLLOUT | POLLRDHUP | (resets || this.#isUnix ? POLLHUP : 0));
  }

  // Addresses and options.

  protected level(): number {
    if (this.#listener !== null) return this.#listener.queue.length > 0 ? POLLIN : 0;
    const failed = this.#error === null ? 0 : POLLERR;
    if (this.#peer === null) {
      if (this.#hasFailed) return failed | POLLIN | POLLOUT | POLLHUP | POLLRDHUP;
      return this.#connecting === null ? POLLOUT | POLLHUP : 0;
    }
    const atEnd = this.#peerEnded || this.#noReading;
    const hungUp = this.#isUnix ? this.#peerGone || (this.#noReading && this.#noWriting) : atEnd && this.#noWriting;
    const writable = this.#peer.#incoming.room > 0 || (!this.#isUnix && this.#noWriting) || this.#peerGone;
    return failed | (atEnd || this.#incoming.length > 0 || failed ? POLLIN : 0) | (atEnd ? POLLRDHUP : 0) |
      (hungUp ? POLLHUP : 0) | (writable ? POLLOUT : 0);
  }

  getsockname(): Address {
    return this.#local ?? anyAddress(this.family);
  }
  getpeername(): Address {
    this.#settleConnect();
    if (this.#remote === null || this.#connecting !== null) throw errorFor("ENOTCONN", { syscall: "getpeername" });
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
