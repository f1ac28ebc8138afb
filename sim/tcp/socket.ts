// A TCP socket. It passes the calls of the application on to its connection. Errors and events in each state are those
// of Linux (net/ipv4/af_inet.c and tcp.c).

import type { Address } from "../../base/addresses.ts";
import * as c from "../../base/constants.ts";
import type { Bytes } from "../../base/data.ts";
import type { ErrnoName } from "../../base/errno.ts";
import { errorFor } from "../../base/errors.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRNORM } from "../../base/poll.ts";
import { ALREADY_IN_PROGRESS, IN_PROGRESS, WOULD_BLOCK } from "../../seam/transport.ts";
import type { Accepted, Caller, InProgress, Waiter, WouldBlock } from "../../seam/transport.ts";
import { BROADCAST, isMulticast, shapeOf } from "../net/addresses.ts";
import { Binding } from "../net/binding.ts";
import type { Kernel } from "../net/kernel.ts";
import { isIPv6 } from "../net/packet.ts";
import type { Segment } from "../net/packet.ts";
import { resolve } from "../net/resolve.ts";
import { addressText } from "../net/socket_info.ts";
import type { SocketInfo } from "../net/socket_info.ts";
import { answer, answerBytes, Options } from "../options.ts";
import { BOTH, copyOf, RECEIVING, SENDING, shutdownBits } from "../socket.ts";
import { StreamSocket } from "../stream_socket.ts";
import { Connection } from "./connection.ts";
import type { ConnectionOwner, State } from "./connection.ts";
import { connectionInfo, infoBytes } from "./info.ts";
import { Listener } from "./listener.ts";
import { TcpSettings } from "./settings.ts";

const IN = POLLIN | POLLRDNORM;
const OUT = POLLOUT | POLLWRNORM;

/** The states as `ss` writes them. */
const STATE_NAMES: Partial<Record<State, string>> = {
  SYN_SENT: "SYN-SENT",
  SYN_RECEIVED: "SYN-RECV",
  ESTABLISHED: "ESTAB",
  FIN_WAIT_1: "FIN-WAIT-1",
  FIN_WAIT_2: "FIN-WAIT-2",
  CLOSE_WAIT: "CLOSE-WAIT",
  LAST_ACK: "LAST-ACK",
  TIME_WAIT: "TIME-WAIT",
};

/** Returns the entry of a connection in the list of sockets. */
export function infoOf(connection: Connection, receiveQueue: number): SocketInfo {
  const { host, port, peerHost, peerPort } = connection.ends;
  return {
    protocol: "tcp",
    state: STATE_NAMES[connection.state] ?? connection.state,
    local: addressText(host, port),
    peer: addressText(peerHost, peerPort),
    receiveQueue,
    sendQueue: connection.sender.queued,
    tcp: connectionInfo(connection),
  };
}

/** A TCP socket. */
export class TcpSocket extends StreamSocket implements ConnectionOwner {
  readonly #binding: Binding<TcpSocket>;
  /** Whether it was bound after the end of its connection. */
  #boundAgain = false;
  #connection: Connection | null = null;
  #listener: Listener | null = null;
  /** The kernel's socket->state. */
  #phase: "unconnected" | "connecting" | "connected" = "unconnected";
  /** The caller that began the connect. `#connectTurn` is its turn then. */
  #connector: Caller | null = null;
  #connectTurn = 0;
  /** The MSS of the latest connection that was disconnected, or else Linux's TCP_MSS_DEFAULT. */
  #mss = 536;
  /** The sides that were shut down while there was no connection. */
  #shut = 0;
  #peer: Address | undefined;
  /** Whether a waiter or call needs room in the send buffer. Waiters are woken for room only if it is set. */
  #noSpace = false;

  constructor(kernel: Kernel, family: number, proto: number, options: Options = new Options(family, c.SOCK_STREAM)) {
    super(kernel, family, c.SOCK_STREAM, proto, options);
    this.#binding = new Binding(this, kernel, family, options, kernel.tcp.ports);
  }

  /** Makes the socket of an accepted connection. */
  static of(kernel: Kernel, family: number, proto: number, connection: Connection, options: Options): TcpSocket {
    const socket = new TcpSocket(kernel, family, proto, options);
    socket.#connection = connection;
    socket.#phase = "connected";
    socket.#binding.host = connection.ends.host;
    socket.#binding.port = connection.ends.port;
    connection.owner = socket;
    return socket;
  }

  /** Makes two connected sockets. */
  static pair(kernel: Kernel, family: number, proto: number): [TcpSocket, TcpSocket] {
    const address = family === c.AF_INET6 ? "::1" : "127.0.0.1";
    const server = new TcpSocket(kernel, family, proto);
    const client = new TcpSocket(kernel, family, proto);
    server.bind(shapeOf(family, address, 0));
    server.listen(1);
    client.#open(server.getsockname());
    client.finishConnect();
    const { transport } = server.accept() as Accepted;
    server.close();
    return [client, transport as TcpSocket];
  }

  /** Handles a SYN. The socket must listen. */
  receiveSyn(segment: Segment): void {
    this.#listener!.receiveSyn(segment);
  }

  /** Whether the kernel's state is TCP_CLOSE. */
  get #isIdle(): boolean {
    return this.#listener === null && (this.#connection === null || this.#connection.isOver);
  }

  get #isConnecting(): boolean {
    return this.#connection !== null && !this.#connection.isOpen && !this.#connection.isOver;
  }

  // Addresses.

  bind(address: Address): void {
    if (!this.#isIdle) throw errorFor("EINVAL", { syscall: "bind", address });
    // If the kernel chose the port of an ended connection, the port is free.
    const ended = this.#connection !== null && !this.#binding.hasFixedPort && !this.#boundAgain;
    if (ended) this.#binding.release();
    this.#binding.bind(address, (host) => host === BROADCAST || (isMulticast(host) && !isIPv6(host)));
    this.#boundAgain = this.#connection !== null;
  }

  resolve(address: Address): Address {
    return resolve(this.kernel.host, this.family, address, "connect");
  }

  getsockname(): Address {
    return this.#binding.address;
  }
  getpeername(): Address {
    const connection = this.#connection;
    if (connection === null || connection.isOver || connection.state === "SYN_SENT") {
      throw errorFor("ENOTCONN", { syscall: "getpeername" });
    }
    return shapeOf(this.family, connection.ends.peerHost, connection.ends.peerPort);
  }

  // Listening.

  listen(backlog: number): void {
    if (this.#phase !== "unconnected" || !(this.#isIdle || this.#listener !== null)) {
      throw errorFor("EINVAL", { syscall: "listen" });
    }
    if (this.#listener !== null) {
      this.#listener.backlog = backlog;
      return;
    }
    this.#binding.listen();
    this.#connection = null;
    this.#listener = new Listener(this.kernel, this.options, backlog, () => this.waiters.wake(IN));
  }

  accept(): Accepted | WouldBlock {
    if (this.hostCrashed) return WOULD_BLOCK;
    if (this.#listener === null) throw errorFor("EINVAL", { syscall: "accept" });
    const incoming = this.#listener.take();
    if (incoming === undefined) return WOULD_BLOCK;
    const { connection, options } = incoming;
    const transport = TcpSocket.of(this.kernel, this.family, this.proto, connection, options);
    const { peerHost, peerPort } = connection.ends;
    return { transport, address: shapeOf(this.family, peerHost, peerPort) };
  }

  // Connecting.

  connect(caller: Caller, address: Address): void | InProgress | WouldBlock {
    if (this.hostCrashed) return WOULD_BLOCK;
    if (this.#phase === "connected" || this.#listener !== null) {
      throw errorFor("EISCONN", { syscall: "connect", address });
    }
    if (this.#phase === "connecting") {
      // While the call that began the connect still waits, only that call may get the outcome.
      const isAwaited = this.#connector?.turn === this.#connectTurn;
      if (isAwaited) throw errorFor("EALREADY", { syscall: "connect", address });
      if (!this.#isConnecting) return this.finishConnect();
      this.#awaitedBy(caller);
      return ALREADY_IN_PROGRESS;
    }
    this.#open(address);
    this.#awaitedBy(caller);
    return IN_PROGRESS;
  }

  /** Notes the call that waits for the outcome of the connect. */
  #awaitedBy(caller: Caller): void {
    this.#connector = caller;
    this.#connectTurn = caller.turn;
  }

  #open(address: Address): void {
    const [name, peerPort] = address as [string, number];
    const peerHost = this.#binding.destinationFor(name);
    const refuse = (code: ErrnoName) => errorFor(code, { syscall: "connect", address });
    if (peerHost === BROADCAST || isMulticast(peerHost)) throw refuse("ENETUNREACH");
    const host = this.#binding.sourceFor(peerHost, address, "connect");
    const { tcp, timeline } = this.kernel;
    timeline.expire();
    const { isHeld } = this.#binding;
    const port = isHeld ? this.#binding.port : tcp.portFor({ host, peerHost, peerPort });
    if (port === undefined || !tcp.isFree({ host, port, peerHost, peerPort })) throw refuse("EADDRNOTAVAIL");
    this.#binding.host = host;
    this.#binding.port = port;
    this.#peer = address;
    this.#phase = "connecting";
    const ends = { host, port, peerHost, peerPort };
    const connection = new Connection(this.kernel, ends, new TcpSettings(this.options), "SYN_SENT");
    connection.isPortShared = !isHeld;
    this.#connection = connection;
    connection.owner = this;
    this.deferPackets(() => connection.open());
  }

  finishConnect(): void | WouldBlock {
    if (this.hostCrashed || this.#isConnecting) return WOULD_BLOCK;
    if (this.#phase !== "connecting") return this.throwError("connect");
    if (this.#connection !== null && !this.#connection.isOver) {
      this.#phase = "connected";
      return;
    }
    // After a failed connect, Linux leaves the socket unconnected.
    const code = this.takeError() ?? "ECONNABORTED";
    const address = this.#peer;
    this.disconnect();
    throw errorFor(code, { syscall: "connect", address });
  }

  disconnect(): void {
    const listened = this.#listener !== null;
    this.#listener?.close();
    this.#listener = null;
    const connection = this.#connection;
    this.#connection = null;
    this.#phase = "unconnected";
    this.#shut = 0;
    this.error = null;
    // As in Linux, the socket also forgets TCP_MAXSEG.
    this.options.set(c.IPPROTO_TCP, c.TCP_MAXSEG, 0);
    if (connection !== null) {
      this.#mss = connection.sender.mss;
      connection.owner = null;
      if (!connection.isOver) {
        this.error = "ECONNRESET";
        this.deferPackets(() => connection.abort());
      }
    }
    this.#binding.listens = false;
    // As in Linux, a port that was bound and not used stays bound.
    if (listened || (connection !== null && !this.#boundAgain)) this.#binding.reset();
    this.#boundAgain = false;
    this.#noSpace = false;
    this.waiters.wake(IN | OUT | POLLHUP | POLLRDHUP);
  }

  // Receiving.

  protected get available(): number {
    return this.#connection?.receiver.length ?? 0;
  }

  protected read(views: Uint8Array[], peeks: boolean): number {
    const connection = this.#connection;
    let length = 0;
    if (connection !== null && this.available > 0) this.deferPackets(() => length = connection.read(views, peeks));
    return length;
  }

  protected checkReceiving(): void {
    if (this.#listener !== null) throw errorFor("ENOTCONN", { syscall: "recv" });
  }

  protected isAtEnd(): boolean {
    const { available } = this;
    const connection = this.#connection;
    if (connection?.finReceived) return true;
    if (available > 0) return connection!.error !== null || connection!.receivingShut;
    this.throwError("recv");
    if (connection?.receivingShut || (this.#shut & RECEIVING) !== 0) return true;
    if (this.#isIdle) throw errorFor("ENOTCONN", { syscall: "recv" });
    return false;
  }

  protected override refuseUrgent(): void {
    throw errorFor(this.#listener !== null || this.#isIdle ? "ENOTCONN" : "EINVAL", { syscall: "recv" });
  }

  /** Enlarges the receive buffer to what the calls wait for. Over loopback, the missing data may then arrive at once. */
  protected onWanted(): void {
    const connection = this.#connection;
    if (connection !== null) this.deferPackets(() => connection.makeRoom(this.mostWanted));
  }

  protected override onUnwanted(): void {
    this.onWanted();
  }

  // Sending.

  send(_caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    if (this.hostCrashed || this.#isConnecting) return WOULD_BLOCK;
    this.checkSendFlags(flags);
    const connection = this.#connection;
    const isShut = connection === null || !connection.takesData || (this.#shut & SENDING) !== 0;
    if (isShut || this.error !== null || connection.error !== null) {
      this.throwError("send");
      throw errorFor("EPIPE", { syscall: "send" });
    }
    if (data.length === 0) return 0;
    const room = connection.settings.sendCapacity - connection.sender.queued;
    if (room <= 0) {
      this.#noSpace = true;
      return WOULD_BLOCK;
    }
    const piece: Bytes = copyOf(data, Math.min(data.length, room));
    this.deferPackets(() => connection.write(piece));
    return piece.length;
  }

  /** Sends data. TCP ignores the address. */
  sendTo(caller: Caller, data: Uint8Array, flags: number, _address: Address): number | WouldBlock {
    return this.send(caller, data, flags);
  }

  // Ends.

  shutdown(how: number): void {
    const bits = shutdownBits(how);
    const connection = this.#connection;
    if (this.#phase === "connecting") {
      this.#phase = connection === null || connection.isOver || !connection.isOpen ? "unconnected" : "connected";
    }
    if (this.#listener !== null) {
      if ((bits & RECEIVING) !== 0) this.disconnect();
      return;
    }
    if (connection !== null && this.#isConnecting) return this.disconnect();
    const isIdle = this.#isIdle;
    if (connection === null || isIdle) this.#shut |= bits;
    else {
      if ((bits & RECEIVING) !== 0) connection.receivingShut = true;
      if ((bits & SENDING) !== 0) this.deferPackets(() => connection.shutSending());
    }
    this.waiters.wake(IN | OUT | POLLRDHUP | (this.#shutBits === BOTH ? POLLHUP : 0));
    if (isIdle) throw errorFor("ENOTCONN", { syscall: "shutdown" });
  }

  protected destroy(): void {
    this.#listener?.close();
    this.#listener = null;
    this.#binding.listens = false;
    const connection = this.#connection;
    if (connection !== null) this.deferPackets(() => connection.close());
    this.#binding.release();
  }

  override crash(): void {
    super.crash();
    this.#connection?.crash();
  }

  protected override takeError(): ErrnoName | null {
    const error = this.#connection?.error ?? this.error;
    this.error = null;
    if (this.#connection !== null) this.#connection.error = null;
    return error;
  }

  // Readiness.

  changed(changes: number): void {
    let events = changes & ~OUT;
    if ((changes & OUT) !== 0 && (this.#noSpace || (changes & POLLHUP) !== 0 || this.#phase === "connecting")) {
      if (this.#isWritable) {
        this.#noSpace = false;
        events |= OUT;
      }
    }
    if (events !== 0) this.waiters.wake(events);
  }

  override watch(mask: number, waiter: Waiter): void {
    super.watch(mask, waiter);
    // Over loopback, a connect ends before its waiter is registered, and the waiter would never be woken.
    const hasEnded = this.#phase === "connecting" && !this.#isConnecting;
    if (hasEnded && (mask & OUT) !== 0) queueMicrotask(() => this.waiters.wake(OUT));
  }

  get #shutBits(): number {
    const connection = this.#connection;
    const own = connection === null
      ? 0
      : (connection.receivingShut ? RECEIVING : 0) | (connection.sendingShut ? SENDING : 0);
    return own | this.#shut;
  }

  /** Whether a third of the send buffer is free, which is Linux's condition for POLLOUT. */
  get #isWritable(): boolean {
    const connection = this.#connection;
    if (connection === null || connection.isOver) return true;
    return connection.sender.queued * 1.5 <= connection.settings.sendCapacity;
  }

  events(mask: number): number {
    if (this.#listener !== null) return this.#listener.length > 0 ? IN : 0;
    const shut = this.#shutBits;
    const connection = this.#connection;
    let events = 0;
    if (shut === BOTH || this.#isIdle) events |= POLLHUP;
    if ((shut & RECEIVING) !== 0) events |= IN | POLLRDHUP;
    if (!this.#isConnecting) {
      if (connection !== null && this.#isReadable(connection)) events |= IN;
      if ((shut & SENDING) !== 0 || this.#isWritable) events |= OUT;
      else this.#noSpace = true;
    }
    if (this.error !== null || (connection !== null && connection.error !== null)) events |= POLLERR;
    return events & (mask | POLLERR | POLLHUP);
  }

  #isReadable({ receiver }: Connection): boolean {
    return receiver.length > 0 && (receiver.length >= this.options.lowWater || receiver.window <= 0);
  }

  // Options.

  protected override getOption(level: number, name: number, size: number | undefined): number | Uint8Array {
    const connection = this.#connection;
    if (level === c.SOL_SOCKET && name === c.SO_ACCEPTCONN) return answer(Number(this.#listener !== null), size);
    if (level === c.IPPROTO_TCP) {
      if (name === c.TCP_CONGESTION) return answerBytes(new TextEncoder().encode("reno".padEnd(16, "\0")), size);
      if (name === c.TCP_MAXSEG) return answer(this.#maxSegment, size);
      if (name === c.TCP_INFO) return answerBytes(infoBytes(connection, this.#listener !== null), size);
    }
    if (level === c.IPPROTO_IP && name === c.IP_MTU) {
      if (connection === null) throw errorFor("ENOTCONN", { syscall: "getsockopt" });
      return answer(this.kernel.mtuTo(connection.ends.peerHost), size);
    }
    return super.getOption(level, name, size);
  }

  /** TCP_MAXSEG: the MSS of the connection. Without a connection, the value that was set. */
  get #maxSegment(): number {
    const set = this.options.number(c.IPPROTO_TCP, c.TCP_MAXSEG);
    const mss = this.#connection?.sender.mss ?? this.#mss;
    return set > 0 && (this.#isIdle || this.#listener !== null) ? set : mss;
  }

  override setsockopt(level: number, name: number, value: number | Uint8Array): void {
    const connection = this.#connection;
    if (level === c.IPPROTO_TCP && name === c.TCP_CONGESTION) return this.#setCongestion(value);
    if (this.#binding.isHeld || !this.#isIdle) this.#binding.checkOption(level, name, value);
    super.setsockopt(level, name, value);
    if (connection === null || connection.isOver) return;
    if (level === c.IPPROTO_TCP && (name === c.TCP_NODELAY || name === c.TCP_CORK)) {
      this.deferPackets(() => connection.flush());
    }
    if (name === c.SO_KEEPALIVE || name === c.TCP_KEEPIDLE) connection.applyKeepAlive();
    if (level === c.SOL_SOCKET && name === c.SO_RCVBUF) this.deferPackets(() => connection.offerWindow());
  }

  /** Accepts "reno", the only congestion control that the simulation has. */
  #setCongestion(value: number | Uint8Array): void {
    const name = typeof value === "number" ? "" : new TextDecoder().decode(value).replace(/\0.*$/s, "");
    if (name !== "reno") throw errorFor("ENOENT", { syscall: "setsockopt" });
  }

  info(): SocketInfo {
    const connection = this.#connection;
    if (this.#listener === null && connection !== null && !connection.isOver) {
      return infoOf(connection, connection.receiver.length);
    }
    const listener = this.#listener;
    return {
      protocol: "tcp",
      state: listener === null ? "UNCONN" : "LISTEN",
      local: addressText(this.#binding.host, this.#binding.port),
      peer: "",
      receiveQueue: listener?.length ?? connection?.receiver.length ?? 0,
      sendQueue: listener?.backlog ?? 0,
    };
  }
}
