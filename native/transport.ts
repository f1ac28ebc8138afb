// A socket of the kernel: one method, one system call, tried without waiting.

import type { Address } from "../base/addresses.ts";
import type { Bytes } from "../base/data.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "../base/constants/families.ts";
import { IPPROTO_TCP } from "../base/constants/ip.ts";
import {
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_NOSIGNAL,
  MSG_OOB,
  MSG_PEEK,
  MSG_WAITALL,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from "../base/constants/sockets.ts";
import { TCP_ULP } from "../base/constants/tcp.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM } from "../base/poll.ts";
import type { Accepted, AncillaryData, InProgress, Received, Transport, Waiter, WouldBlock } from "../transport.ts";
import { IN_PROGRESS, WOULD_BLOCK } from "../transport.ts";
import { call, errno, failure } from "./call.ts";
import type { Libc } from "./libc.ts";
import { libc } from "./libc.ts";
import { EAGAIN, EALREADY, ECONNABORTED, EINPROGRESS, F_DUPFD_CLOEXEC } from "./linux.ts";
import { Message, scatter } from "./message.ts";
import { requireAddress } from "./permissions.ts";
import { ALL_EVENTS, level } from "./poll.ts";
import { reactor } from "./reactor.ts";
import { resolve, resolveInPlace } from "./resolve.ts";
import { copyOut, handOver, isBulk, ownRoom, room } from "./scratch.ts";
import { decode, encode, incoming, incomingLength, outgoing, received, vacant } from "./sockaddr.ts";
import { ENDS_READS, Source } from "./source.ts";
import { Stash } from "./stash.ts";

/** An attempt's answer between methods here: the kernel's counts are never negative. */
const BLOCKED = -1;

/** These never wait in the kernel either: nothing there is EAGAIN even for a blocking socket. */
const NEVER_WAITS = MSG_OOB | MSG_ERRQUEUE;
/** Receives that are not simply "take what is there". */
const UNUSUAL = NEVER_WAITS | MSG_PEEK | MSG_WAITALL;
/** The most that one message of a stream carries; the caller sends the rest with the next. */
const STREAM_MESSAGE = 1024 * 1024;
/** How long to wait, in ms, where the kernel tells nobody that there is room again. */
const RETRY_AFTER = 1;

let message: Message | undefined;

/** A socket on a descriptor of its own. */
export class NativeTransport implements Transport {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly #fd: number;
  readonly #libc: Libc = libc();
  readonly #source: Source;
  /** What a MSG_WAITALL took that nobody has yet. */
  #stash: Stash | undefined;
  /** Whether the last EAGAIN of a send was one that no event follows, and the timer that stands for it. */
  #unannounced = false;
  /** Whether the last receive was large and filled: then the next one will be, too. */
  #bulk = false;
  /** A listener's readiness is accept's alone: data calls on it are refused by the kernel, not waited for. */
  #listening = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  /** Where a connect is under way to. */
  #connecting: Address | undefined;

  /** Owns the descriptor from now on; it must be non-blocking. */
  constructor(fd: number, family: number, type: number, proto: number) {
    this.family = family;
    this.type = type;
    this.proto = proto;
    this.#fd = fd;
    this.#source = new Source(fd, this.#isTCP);
  }

  get #isTCP(): boolean {
    const internet = this.family === AF_INET || this.family === AF_INET6;
    return internet && this.type === SOCK_STREAM && (this.proto === 0 || this.proto === IPPROTO_TCP);
  }

  // Names

  bind(address: Address): void {
    const resolved = resolveInPlace(this.family, address);
    requireAddress(this.family, resolved);
    const length = encode(this.family, resolved);
    call(this.#libc.bind(this.#fd, outgoing, length), "bind", address);
  }

  listen(backlog: number): void {
    // Unbound, the kernel picks a port on every interface.
    const address = this.family === AF_INET || this.family === AF_INET6 ? this.getsockname() : "";
    if (address[1] === 0) requireAddress(this.family, address);
    call(this.#libc.listen(this.#fd, backlog), "listen");
    this.#listening = true;
    reactor.disturb();
  }

  resolve(address: Address): Address | Promise<Address> {
    return resolve(this.family, address);
  }

  getsockname(): Address {
    call(this.#libc.getsockname(this.#fd, vacant(), incomingLength), "getsockname");
    return received() ?? "";
  }

  getpeername(): Address {
    call(this.#libc.getpeername(this.#fd, vacant(), incomingLength), "getpeername");
    return received() ?? "";
  }

  // Connections

  accept(): Accepted | WouldBlock {
    if ((this.#listening && (this.#source.ready & POLLIN) === 0) || !reactor.mayTry()) return WOULD_BLOCK;
    for (;;) {
      const fd = this.#libc.accept4(this.#fd, vacant(), incomingLength, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        const address = received() ?? "";
        return { transport: new NativeTransport(fd, this.family, this.type, this.proto), address };
      }
      // The peer left the queue before its turn: the next one, please.
      if (errno() === ECONNABORTED) continue;
      this.#refused("accept", POLLIN);
      return WOULD_BLOCK;
    }
  }

  connect(address: Address): void | InProgress | WouldBlock {
    requireAddress(this.family, address);
    switch (this.#connect(address)) {
      case 0:
        return;
      case EINPROGRESS:
        this.#connecting = address;
        this.#source.exhaust(POLLOUT);
        return IN_PROGRESS;
      case EAGAIN:
        // A Unix listener's queue is full, and nobody is told when it is not.
        if (this.family !== AF_UNIX) break;
        this.#unannounced = true;
        return WOULD_BLOCK;
    }
    throw failure("connect", address);
  }

  finishConnect(): void | WouldBlock {
    const address = this.#connecting!;
    // Asking again tells the outcome as SO_ERROR does, and lets the kernel know that it was told: from then on it
    // answers EISCONN.
    const outcome = this.#connect(address);
    if (outcome === EALREADY) return WOULD_BLOCK;
    if (outcome !== 0) throw failure("connect", address);
    // A stream watched before it was connected has hung up in the kernel's eyes. Now it begins afresh.
    if (!this.#source.shortMeansEmpty && (level(this.#fd) & ENDS_READS) === 0) {
      this.#source.shortMeansEmpty = this.#isTCP;
    }
  }

  /** Answers 0 or the errno. */
  disconnect(): void {
    // A sockaddr of AF_UNSPEC is its family and padding: zeroes.
    call(this.#libc.connect(this.#fd, new Uint8Array(16), 16), "connect");
  }

  #connect(address: Address): number {
    const length = encode(this.family, address);
    reactor.disturb();
    return this.#libc.connect(this.#fd, outgoing, length) === 0 ? 0 : errno();
  }

  shutdown(how: number): void {
    reactor.disturb();
    call(this.#libc.shutdown(this.#fd, how), "shutdown");
  }

  // Receiving

  recv(size: number, flags: number): Bytes | WouldBlock {
    if ((flags & UNUSUAL) !== 0 || this.#stash !== undefined) {
      const buffer = room(size, this.type === SOCK_STREAM);
      if (this.#waitsForAll(flags) && !this.#collect(size)) return WOULD_BLOCK;
      const wanted = this.#stash === undefined ? Math.min(size, buffer.length) : Math.min(size, this.#stash.length);
      const whole = wanted <= buffer.length ? buffer.subarray(0, wanted) : new Uint8Array(wanted);
      const count = this.#receiveUnusual(whole, flags);
      return count === BLOCKED ? WOULD_BLOCK : whole.slice(0, Math.min(count, wanted));
    }
    const buffer = this.#bulk ? ownRoom(size) : room(size, this.type === SOCK_STREAM);
    const asked = Math.min(size, buffer.length);
    const count = this.#receive(buffer, asked, flags);
    if (count === BLOCKED) return WOULD_BLOCK;
    const received = Math.min(count, asked);
    const wasBulk = this.#bulk;
    this.#bulk = received === asked && isBulk(asked);
    return wasBulk ? handOver(buffer, received) : copyOut(buffer, received);
  }

  recvInto(view: Uint8Array, flags: number): number | WouldBlock {
    let count: number;
    if ((flags & UNUSUAL) !== 0 || this.#stash !== undefined) {
      if (this.#waitsForAll(flags) && !this.#collect(view.length)) return WOULD_BLOCK;
      count = this.#receiveUnusual(view, flags);
    } else count = this.#receive(view as Uint8Array<ArrayBuffer>, view.length, flags);
    return count === BLOCKED ? WOULD_BLOCK : count;
  }

  recvFrom(size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    if (this.#stash !== undefined || this.#waitsForAll(flags)) {
      const data = this.recv(size, flags);
      return data === WOULD_BLOCK ? WOULD_BLOCK : [data, null];
    }
    const buffer = room(size, this.type === SOCK_STREAM);
    const asked = Math.min(size, buffer.length);
    const count = this.#receiveFrom(buffer, asked, flags);
    return count === BLOCKED ? WOULD_BLOCK : [copyOut(buffer, Math.min(count, asked)), received()];
  }

  recvFromInto(view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    if (this.#stash !== undefined || this.#waitsForAll(flags)) {
      const count = this.recvInto(view, flags);
      return count === WOULD_BLOCK ? WOULD_BLOCK : [count, null];
    }
    const count = this.#receiveFrom(view as Uint8Array<ArrayBuffer>, view.length, flags);
    return count === BLOCKED ? WOULD_BLOCK : [count, received()];
  }

  /** Takes what is there, and its sender's address to `incoming`. */
  #receiveFrom(buffer: Uint8Array<ArrayBuffer>, size: number, flags: number): number {
    if (this.#mustWait(flags)) return BLOCKED;
    const count = this.#libc.recvfrom(this.#fd, buffer, size, flags, vacant(), incomingLength);
    return count < 0 ? this.#refused("recvfrom", POLLIN, flags) : count;
  }

  recvMessage(views: Uint8Array[], ancillarySize: number, flags: number): Received | WouldBlock {
    let size = 0;
    for (const view of views) size += view.length;
    if (this.#waitsForAll(flags)) {
      if (!this.#collect(size, ancillarySize)) return WOULD_BLOCK;
    }
    const stash = this.#stash;
    if (stash !== undefined && (flags & NEVER_WAITS) === 0) {
      const row = new Uint8Array(Math.min(size, stash.length));
      const ancillary = stash.ancillary.splice(0);
      const length = this.#receiveUnusual(row, flags);
      scatter(row, views);
      return { length, ancillary, flags: 0, address: null };
    }
    const count = this.#receiveMessage(size, ancillarySize, flags);
    if (count === BLOCKED) return WOULD_BLOCK;
    scatter(message!.data(Math.min(count, size)), views);
    return {
      length: count,
      ancillary: message!.ancillary(),
      // The kernel tells the caller's own flag back.
      flags: message!.flags & ~MSG_CMSG_CLOEXEC,
      address: decode(incoming, message!.nameLength),
    };
  }

  /** Receives into `message`. */
  #receiveMessage(size: number, ancillarySize: number, flags: number): number {
    if (this.#mustWait(flags)) return BLOCKED;
    message ??= new Message();
    message.expect(this.type === SOCK_STREAM ? Math.min(size, STREAM_MESSAGE) : size, ancillarySize);
    // Descriptors that arrive are closed when another program is executed, like all of this module's.
    const count = this.#libc.recvmsg(this.#fd, message.header, flags | MSG_CMSG_CLOEXEC);
    return count < 0 ? this.#refused("recvmsg", POLLIN, flags) : count;
  }

  /** Takes what is there. */
  #receive(buffer: Uint8Array<ArrayBuffer>, size: number, flags: number): number {
    const source = this.#source;
    if (((source.ready & POLLIN) === 0 && !this.#listening) || !reactor.mayTry()) return BLOCKED;
    const count = this.#libc.recv(this.#fd, buffer, size, flags);
    if (count < 0) return this.#refused("recv", POLLIN);
    // End of stream (0) stays readable.
    if (count < size && count > 0 && source.shortMeansEmpty) source.exhaust(POLLIN);
    return count;
  }

  /** Receives out of band, without taking, or from the stash. */
  #receiveUnusual(view: Uint8Array, flags: number): number {
    const stash = this.#stash;
    if (stash !== undefined && (flags & NEVER_WAITS) === 0) {
      if ((flags & MSG_PEEK) !== 0) return stash.peek(view);
      try {
        return stash.take(view);
      } finally {
        if (stash.empty) this.#stash = undefined;
      }
    }
    if (this.#mustWait(flags)) return BLOCKED;
    const count = this.#libc.recv(this.#fd, view as Uint8Array<ArrayBuffer>, view.length, flags);
    if (count < 0) return this.#refused("recv", POLLIN, flags);
    if ((flags & MSG_PEEK) !== 0 && this.#waits(flags) && count > 0 && count < view.length) {
      // All of it is wanted, and none is taken: wait for more, unless there will be none.
      if ((level(this.#fd) & (POLLERR | POLLHUP | POLLRDHUP)) === 0) return BLOCKED;
    }
    return count;
  }

  /** Whether a receive is to wait until all of its bytes are there. */
  #waits(flags: number): boolean {
    return (flags & (MSG_WAITALL | MSG_DONTWAIT | NEVER_WAITS)) === MSG_WAITALL && this.type === SOCK_STREAM;
  }

  /** The same, and takes them as they come. */
  #waitsForAll(flags: number): boolean {
    return (flags & MSG_PEEK) === 0 && this.#waits(flags);
  }

  /** Collects up to `size` bytes in the stash, and what comes with them. Answers whether that, or the end, is reached. */
  #collect(size: number, ancillarySize = 0): boolean {
    const stash = this.#stash ??= new Stash();
    try {
      while (stash.length < size) {
        const count = this.#receiveMessage(size - stash.length, ancillarySize, 0);
        if (count === BLOCKED) return false;
        if (count === 0) break;
        stash.put(message!.data(count).slice());
        if (ancillarySize > 0) stash.ancillary.push(...message!.ancillary());
      }
    } catch (error) {
      stash.fail(error as Error);
    } finally {
      if (stash.empty) this.#stash = undefined;
    }
    return true;
  }

  #mustWait(flags: number): boolean {
    if ((flags & NEVER_WAITS) !== 0) return false;
    return ((this.#source.ready & POLLIN) === 0 && !this.#listening) || !reactor.mayTry();
  }

  // Sending

  send(data: Uint8Array, flags: number): number | WouldBlock {
    const source = this.#source;
    if (((source.ready & POLLOUT) === 0 && !this.#listening) || !reactor.mayTry()) return WOULD_BLOCK;
    reactor.disturb();
    const count = this.#libc.send(this.#fd, data as Uint8Array<ArrayBuffer>, data.length, flags | MSG_NOSIGNAL);
    if (count < 0) return this.#refusedSend("send");
    if (count < data.length && source.shortMeansEmpty) source.exhaust(POLLOUT);
    return count;
  }

  sendTo(data: Uint8Array, flags: number, address: Address): number | WouldBlock {
    if (((this.#source.ready & POLLOUT) === 0 && !this.#listening) || !reactor.mayTry()) return WOULD_BLOCK;
    requireAddress(this.family, address);
    const length = encode(this.family, address);
    reactor.disturb();
    const count = this.#libc.sendto(
      this.#fd,
      data as Uint8Array<ArrayBuffer>,
      data.length,
      flags | MSG_NOSIGNAL,
      outgoing,
      length,
    );
    return count < 0 ? this.#refusedSend("sendto", address) : count;
  }

  sendMessage(
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    address: Address | null,
  ): number | WouldBlock {
    if (((this.#source.ready & POLLOUT) === 0 && !this.#listening) || !reactor.mayTry()) return WOULD_BLOCK;
    if (address !== null) requireAddress(this.family, address);
    let size = 0;
    for (const view of views) size += view.length;
    if (this.type === SOCK_STREAM) size = Math.min(size, STREAM_MESSAGE);
    const outgoingMessage = message ??= new Message();
    outgoingMessage.compose(views, size, ancillary, address === null ? 0 : encode(this.family, address));
    reactor.disturb();
    const count = this.#libc.sendmsg(this.#fd, outgoingMessage.header, flags | MSG_NOSIGNAL);
    return count < 0 ? this.#refusedSend("sendmsg", address) : count;
  }

  /** Notes an EAGAIN, for an attempt to answer WOULD_BLOCK, and throws any other error. */
  #refused(syscall: string, mask: number, flags = 0): typeof BLOCKED {
    if (errno() !== EAGAIN || (flags & NEVER_WAITS) !== 0) throw failure(syscall);
    this.#source.exhaust(mask);
    return BLOCKED;
  }

  #refusedSend(syscall: string, address?: Address | null): WouldBlock {
    if (errno() !== EAGAIN) throw failure(syscall, address ?? undefined);
    // A Unix datagram socket can be writable while its receiver's queue is full; no event tells when that is over.
    if (this.family === AF_UNIX && this.type !== SOCK_STREAM) this.#unannounced = true;
    else this.#source.exhaust(POLLOUT);
    return WOULD_BLOCK;
  }

  // Options

  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, size: number): Uint8Array;
  getsockopt(level: number, name: number, size?: number): number | Uint8Array {
    const value = new Uint8Array(size ?? 4);
    const length = new Uint32Array([value.length]);
    call(this.#libc.getsockopt(this.#fd, level, name, value, length), "getsockopt");
    return size === undefined ? new DataView(value.buffer).getInt32(0, true) : value.slice(0, length[0]);
  }

  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    const bytes = typeof value === "number" ? new Int32Array([value]) : value;
    call(
      this.#libc.setsockopt(this.#fd, level, name, bytes as Uint8Array<ArrayBuffer>, bytes.byteLength),
      "setsockopt",
    );
    // From now on reads end at the bounds of another protocol's records.
    if (level === IPPROTO_TCP && name === TCP_ULP) this.#source.shortMeansEmpty = false;
  }

  // Waiting

  events(mask: number): number {
    const events = this.#source.events(mask);
    return this.#stash === undefined ? events : events | POLLIN | POLLRDNORM;
  }

  watch(mask: number, waiter: Waiter): void {
    if (this.#unannounced && (mask & POLLOUT) !== 0) this.#retryLater();
    this.#source.watch(mask, waiter);
  }

  unwatch(waiter: Waiter): void {
    this.#source.unwatch(waiter);
    if (this.#retry !== undefined && this.#source.waiting === 0) this.#stopRetrying();
  }

  /** What an attempt knows may be older than what the kernel knows: let the next one ask. */
  settle(mask: number): undefined {
    this.#source.ready |= mask & (POLLIN | POLLOUT);
    reactor.permitOne();
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
    return this.#fd;
  }

  dup(): NativeTransport {
    const fd = call(this.#libc.fcntl(this.#fd, F_DUPFD_CLOEXEC, 0), "dup");
    const copy = new NativeTransport(fd, this.family, this.type, this.proto);
    copy.#listening = this.#listening;
    return copy;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#retry !== undefined) this.#stopRetrying();
    this.#source.close();
  }
}
