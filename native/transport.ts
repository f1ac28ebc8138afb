// A socket of the kernel. Most methods make one system call, some make a few, and some make none. No system call waits: a
// method that would have to wait returns WOULD_BLOCK.

import { isLoopback, loopback, wildcard } from "../base/addresses.ts";
import type { Address } from "../base/addresses.ts";
import { MSG_ZEROCOPY } from "../base/data.ts";
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
  SO_BINDTODEVICE,
  SO_ERROR,
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
import { ALREADY_IN_PROGRESS, IN_PROGRESS, WOULD_BLOCK } from "../seam/transport.ts";
import { call, errno, failure, level } from "./call.ts";
import * as effects from "./effects.ts";
import { libc, libcTransfer } from "./libc.ts";
import { bytesOption, limitsAfter, LowWater, numberOption, readLimits, setOption } from "./options.ts";
import { EAGAIN, EALREADY, ECONNABORTED, EINPROGRESS, ENOTCONN, F_DUPFD_CLOEXEC, MOST_BYTES } from "./linux.ts";
import { sharedMessage, STREAM_MESSAGE } from "./message.ts";
import {
  cookieOf,
  ensureNonBlocking,
  getInheritable,
  isFoundBlocking,
  restoreBlocking,
  setInheritable,
  setNonBlockingForNow,
} from "./nonblocking.ts";
import { isGranted, requireAddress, requireDestination } from "./permissions.ts";
import { Receiver } from "./receiver.ts";
import { reactor } from "./reactor.ts";
import { isNamed, resolveName, resolveSync } from "./names/resolve.ts";
import { Retry } from "./retry.ts";
import { encode, IFNAMSIZ, incomingLength, outgoing, prepareIncoming, received } from "./sockaddr.ts";
import { ENDS_READS, Source } from "./source.ts";

/** No SIGPIPE, and no waiting: another process that shares the open file may have made it blocking. */
const SEND_FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT;

const ZEROCOPY_HINT = "MSG_ZEROCOPY with sendmsg: use send, sendall or sendto, which send from the caller's memory";

/** A connect under way. */
interface Connecting {
  address: Address;
  caller: Caller;
  turn: number;
}

/** All open transports by their numbers, for the end of the isolate. */
export const openTransports: Map<number, NativeTransport> = new Map();

/** A native socket: one descriptor. */
export class NativeTransport implements Transport {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly #source: Source;
  readonly #receiver: Receiver;
  /** Set after an EAGAIN that no event follows, until the next attempt. */
  #retry: Retry | undefined;
  #closed = false;
  /** Whether connect was called. It may have bound the socket to a port on every interface. */
  #connectCalled = false;
  /** Whether the permission for the implicit bind was checked. */
  #implicitBindChecked = false;
  /** This transport and its duplicates, which share the state of listen and shutdown. Undefined if there are none. */
  #duplicates: NativeTransport[] | undefined;
  /** The kernel's cookie of the socket, once the number was given away. */
  #cookie: bigint | undefined;
  /** The connect under way. */
  #connecting: Connecting | undefined;
  /** Ends the look-ups of names when the socket is closed. */
  #lookUps: AbortController | undefined;

  /** The limits that the socket's options set for blocking calls. */
  limits: BlockingLimits | undefined;
  /** Whether the descriptor was adopted and was blocking. It must be blocking again when it is given back. */
  #wasBlocking = false;
  /** Whether the descriptor was inherited from another process. The end of the isolate does not close it then. */
  #inherited = false;

  /** Takes over a descriptor. It is non-blocking unless it is adopted. */
  constructor(fd: number, family: number, type: number, proto: number) {
    this.family = family;
    this.type = type;
    this.proto = proto;
    this.#source = new Source(fd, this.#isTCP);
    this.#receiver = new Receiver(family, type === SOCK_STREAM, this.#source);
    // The last transport of the number may have been detached and then closed by its new owner.
    const last = openTransports.get(fd);
    if (last?.isReplaced()) last.#detach();
    openTransports.set(fd, this);
  }

  /** This transport and its duplicates. */
  get #all(): NativeTransport[] {
    return this.#duplicates ?? [this];
  }

  get #isInternet(): boolean {
    return this.family === AF_INET || this.family === AF_INET6;
  }

  get #isTCP(): boolean {
    return this.#isInternet && this.type === SOCK_STREAM && (this.proto === 0 || this.proto === IPPROTO_TCP);
  }

  // Addresses

  bind(address: Address): void {
    const resolved = resolveSync(this.family, address);
    requireAddress(this.family, resolved);
    this.#claim(resolved, address);
  }

  /** Binds. An error names the address that was `asked` for. */
  #claim(resolved: Address, asked: Address): void {
    const length = encode(this.family, resolved);
    call(libc().bind(this.#source.fd, outgoing, length), "bind", asked);
    this.#connectCalled = false;
  }

  listen(backlog: number): void {
    // listen binds an unbound socket to a port on every interface.
    if (this.#isInternet && (this.#connectCalled || this.getsockname()[1] === 0)) {
      requireAddress(this.family, [wildcard(this.family), 0]);
    }
    call(effects.listen(this.#source.fd, backlog), "listen");
    for (const duplicate of this.#all) duplicate.#source.listening = true;
  }

  resolve(address: Address, signal?: AbortSignal): Address | Promise<Address> {
    if (!isNamed(this.family, address)) return address;
    const closed = (this.#lookUps ??= new AbortController()).signal;
    return resolveName(this.family, address, signal === undefined ? closed : AbortSignal.any([signal, closed]));
  }

  getsockname(): Address {
    call(libc().getsockname(this.#source.fd, prepareIncoming(), incomingLength), "getsockname");
    return received() ?? "";
  }

  getpeername(): Address {
    call(libcTransfer().getpeername(this.#source.fd, prepareIncoming(), incomingLength), "getpeername");
    return received() ?? "";
  }

  // Connections

  accept(): Accepted | WouldBlock {
    if ((this.#source.listening && (this.#source.ready & POLLIN) === 0) || !this.#source.isPermitted(POLLIN)) {
      return WOULD_BLOCK;
    }
    if (!this.#mayAccept()) {
      this.#source.exhaust(POLLIN);
      return WOULD_BLOCK;
    }
    for (;;) {
      const fd = effects.accept(this.#source.fd, prepareIncoming(), incomingLength, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        const address = received() ?? "";
        const transport = new NativeTransport(fd, this.family, this.type, this.proto);
        // The kernel decides which limits the new socket has.
        if (this.limits !== undefined) transport.#limit(readLimits(fd));
        return { transport, address };
      }
      // The connection ended in the queue: take the next one.
      if (errno() === ECONNABORTED) continue;
      if (errno() !== EAGAIN) throw failure("accept");
      this.#source.exhaust(POLLIN);
      return WOULD_BLOCK;
    }
  }

  /**
   * Makes sure that accept(2) does not wait. Setting O_NONBLOCK on an adopted listener affects its other users: a blocking
   * accept in another process then fails with EAGAIN. So it is set only when there is a connection, and kept until the
   * descriptor is given back. Clearing it after each accept would be dangerous. If two processes do that, one may clear it
   * between the other's fcntl and accept. If the connection is gone by then, that accept blocks this thread.
   */
  #mayAccept(): boolean {
    const { fd } = this.#source;
    if (!this.#wasBlocking) ensureNonBlocking(fd);
    else if (level(fd) === 0 && this.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) !== 0) return false;
    else setNonBlockingForNow(fd);
    return true;
  }

  connect(caller: Caller, address: Address): void | InProgress | WouldBlock {
    requireAddress(this.family, address);
    // Another connect(2) would take the outcome from the call that waits for it.
    if (this.#all.some((duplicate) => duplicate.#isConnecting)) {
      throw errorFor("EALREADY", { syscall: "connect", address });
    }
    const mayNotBind = this.#mayNotBindImplicitly;
    const outcome = this.#connect(address);
    if (mayNotBind && outcome !== 0) this.#undoImplicitBind();
    switch (outcome) {
      case 0:
        return;
      case EINPROGRESS:
      case EALREADY:
        this.#connecting = { address, caller, turn: caller.turn };
        this.#source.exhaust(POLLOUT);
        return outcome === EINPROGRESS ? IN_PROGRESS : ALREADY_IN_PROGRESS;
      case EAGAIN:
        // The queue of a Unix listener is full, and no event tells when there is space.
        if (this.family !== AF_UNIX) break;
        this.#retryLater();
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
    // Another connect(2) returns the outcome, as SO_ERROR does. After it the kernel knows that the outcome was reported, and
    // returns EISCONN from then on.
    const outcome = this.#connect(address);
    if (outcome === EALREADY) return WOULD_BLOCK;
    if (outcome !== 0) throw errorForErrno(outcome, { syscall: "connect", address });
    // The kernel reports a hang-up on a stream that is not connected yet, and that cleared `shortMeansEmpty`.
    if (
      !this.#source.shortMeansEmpty && this.#duplicates === undefined && (level(this.#source.fd) & ENDS_READS) === 0
    ) {
      this.#source.shortMeansEmpty = this.#isTCP;
    }
  }

  /** Returns the outcome of a connect that is not TCP's, where another connect(2) could start a new connect. */
  #outcomeOf(address: Address): void | WouldBlock {
    if ((level(this.#source.fd) & POLLOUT) === 0) return WOULD_BLOCK;
    const outcome = this.getsockopt(SOL_SOCKET, SO_ERROR);
    if (outcome !== 0) throw errorForErrno(outcome, { syscall: "connect", address });
  }

  disconnect(): void {
    // A sockaddr of AF_UNSPEC is all zeros.
    call(effects.connect(this.#source.fd, new Uint8Array(16), 16), "connect");
    // The kernel removes an address that it chose itself, and may choose a wider one next time.
    this.#implicitBindChecked = false;
  }

  /** Whether a datagram socket is unbound, and may not receive from every host. */
  get #mayNotBindImplicitly(): boolean {
    return this.#isInternet && this.type === SOCK_DGRAM && !isGranted(wildcard(this.family), 0) &&
      this.getsockname()[1] === 0;
  }

  /**
   * Removes the port that a failed connect(2) has left. The kernel first binds a datagram socket to every interface, and only
   * a connect that succeeds limits it to its peer.
   */
  #undoImplicitBind(): void {
    // The kernel removes this option too.
    const device = this.getsockopt(SOL_SOCKET, SO_BINDTODEVICE, IFNAMSIZ);
    this.disconnect();
    if (device.length > 0) this.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, device);
  }

  /** Returns 0 or the errno. */
  #connect(address: Address): number {
    this.#connectCalled = true;
    const length = encode(this.family, address);
    const { fd } = this.#source;
    if (!this.#wasBlocking) ensureNonBlocking(fd);
    else setNonBlockingForNow(fd);
    const outcome = effects.connect(fd, outgoing, length) === 0 ? 0 : errno();
    // A connect under way does not need the flag.
    if (this.#wasBlocking) restoreBlocking(fd);
    return outcome;
  }

  shutdown(how: number): void {
    const result = effects.shutdown(this.#source.fd, how);
    // On an unconnected datagram socket shutdown takes effect, although the kernel returns ENOTCONN.
    if (how !== SHUT_WR && (result === 0 || errno() === ENOTCONN)) {
      for (const duplicate of this.#all) duplicate.#receiver.shut = true;
    }
    call(result, "shutdown");
    // For a Unix socket with a full queue the kernel reports no event, and waiting sends must learn about it.
    if (how !== SHUT_RD) { for (const duplicate of this.#all) duplicate.#source.announce(POLLOUT); }
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
    if (!this.#implicitBindChecked) this.#checkImplicitBind("send", null);
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
    if (!this.#implicitBindChecked) this.#checkImplicitBind("sendto", address);
    if ((flags & MSG_FASTOPEN) !== 0) this.#noteFastOpen(caller, address);
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
    // The kernel would read the data after the call, and other messages use the same memory by then.
    if ((flags & MSG_ZEROCOPY) !== 0) throw errorFor("EOPNOTSUPP", { syscall: "sendmsg", hint: ZEROCOPY_HINT });
    if (!this.#source.mayTry(POLLOUT)) return WOULD_BLOCK;
    if (address !== null) requireDestination(this.family, address);
    if (!this.#implicitBindChecked) this.#checkImplicitBind("sendmsg", address);
    if ((flags & MSG_FASTOPEN) !== 0 && address !== null) this.#noteFastOpen(caller, address);
    let size = 0;
    for (const view of views) size += view.length;
    if (this.type === SOCK_STREAM) size = Math.min(size, STREAM_MESSAGE);
    const message = sharedMessage();
    message.compose(views, size, ancillary, address === null ? 0 : encode(this.family, address));
    const count = effects.sendMessage(this.#source.fd, message.header, flags | SEND_FLAGS);
    return count < 0 ? this.#refusedSend("sendmsg", address) : count;
  }

  /** Notes that a send with MSG_FASTOPEN connects the socket. */
  #noteFastOpen(caller: Caller, address: Address): void {
    if (this.type !== SOCK_STREAM || !this.#isInternet) return;
    this.#connecting = { address, caller, turn: caller.turn };
    this.#connectCalled = true;
  }

  /**
   * Checks the permission for the implicit bind. The first send of a datagram socket binds it to every interface, and from
   * then on it receives from every host. That needs the permission of such a bind. If the destination is this host and the
   * permission is not granted, the socket is bound to the loopback address instead. A send without an address and without
   * the permission fails with EDESTADDRREQ, since the kernel would bind the socket first.
   */
  #checkImplicitBind(syscall: string, address: Address | null): void {
    if (this.#isInternet && this.type === SOCK_DGRAM && this.getsockname()[1] === 0) {
      const everyInterface = wildcard(this.family);
      const mayBindAll = isGranted(everyInterface, 0);
      if (address === null && !mayBindAll) throw errorFor("EDESTADDRREQ", { syscall });
      if (address !== null && isLoopback(String(address[0])) && !mayBindAll) {
        const own: Address = [loopback(this.family), 0];
        this.#claim(own, own);
      } else requireAddress(this.family, [everyInterface, 0]);
    }
    this.#implicitBindChecked = true;
  }

  #refusedSend(syscall: string, address?: Address | null): WouldBlock {
    if (errno() !== EAGAIN) throw failure(syscall, address ?? undefined);
    if (this.#mayLackEvent()) this.#retryLater();
    else this.#source.exhaust(POLLOUT);
    return WOULD_BLOCK;
  }

  /**
   * Whether it may be that no event tells when a refused send can succeed. A socket of messages may be writable while the
   * queue of its receiver is full, as netlink sockets always are. A connected Unix socket may not be writable because of its
   * peer, while the send is to another receiver.
   */
  #mayLackEvent(): boolean {
    if (this.type === SOCK_STREAM) return false;
    return this.family === AF_UNIX || (level(this.#source.fd) & POLLOUT) !== 0;
  }

  /** Does nothing: no operation is under way while a call waits. */
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
    // From now on a read may end at the boundary of a record of the other protocol (TLS in the kernel).
    if (level === IPPROTO_TCP && name === TCP_ULP) this.#source.shortMeansEmpty = false;
    const limits = limitsAfter(this.#source.fd, this.limits, level, name, value);
    if (limits !== this.limits) { for (const duplicate of this.#all) duplicate.#limit(limits); }
  }

  /** Sets the limits of blocking calls. */
  #limit(limits: BlockingLimits | undefined): void {
    this.limits = limits;
    const lowWater = limits?.lowWater ?? 1;
    this.#receiver.lowWater = lowWater > 1 && this.type === SOCK_STREAM
      ? new LowWater(lowWater, this.family !== AF_UNIX)
      : undefined;
  }

  /** Takes over a foreign descriptor. Its state is not known, so a short read does not show that its queue is empty. */
  static adopt(fd: number, family: number, type: number, proto: number): NativeTransport {
    const transport = new NativeTransport(fd, family, type, proto);
    transport.#source.shortMeansEmpty = false;
    transport.#limit(readLimits(fd));
    transport.#wasBlocking = isFoundBlocking(fd);
    // All descriptors that this process opens or receives have FD_CLOEXEC. So one without it was inherited.
    transport.#inherited = getInheritable(fd);
    return transport;
  }

  // Waiting

  events(mask: number): number {
    const events = this.#source.events(mask);
    return this.#receiver.holds ? events | POLLIN | POLLRDNORM : events;
  }

  watch(mask: number, waiter: Waiter): void {
    if ((mask & POLLOUT) !== 0) this.#retry?.start();
    this.#source.watch(mask, waiter);
  }

  unwatch(waiter: Waiter): void {
    this.#source.unwatch(waiter);
    if (this.#retry !== undefined && this.#source.waiting === 0) this.#retry.stop();
  }

  atRest(): Promise<void> | undefined {
    return reactor.atRest();
  }

  /** Permits the next attempt: `ready` may be older than the kernel's state. */
  settle(mask: number): undefined {
    this.#source.ready |= mask & (POLLIN | POLLOUT);
    effects.permitOne();
    return undefined;
  }

  /** Notes that no event follows the last EAGAIN. */
  #retryLater(): void {
    this.#retry ??= new Retry(this.#source, () => this.#retry = undefined);
  }

  ref(): void {
    reactor.setReferenced(this.#source, true);
  }

  unref(): void {
    reactor.setReferenced(this.#source, false);
  }

  // The descriptor

  fileno(): number {
    return this.#source.fd;
  }

  dup(): NativeTransport {
    const fd = call(libc().fcntl(this.#source.fd, F_DUPFD_CLOEXEC, 0), "dup");
    const copy = new NativeTransport(fd, this.family, this.type, this.proto);
    copy.#source.listening = this.#source.listening;
    // Reads of one duplicate (of urgent data, or partial ones) can end the reads of the other one without an event.
    this.#source.shortMeansEmpty = copy.#source.shortMeansEmpty = false;
    copy.#receiver.shut = this.#receiver.shut;
    copy.#wasBlocking = this.#wasBlocking;
    copy.#limit(this.limits);
    copy.#connectCalled = this.#connectCalled;
    copy.#duplicates = this.#duplicates ??= [this];
    this.#duplicates.push(copy);
    return copy;
  }

  getInheritable(): boolean {
    return getInheritable(this.#source.fd);
  }

  setInheritable(inheritable: boolean): void {
    setInheritable(this.#source.fd, inheritable);
  }

  handOver(): void {
    if (this.#wasBlocking) restoreBlocking(this.#source.fd);
    if (this.#source.waiting === 0) this.#source.unregister();
    this.#cookie = cookieOf(this.#source.fd);
  }

  isReplaced(): boolean {
    return this.#cookie !== undefined && this.#cookie !== cookieOf(this.#source.fd);
  }

  abandon(): void {
    if (this.#detach()) this.#source.abandon();
  }

  close(): void {
    if (!this.#detach()) return;
    this.#lookUps?.abort(errorFor("EBADF"));
    if (this.#wasBlocking) restoreBlocking(this.#source.fd);
    this.#source.close();
  }

  /**
   * Closes the descriptor at the end of the isolate, unless it was inherited. Waiters are not woken. A later close of the
   * socket does nothing.
   */
  unload(): void {
    if (this.#inherited || this.isReplaced() || !this.#detach()) return;
    effects.close(this.#source.fd);
  }

  /** Closes everything except the descriptor. Returns false if it was closed already. */
  #detach(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    if (openTransports.get(this.#source.fd) === this) openTransports.delete(this.#source.fd);
    this.#duplicates?.splice(this.#duplicates.indexOf(this), 1);
    this.#retry?.stop();
    this.#receiver.close();
    return true;
  }
}
