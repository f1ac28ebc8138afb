// A socket of the kernel: one method, one system call, tried without waiting.

import { isLoopback, loopback, wildcard } from "../base/addresses.ts";
import type { Address } from "../base/addresses.ts";
import type { Bytes } from "../base/data.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_FASTOPEN,
  MSG_NOSIGNAL,
  SHUT_RD,
  SHUT_WR,
  SO_ACCEPTCONN,
  SO_ERROR,
  SO_LINGER,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../base/constants.ts";
import { IPPROTO_TCP, TCP_ULP } from "../base/constants/ip.ts";
import { errorFor, errorForErrno } from "../base/errors.ts";
import { POLLIN, POLLOUT, POLLRDNORM } from "../base/poll.ts";
import type {
  Accepted,
  AncillaryData,
  BlockingLimits,
  Caller,
  InProgress,
  Received,
  Transport,
  Waiter,
  WouldBlock,
} from "../seam/transport.ts";
import { IN_PROGRESS, WOULD_BLOCK } from "../seam/transport.ts";
import { call, errno, failure, level } from "./call.ts";
import * as effects from "./effects.ts";
import { libc } from "./libc.ts";
import { bytesOption, limitsAfter, LowWater, numberOption, readLimits, readOption, setOption } from "./options.ts";
import { EAGAIN, EALREADY, ECONNABORTED, EINPROGRESS, ENOTCONN, F_DUPFD_CLOEXEC, MOST_BYTES } from "./linux.ts";
import { sharedMessage, STREAM_MESSAGE } from "./message.ts";
import {
  borrowNonBlocking,
  cookieOf,
  getInheritable,
  isFoundBlocking,
  keepNonBlocking,
  restoreBlocking,
  setInheritable,
} from "./nonblocking.ts";
import { isGranted, requireAddress, requireDestination } from "./permissions.ts";
import { Receiver } from "./receiver.ts";
import { reactor } from "./reactor.ts";
import { resolve, resolveInPlace } from "./names/resolve.ts";
import { encode, incomingLength, outgoing, received, vacant } from "./sockaddr.ts";
import { ENDS_READS, Source } from "./source.ts";

/** How long to wait, in ms, where the kernel tells nobody that there is room again. */
const RETRY_AFTER = 1;

/** No signal, and no waiting: whoever shares the open file may have made it a blocking one. */
const SEND_FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT;

/** A connect under way. */
interface Connecting {
  address: Address;
  caller: Caller;
  turn: number;
}

/** All that are open, for the end of the isolate. */
export const openTransports: Set<NativeTransport> = new Set();

/** A socket on a descriptor of its own. */
export class NativeTransport implements Transport {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly #source: Source;
  readonly #receiver: Receiver;
  /** Whether the last EAGAIN of a send was one that no event follows, and the timer that stands for it. */
  #unannounced = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  /** Whether connect was called: it may leave a port of the kernel's choice behind, on every interface. */
  #strayed = false;
  /** Whether it was settled that this socket may receive what its first datagram opens it for. */
  #mayHear = false;
  /** All duplicates: they share what listen and shutdown change. Undefined where there are none. */
  #twins: NativeTransport[] | undefined;
  /** The kernel's own name of the socket, once the number was given away. */
  #cookie: bigint | undefined;
  /** The connect under way, and the call that began it. */
  #connecting: Connecting | undefined;

  /** How its options bound blocking calls. */
  limits: BlockingLimits | undefined;
  /** Whether the descriptor was adopted and found to be a blocking one, which it is to be again when it is given back. */
  #borrowed = false;
  /** Whether it is another process's, and inherited from there: not even the end of the isolate closes it. */
  #inherited = false;

  /** Owns the descriptor from now on; it is non-blocking unless it is adopted. */
  constructor(fd: number, family: number, type: number, proto: number) {
    this.family = family;
    this.type = type;
    this.proto = proto;
    this.#source = new Source(fd, this.#isTCP);
    this.#receiver = new Receiver(type === SOCK_STREAM, this.#source);
    openTransports.add(this);
  }

  /** Itself and its duplicates. */
  get #all(): NativeTransport[] {
    return this.#twins ?? [this];
  }

  get #isInternet(): boolean {
    return this.family === AF_INET || this.family === AF_INET6;
  }

  get #isTCP(): boolean {
    return this.#isInternet && this.type === SOCK_STREAM && (this.proto === 0 || this.proto === IPPROTO_TCP);
  }

  // Names

  bind(address: Address): void {
    const resolved = resolveInPlace(this.family, address);
    requireAddress(this.family, resolved);
    this.#claim(resolved, address);
  }

  /** Binds; an error tells the address as it was `asked` for. */
  #claim(resolved: Address, asked: Address): void {
    const length = encode(this.family, resolved);
    call(libc().bind(this.#source.fd, outgoing, length), "bind", asked);
    this.#strayed = false;
  }

  listen(backlog: number): void {
    // Unbound, the kernel picks a port on every interface.
    if (this.#isInternet && (this.#strayed || this.getsockname()[1] === 0)) {
      requireAddress(this.family, [wildcard(this.family), 0]);
    }
    call(effects.listen(this.#source.fd, backlog), "listen");
    for (const twin of this.#all) twin.#source.listening = true;
  }

  resolve(address: Address): Address | Promise<Address> {
    return resolve(this.family, address);
  }

  getsockname(): Address {
    call(libc().getsockname(this.#source.fd, vacant(), incomingLength), "getsockname");
    return received() ?? "";
  }

  getpeername(): Address {
    call(libc().getpeername(this.#source.fd, vacant(), incomingLength), "getpeername");
    return received() ?? "";
  }

  // Connections

  accept(): Accepted | WouldBlock {
    if ((this.#source.listening && (this.#source.ready & POLLIN) === 0) || !effects.mayTry()) return WOULD_BLOCK;
    if (!this.#mayAccept()) {
      this.#source.exhaust(POLLIN);
      return WOULD_BLOCK;
    }
    for (;;) {
      const fd = effects.accept(this.#source.fd, vacant(), incomingLength, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        const address = received() ?? "";
        const transport = new NativeTransport(fd, this.family, this.type, this.proto);
        transport.#source.lingers = this.#source.lingers;
        // Which of them the new socket has is the kernel's choice.
        if (this.limits !== undefined) transport.#limit(readLimits(fd));
        return { transport, address };
      }
      // The peer left the queue before its turn: the next one, please.
      if (errno() === ECONNABORTED) continue;
      if (errno() !== EAGAIN) throw failure("accept");
      this.#source.exhaust(POLLIN);
      return WOULD_BLOCK;
    }
  }

  /**
   * Sees to it that accept(2) cannot wait. On an adopted listener that costs its holders the most: while O_NONBLOCK is set,
   * a blocking accept elsewhere is EAGAIN. It is set when there is a connection first, and kept until the descriptor is
   * given back. To clear it after each accept would be dangerous: of two processes that do so, one could clear it between
   * the other's setting and accepting, and where the connection is gone by then, that accept blocks this thread.
   */
  #mayAccept(): boolean {
    const { fd } = this.#source;
    if (!this.#borrowed) keepNonBlocking(fd);
    else if (level(fd) === 0 && this.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) !== 0) return false;
    else borrowNonBlocking(fd);
    return true;
  }

  connect(caller: Caller, address: Address): void | InProgress | WouldBlock {
    requireAddress(this.family, address);
    // Asking the kernel again would take the outcome from the call that waits for it.
    if (this.#all.some((twin) => twin.#isConnecting)) throw errorFor("EALREADY", { syscall: "connect", address });
    const outcome = this.#connect(address);
    switch (outcome) {
      case 0:
        return;
      case EINPROGRESS:
        this.#connecting = { address, caller, turn: caller.turn };
        this.#source.exhaust(POLLOUT);
        return IN_PROGRESS;
      case EAGAIN:
        // A Unix listener's queue is full, and nobody is told when it is not.
        if (this.family !== AF_UNIX) break;
        this.#unannounced = true;
        return WOULD_BLOCK;
    }
    throw errorForErrno(outcome, { syscall: "connect", address });
  }

  /** Whether a call waits for the outcome of its connect. */
  get #isConnecting(): boolean {
    return this.#connecting !== undefined && this.#connecting.turn === this.#connecting.caller.turn;
  }

  finishConnect(): void | WouldBlock {
    const { address } = this.#connecting!;
    if (!this.#isInternet) return this.#outcomeOf(address);
    // Asking again tells the outcome as SO_ERROR does, and lets the kernel know that it was told: from then on it
    // answers EISCONN.
    const outcome = this.#connect(address);
    if (outcome === EALREADY) return WOULD_BLOCK;
    if (outcome !== 0) throw errorForErrno(outcome, { syscall: "connect", address });
    // A stream watched before it was connected has hung up in the kernel's eyes. Now it begins afresh.
    if (!this.#source.shortMeansEmpty && this.#twins === undefined && (level(this.#source.fd) & ENDS_READS) === 0) {
      this.#source.shortMeansEmpty = this.#isTCP;
    }
  }

  /** Elsewhere than in TCP, asking again might be another connect. */
  #outcomeOf(address: Address): void | WouldBlock {
    if ((level(this.#source.fd) & POLLOUT) === 0) return WOULD_BLOCK;
    const outcome = this.getsockopt(SOL_SOCKET, SO_ERROR);
    if (outcome !== 0) throw errorForErrno(outcome, { syscall: "connect", address });
  }

  disconnect(): void {
    // A sockaddr of AF_UNSPEC is its family and padding: zeroes.
    call(effects.connect(this.#source.fd, new Uint8Array(16), 16), "connect");
    // The kernel forgets an address that it picked itself, and may pick a wider one.
    this.#mayHear = false;
  }

  /** Answers 0 or the errno. */
  #connect(address: Address): number {
    this.#strayed = true;
    const length = encode(this.family, address);
    const { fd } = this.#source;
    if (!this.#borrowed) keepNonBlocking(fd);
    else borrowNonBlocking(fd);
    const outcome = effects.connect(fd, outgoing, length) === 0 ? 0 : errno();
    // What is under way goes on without the flag.
    if (this.#borrowed) restoreBlocking(fd);
    return outcome;
  }

  shutdown(how: number): void {
    const result = effects.shutdown(this.#source.fd, how);
    // An unconnected datagram socket is shut down, too, though the kernel answers ENOTCONN.
    if (how !== SHUT_WR && (result === 0 || errno() === ENOTCONN)) {
      for (const twin of this.#all) twin.#receiver.shut = true;
    }
    call(result, "shutdown");
    // A Unix socket with a full queue makes no event of it, and whoever waits to send is to learn of it.
    if (how !== SHUT_RD) { for (const twin of this.#all) twin.#source.announce(POLLOUT); }
  }

  // Receiving

  recv(_caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    return this.#receiver.recv(size, flags);
  }

  recvInto(_caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    return this.#receiver.recvInto(view, flags);
  }

  recvFrom(_caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    return this.#receiver.recvFrom(size, flags);
  }

  recvFromInto(_caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    return this.#receiver.recvFromInto(view, flags);
  }

  recvMessage(_caller: Caller, views: Uint8Array[], ancillarySize: number, flags: number): Received | WouldBlock {
    return this.#receiver.recvMessage(views, ancillarySize, flags);
  }

  // Sending

  send(_caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    const source = this.#source;
    if (!source.mayTry(POLLOUT)) return WOULD_BLOCK;
    if (!this.#mayHear) this.#requireHearing("send", null);
    const count = effects.send(
      source.fd,
      data as Uint8Array<ArrayBuffer>,
      Math.min(data.length, MOST_BYTES),
      flags | SEND_FLAGS,
    );
    if (count < 0) return this.#refusedSend("send");
    if (count < data.length && source.shortMeansEmpty) source.exhaust(POLLOUT);
    return count;
  }

  sendTo(caller: Caller, data: Uint8Array, flags: number, address: Address): number | WouldBlock {
    if (!this.#source.mayTry(POLLOUT)) return WOULD_BLOCK;
    requireDestination(this.family, address);
    if (!this.#mayHear) this.#requireHearing("sendto", address);
    if ((flags & MSG_FASTOPEN) !== 0) this.#noteOpening(caller, address);
    const length = encode(this.family, address);
    const count = effects.sendTo(
      this.#source.fd,
      data as Uint8Array<ArrayBuffer>,
      Math.min(data.length, MOST_BYTES),
      flags | SEND_FLAGS,
      outgoing,
      length,
    );
    return count < 0 ? this.#refusedSend("sendto", address) : count;
  }

  sendMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    address: Address | null,
  ): number | WouldBlock {
    if (!this.#source.mayTry(POLLOUT)) return WOULD_BLOCK;
    if (address !== null) requireDestination(this.family, address);
    if (!this.#mayHear) this.#requireHearing("sendmsg", address);
    if ((flags & MSG_FASTOPEN) !== 0 && address !== null) this.#noteOpening(caller, address);
    let size = 0;
    for (const view of views) size += view.length;
    if (this.type === SOCK_STREAM) size = Math.min(size, STREAM_MESSAGE);
    const message = sharedMessage();
    message.compose(views, size, ancillary, address === null ? 0 : encode(this.family, address));
    const count = effects.sendMessage(this.#source.fd, message.header, flags | SEND_FLAGS);
    return count < 0 ? this.#refusedSend("sendmsg", address) : count;
  }

  /** A send is about to connect the socket, as connect does. */
  #noteOpening(caller: Caller, address: Address): void {
    if (this.type !== SOCK_STREAM || !this.#isInternet) return;
    this.#connecting = { address, caller, turn: caller.turn };
    this.#strayed = true;
  }

  /**
   * The first datagram binds its socket, to every interface, and from then on it hears everybody: that takes the
   * permission of any such bind. To talk to this host alone, this host's own address does, and hears nobody else.
   * Without an address it is bound, too, and refused.
   */
  #requireHearing(syscall: string, address: Address | null): void {
    if (this.#isInternet && this.type === SOCK_DGRAM && this.getsockname()[1] === 0) {
      const everybody = wildcard(this.family);
      const mayHearAll = isGranted(everybody, 0);
      if (address === null && !mayHearAll) throw errorFor("EDESTADDRREQ", { syscall });
      if (address !== null && isLoopback(String(address[0])) && !mayHearAll) {
        const own: Address = [loopback(this.family), 0];
        this.#claim(own, own);
      } else requireAddress(this.family, [everybody, 0]);
    }
    this.#mayHear = true;
  }

  #refusedSend(syscall: string, address?: Address | null): WouldBlock {
    if (errno() !== EAGAIN) throw failure(syscall, address ?? undefined);
    // A Unix datagram socket can be writable while its receiver's queue is full; no event tells when that is over.
    if (this.family === AF_UNIX && this.type !== SOCK_STREAM) this.#unannounced = true;
    else this.#source.exhaust(POLLOUT);
    return WOULD_BLOCK;
  }

  /** Nothing is under way while a caller waits. */
  forget(_caller: Caller): void {}

  // Options

  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, size: number): Uint8Array;
  getsockopt(level: number, name: number, size?: number): number | Uint8Array {
    const { fd } = this.#source;
    return size === undefined ? numberOption(fd, this.family, level, name) : bytesOption(fd, level, name, size);
  }

  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    setOption(this.#source.fd, this.family, level, name, value);
    // From now on reads end at the bounds of another protocol's records.
    if (level === IPPROTO_TCP && name === TCP_ULP) this.#source.shortMeansEmpty = false;
    if (level === SOL_SOCKET && name === SO_LINGER) this.#noteLinger();
    const limits = limitsAfter(this.#source.fd, this.limits, level, name, value);
    if (limits !== this.limits) { for (const twin of this.#all) twin.#limit(limits); }
  }

  /** Notes what bounds blocking calls. */
  #limit(limits: BlockingLimits | undefined): void {
    this.limits = limits;
    const lowWater = limits?.lowWater ?? 1;
    this.#receiver.lowWater = lowWater > 1 && this.type === SOCK_STREAM
      ? new LowWater(lowWater, this.family !== AF_UNIX)
      : undefined;
  }

  /** Learns whether a close may wait for what is unsent. What is no socket has no such option. */
  #noteLinger(): void {
    const linger = new Int32Array(2);
    readOption(this.#source.fd, SOL_SOCKET, SO_LINGER, linger);
    const [on, seconds] = linger;
    for (const twin of this.#all) twin.#source.lingers = on !== 0 && seconds !== 0;
  }

  /** Takes over a descriptor that somebody else has had: what they did to it is not known here. */
  static adopt(fd: number, family: number, type: number, proto: number): NativeTransport {
    const transport = new NativeTransport(fd, family, type, proto);
    transport.#source.shortMeansEmpty = false;
    transport.#noteLinger();
    transport.#limit(readLimits(fd));
    transport.#borrowed = isFoundBlocking(fd);
    // Every descriptor that this process opens, or receives over a socket, is closed on exec: so this one came by exec.
    transport.#inherited = getInheritable(fd);
    return transport;
  }

  // Waiting

  events(mask: number): number {
    const events = this.#source.events(mask);
    return this.#receiver.holds ? events | POLLIN | POLLRDNORM : events;
  }

  watch(mask: number, waiter: Waiter): void {
    if (this.#unannounced && (mask & POLLOUT) !== 0) this.#retryLater();
    this.#source.watch(mask, waiter);
  }

  unwatch(waiter: Waiter): void {
    this.#source.unwatch(waiter);
    if (this.#retry !== undefined && this.#source.waiting === 0) this.#stopRetrying();
  }

  atRest(): Promise<void> | undefined {
    return reactor.atRest();
  }

  /** What an attempt knows may be older than what the kernel knows: let the next one ask. */
  settle(mask: number): undefined {
    this.#source.ready |= mask & (POLLIN | POLLOUT);
    effects.permitOne();
    return undefined;
  }

  #retryLater(): void {
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#unannounced = false;
      this.#source.announce(POLLOUT);
    }, RETRY_AFTER);
    if (!this.#source.holds) Deno.unrefTimer(this.#retry);
  }

  #stopRetrying(): void {
    if (this.#retry === undefined) return;
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  ref(): void {
    reactor.hold(this.#source, true);
  }

  unref(): void {
    reactor.hold(this.#source, false);
  }

  // The descriptor

  fileno(): number {
    return this.#source.fd;
  }

  dup(): NativeTransport {
    const fd = call(libc().fcntl(this.#source.fd, F_DUPFD_CLOEXEC, 0), "dup");
    const copy = new NativeTransport(fd, this.family, this.type, this.proto);
    copy.#source.listening = this.#source.listening;
    // What one of them reads out of band, or leaves unread, ends the other's reads without an event.
    this.#source.shortMeansEmpty = copy.#source.shortMeansEmpty = false;
    copy.#receiver.shut = this.#receiver.shut;
    copy.#source.lingers = this.#source.lingers;
    copy.#borrowed = this.#borrowed;
    copy.#limit(this.limits);
    copy.#strayed = this.#strayed;
    copy.#twins = this.#twins ??= [this];
    this.#twins.push(copy);
    return copy;
  }

  getInheritable(): boolean {
    return getInheritable(this.#source.fd);
  }

  setInheritable(inheritable: boolean): void {
    setInheritable(this.#source.fd, inheritable);
  }

  handOver(): void {
    if (this.#borrowed) restoreBlocking(this.#source.fd);
    this.#cookie = cookieOf(this.#source.fd);
  }

  isReplaced(): boolean {
    return this.#cookie !== undefined && this.#cookie !== cookieOf(this.#source.fd);
  }

  abandon(): void {
    if (this.#leave()) this.#source.abandon();
  }

  close(): void {
    if (!this.#leave()) return;
    if (this.#borrowed) restoreBlocking(this.#source.fd);
    this.#source.close();
  }

  /**
   * Gives the descriptor back at the isolate's end: closes it, unless it was inherited. What waits is not woken, and a
   * later close of the same socket does nothing.
   */
  unload(): void {
    if (this.#inherited || this.isReplaced() || !this.#leave()) return;
    this.#source.drop();
  }

  /** Ends everything but the descriptor. Answers whether that is left to do. */
  #leave(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    openTransports.delete(this);
    this.#twins?.splice(this.#twins.indexOf(this), 1);
    if (this.#retry !== undefined) this.#stopRetrying();
    this.#receiver.close();
    return true;
  }
}
