// One TCP connection: the states of RFC 9293 and the segments that change them. Where Linux differs from the RFC, this
// follows Linux. A connection may outlive its socket: after close it still sends its data and a FIN.

import type { Bytes } from "../../base/data.ts";
import type { ErrnoName } from "../../base/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRNORM } from "../../base/poll.ts";
import { familyOf } from "../net/addresses.ts";
import type { Kernel } from "../net/kernel.ts";
import { ACK, FIN, RST, SYN } from "../net/packet.ts";
import type { Segment } from "../net/packet.ts";
import type { Holder } from "../net/ports.ts";
import type { Timer } from "../time/timer.ts";
import type { TimerKind } from "../time/timeline.ts";
import { MILLISECOND, SECOND } from "../time/units.ts";
import { Acknowledger } from "./acknowledger.ts";
import { Handshake } from "./handshake.ts";
import { KeepAlive } from "./keep_alive.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import { Sender } from "./sender.ts";
import type { SenderOwner } from "./sender.ts";
import { Segments } from "./segments.ts";
import type { Endpoints } from "./segments.ts";
import type { TcpSettings } from "./settings.ts";

/** The states of RFC 9293. LISTEN is a {@linkcode Listener}'s. */
export type State =
  | "SYN_SENT"
  | "SYN_RECEIVED"
  | "ESTABLISHED"
  | "FIN_WAIT_1"
  | "FIN_WAIT_2"
  | "CLOSE_WAIT"
  | "CLOSING"
  | "LAST_ACK"
  | "TIME_WAIT"
  | "CLOSED";

/** How long a connection stays in TIME_WAIT, and a closed one in FIN_WAIT_2 (Linux's TCP_TIMEWAIT_LEN). */
export const TIME_WAIT_LENGTH = 60 * SECOND;

const IN = POLLIN | POLLRDNORM;
const OUT = POLLOUT | POLLWRNORM;
/** All events. They are reported when a connection ends. */
const ALL = IN | OUT | POLLRDHUP | POLLHUP | POLLERR;

const NOTHING: Bytes = new Uint8Array(0);

/** The socket of a connection, as the connection sees it. */
export interface ConnectionOwner {
  /** Called when some events may hold. */
  changed(events: number): void;
}

/** A connection. */
export class Connection implements Holder, SenderOwner {
  readonly kernel: Kernel;
  readonly ends: Endpoints;
  readonly settings: TcpSettings;
  readonly sender: Sender;
  readonly receiver: ReceiveBuffer;
  /** The socket. Null before accept and after close. */
  owner: ConnectionOwner | null = null;
  /** Called once: with true when a passive connection is established, with false when it ends before that. */
  onEstablished: ((succeeded: boolean) => boolean) | null = null;
  /** The error that ended it. The socket reports it once. */
  error: ErrnoName | null = null;
  /** Whether the receiving side is shut: by the peer's FIN, by the socket or by the connection's end. */
  receivingShut = false;
  /** Whether the sending side is shut down. */
  sendingShut = false;
  /** Whether the application has closed it. */
  orphaned = false;
  /** Whether the peer's FIN was received. */
  finReceived = false;
  isPortShared = false;
  #state: State;
  readonly #segments: Segments;
  readonly #acknowledger: Acknowledger;
  readonly #handshake: Handshake;
  readonly #keepAlive: KeepAlive;
  /** The timer that ends FIN_WAIT_2 and TIME_WAIT. */
  readonly #timer: Timer;
  /** The events that the socket does not know yet. */
  #unreported = 0;

  constructor(kernel: Kernel, ends: Endpoints, settings: TcpSettings, state: "SYN_SENT" | "SYN_RECEIVED") {
    this.kernel = kernel;
    this.ends = ends;
    this.settings = settings;
    this.#state = state;
    this.#segments = new Segments(kernel, ends, settings);
    this.sender = new Sender(this, this.#segments.longest);
    this.receiver = new ReceiveBuffer(1, settings.receiveCapacity);
    this.#acknowledger = new Acknowledger(this);
    this.#handshake = new Handshake(this);
    this.#keepAlive = new KeepAlive(this);
    this.#timer = kernel.timer(() => this.#end(), "expiry");
    kernel.tcp.add(this);
  }

  get now(): number {
    return this.kernel.timeline.now;
  }
  timer(callback: () => void, kind?: TimerKind): Timer {
    return this.kernel.timer(callback, kind);
  }
  get state(): State {
    return this.#state;
  }
  get noDelay(): boolean {
    return this.settings.noDelay;
  }
  get corked(): boolean {
    return this.settings.corked;
  }
  get userTimeout(): number {
    return this.settings.userTimeout * MILLISECOND;
  }

  /** Whether the socket can send and receive no more. In TIME_WAIT the connection still answers segments. */
  get isOver(): boolean {
    return this.#state === "CLOSED" || this.#state === "TIME_WAIT";
  }
  /** Whether the handshake is done, so that data may be received. */
  get isOpen(): boolean {
    return this.#state !== "SYN_SENT" && this.#state !== "SYN_RECEIVED";
  }
  /** Whether data may be sent. */
  get takesData(): boolean {
    return (this.#state === "ESTABLISHED" || this.#state === "CLOSE_WAIT") && !this.sendingShut;
  }

  // Opening.

  /** Sends the SYN. */
  open(): void {
    this.#handshake.start();
  }

  /** Answers a peer's SYN. */
  answer(syn: Segment): void {
    this.sender.mss = this.#segments.learn(syn);
    this.#handshake.start();
  }

  /** Sends the SYN or the SYN-ACK. */
  sendSyn(retransmission: boolean): void {
    const window = this.receiver.offer(1, this.sender.mss);
    this.#segments.sendSyn(this.#state === "SYN_RECEIVED", window, retransmission);
  }

  #establish(segment: Segment, seq: number): void {
    this.#handshake.stop();
    this.#state = "ESTABLISHED";
    this.sender.start(this.#segments.window(segment), seq);
    if (this.#handshake.roundTrip !== null) this.sender.roundTrip.measure(this.#handshake.roundTrip);
    this.#keepAlive.start();
    this.#unreported |= IN | OUT;
  }

  // Sending.

  /** Sends data. */
  emit(flags: number, position: number, data: Bytes, retransmission: boolean): void {
    // The link's MTU may have become smaller since the handshake. Longer segments are split.
    const most = this.#segments.longest;
    if (most < this.sender.mss) this.sender.mss = most;
    for (let offset = 0; data.length - offset > most; offset += most) {
      this.#emitData(flags & ~FIN, position + offset, data.subarray(offset, offset + most), retransmission);
    }
    const rest = data.length <= most ? 0 : data.length - ((data.length - 1) % most + 1);
    this.#emitData(flags, position + rest, rest === 0 ? data : data.subarray(rest), retransmission);
  }

  #emitData(flags: number, position: number, data: Bytes, retransmission: boolean): void {
    if (data.length > 0) this.#acknowledger.answered();
    this.#acknowledger.sent();
    const window = this.receiver.offer(this.#segments.windowUnit, this.sender.mss);
    this.#segments.send(flags, position, this.receiver.next, window, data, retransmission);
  }

  /** Sends an acknowledgement. */
  acknowledge(): void {
    this.emit(ACK, this.sender.sent, NOTHING, false);
  }

  /** Sends a keepalive probe: one byte that the peer has already acknowledged. */
  probe(): void {
    this.emit(ACK, this.sender.una - 1, NOTHING, true);
  }

  /** Sends a reset. */
  reset(): void {
    this.#segments.sendReset(this.sender.sent, this.receiver.next);
  }

  /** Queues data for sending. It must not change afterwards. */
  write(data: Bytes): void {
    this.sender.write(data);
  }

  /** Sends data that an option held back, after that option was changed. */
  flush(): void {
    if (this.isOpen && !this.isOver) this.sender.sendQueued();
  }

  /** Starts or stops the keepalive probes, after the option was changed. */
  applyKeepAlive(): void {
    if (this.isOpen && !this.isOver && !this.orphaned) this.#keepAlive.start();
  }

  // Receiving.

  /** Copies received bytes into views. */
  read(views: Uint8Array[], peek: boolean): number {
    const count = this.receiver.read(views, peek);
    if (!peek && count > 0) {
      this.settings.growReceiveCapacity(count, this.sender.roundTrip.smoothed, this.now);
      this.offerWindow();
    }
    return count;
  }

  /**
   * Enlarges the receive buffer for a call that waits for `size` bytes at once, and announces the window to the peer. 0
   * restores the usual size.
   */
  makeRoom(size: number): void {
    // Two segments more. Otherwise the remaining window would be too small to announce before all bytes have arrived.
    this.receiver.capacity = this.settings.receiveCapacity + (size === 0 ? 0 : size + 2 * this.sender.mss);
    this.offerWindow();
  }

  /** Announces a larger window to the peer if it has grown enough. */
  offerWindow(): void {
    this.receiver.capacity = Math.max(this.receiver.capacity, this.settings.receiveCapacity);
    if (this.finReceived || this.isOver || !this.isOpen) return;
    const { window, capacity } = this.receiver;
    const gain = this.receiver.gain(this.#segments.windowUnit);
    if (window <= capacity / 2 && gain >= Math.min(2 * this.sender.mss, capacity / 2)) this.acknowledge();
  }

  /** Handles a segment from the peer. */
  receive(segment: Segment): void {
    if (this.#state === "SYN_SENT") this.#receiveInSynSent(segment);
    else this.#receive(segment);
    this.#report();
  }

  #report(): void {
    const events = this.#unreported;
    if (events === 0) return;
    this.#unreported = 0;
    this.owner?.changed(events);
  }

  #receiveInSynSent(segment: Segment): void {
    const { flags } = segment;
    const acknowledges = (flags & ACK) !== 0;
    if (acknowledges && !this.#segments.acknowledgesSyn(segment)) {
      if ((flags & RST) === 0) this.kernel.tcp.refuse(segment);
      return;
    }
    if ((flags & RST) !== 0) {
      if (acknowledges) this.fail("ECONNREFUSED");
      return;
    }
    if ((flags & SYN) === 0) return;
    this.sender.mss = this.#segments.learn(segment);
    if (acknowledges) {
      this.#establish(segment, 0);
      this.acknowledge();
    } else {
      // A simultaneous open: both ends have sent a SYN.
      this.#state = "SYN_RECEIVED";
      this.sendSyn(false);
    }
  }

  #receive(segment: Segment): void {
    const { flags, data } = segment;
    const seq = this.#segments.position(segment, this.receiver.next);
    const ack = this.#segments.acknowledged(segment, this.sender.una);
    if ((flags & SYN) !== 0) return this.#receiveSyn(segment, seq);
    const end = seq + data.length + ((flags & FIN) !== 0 ? 1 : 0);
    // One byte more than the window: a FIN may follow data that fills the window.
    const acceptable = end >= this.receiver.next && seq <= Math.max(this.receiver.offered, this.receiver.next) + 1;
    if ((flags & RST) !== 0) return this.#receiveReset(seq, acceptable);
    if ((flags & ACK) === 0) return;
    if (!acceptable) {
      this.acknowledge();
      if (this.#state === "TIME_WAIT") this.#timer.set(TIME_WAIT_LENGTH);
      return;
    }
    if (this.#state === "SYN_RECEIVED") {
      if (ack !== 1) return this.kernel.tcp.refuse(segment);
      if (this.onEstablished?.(true) === false) return; // The listener's queue is full. The segment is dropped.
      this.onEstablished = null;
      this.#establish(segment, seq);
    }
    if (ack > this.sender.sent) return this.acknowledge();
    this.#keepAlive.received();
    this.#receiveAck(segment, seq, ack);
    if (this.#state === "CLOSED") return;
    if (this.#state === "TIME_WAIT") {
      if (seq < end) this.acknowledge();
      return;
    }
    this.#receiveData(segment, seq, end);
    // The segment may have opened a window.
    if (!this.isOver) this.sender.sendQueued();
  }

  #receiveSyn(segment: Segment, seq: number): void {
    const { flags } = segment;
    // The peer repeats its SYN, or both ends have sent one at the same time.
    if (this.#state === "SYN_RECEIVED" && seq === 0) {
      if ((flags & ACK) === 0) return this.sendSyn(true);
      if (!this.#segments.acknowledgesSyn(segment)) return;
      this.#establish(segment, 0);
      return this.acknowledge();
    }
    // If the peer has restarted, this acknowledgement makes it send a reset (RFC 5961).
    if ((flags & RST) === 0) this.acknowledge();
  }

  #receiveReset(seq: number, acceptable: boolean): void {
    if (!acceptable) return;
    if (this.#state === "TIME_WAIT") return this.#end();
    // A reset whose sequence number is not the next one may be forged. The acknowledgement makes the peer repeat a
    // genuine one with the right number (RFC 5961).
    if (seq !== this.receiver.next && !(this.finReceived && seq === this.receiver.next - 1)) return this.acknowledge();
    if (this.#state === "SYN_RECEIVED") return this.fail("ECONNREFUSED");
    this.fail(this.#state === "CLOSE_WAIT" ? "EPIPE" : "ECONNRESET");
  }

  #receiveAck(segment: Segment, seq: number, ack: number): void {
    const { flags, data } = segment;
    const { sender } = this;
    const changed = sender.setWindow(this.#segments.window(segment), seq, ack);
    sender.answered();
    if (ack > sender.una) {
      sender.acknowledged(ack);
      this.settings.growSendCapacity(sender.congestion.base, sender.mss);
      this.#unreported |= OUT;
      if (sender.done) this.#finAcknowledged();
    } else if (ack === sender.una && !changed && data.length === 0 && (flags & FIN) === 0 && sender.flight > 0) {
      sender.duplicate(ack);
    }
  }

  /** Called when the peer has acknowledged the FIN. */
  #finAcknowledged(): void {
    if (this.#state === "FIN_WAIT_1") {
      this.#state = "FIN_WAIT_2";
      if (this.orphaned) this.#timer.set(this.settings.finTimeout);
    } else if (this.#state === "CLOSING") this.#enterTimeWait();
    else if (this.#state === "LAST_ACK") this.#end();
  }

  #receiveData({ flags, data }: Segment, seq: number, end: number): void {
    const fin = (flags & FIN) !== 0;
    if (data.length === 0 && !fin) return;
    // New data that the application will never read is answered with a reset. Data of a repeated segment is not new.
    const mayReceive = this.#state === "ESTABLISHED" || this.#state === "FIN_WAIT_1" || this.#state === "FIN_WAIT_2";
    const isNew = end - (fin ? 1 : 0) > this.receiver.next;
    if (this.receivingShut && isNew && this.#state !== "ESTABLISHED" && mayReceive) {
      this.reset();
      return this.fail("ECONNRESET");
    }
    if (!mayReceive) return this.acknowledge();
    const { gained, gap } = this.receiver.take(seq, data, fin);
    if (gained > 0) this.#unreported |= IN;
    if (this.receiver.ended) return this.#receiveFin();
    this.#acknowledger.received(gained, gap || gained === 0);
  }

  #receiveFin(): void {
    this.finReceived = this.receivingShut = true;
    this.#unreported |= IN | POLLRDHUP | (this.sendingShut ? POLLHUP : 0);
    if (this.#state === "ESTABLISHED") this.#state = "CLOSE_WAIT";
    else if (this.#state === "FIN_WAIT_1") this.#state = "CLOSING";
    this.acknowledge();
    if (this.#state === "FIN_WAIT_2") this.#enterTimeWait();
  }

  // Ends.

  /** Shuts down the sending side. The FIN follows the queued data. */
  shutSending(): void {
    if (!this.takesData) return;
    this.sendingShut = true;
    this.#state = this.#state === "CLOSE_WAIT" ? "LAST_ACK" : "FIN_WAIT_1";
    this.sender.finish();
  }

  /**
   * Closes the connection for the application. The connection then sends its remaining data and a FIN, and ends by
   * itself. If unread data is left, it ends at once with a reset.
   */
  close(): void {
    this.owner = null;
    if (this.orphaned) return;
    this.orphaned = true;
    if (this.isOver) return;
    const unread = this.receiver.length > 0;
    this.receivingShut = true;
    if (!this.isOpen) return this.#end();
    if (unread || this.settings.resetsOnClose) return this.abort();
    this.#keepAlive.stop();
    this.shutSending();
    if (this.#state === "FIN_WAIT_2") this.#timer.set(this.settings.finTimeout);
  }

  /** Ends it with a reset. */
  abort(): void {
    if (this.isOver) return;
    if (this.#state !== "SYN_SENT") this.reset();
    this.#end();
  }

  /** Ends it with an error, which the socket reports once. */
  fail(code: ErrnoName): void {
    if (this.#state === "CLOSED") return;
    this.error = code;
    this.#end();
    this.#report();
  }

  #enterTimeWait(): void {
    this.#stop();
    this.#state = "TIME_WAIT";
    this.receivingShut = this.sendingShut = true;
    this.#unreported |= ALL;
    this.#timer.set(TIME_WAIT_LENGTH);
  }

  #end(): void {
    if (this.#state === "CLOSED") return;
    this.#stop();
    this.#timer.end();
    this.#state = "CLOSED";
    this.receivingShut = this.sendingShut = true;
    this.#unreported |= ALL;
    this.kernel.tcp.remove(this);
    this.onEstablished?.(false);
    this.onEstablished = null;
  }

  #stop(): void {
    this.sender.stop();
    this.#handshake.stop();
    this.#acknowledger.stop();
    this.#keepAlive.stop();
  }

  /** Ends it after a crash of the host. It sends and reports nothing. */
  crash(): void {
    this.owner = null;
    this.onEstablished = null;
    this.#stop();
    this.#timer.end();
    this.#state = "CLOSED";
  }

  /** Ends it in TIME_WAIT, because a new connection has the same addresses and ports. */
  expire(): void {
    this.#end();
  }

  /**
   * Returns whether a SYN may start a new connection with the same addresses and ports. This connection must be in
   * TIME_WAIT, and the SYN must be later than all data that it received.
   */
  mayBeReplacedBy(syn: Segment): boolean {
    return this.#state === "TIME_WAIT" && this.#segments.position(syn, this.receiver.next) > this.receiver.next;
  }

  // The holder of a port

  get family(): number {
    return familyOf(this.ends.host);
  }
  get host(): string {
    return this.ends.host;
  }
  get port(): number {
    return this.ends.port;
  }
  get reusesAddress(): boolean {
    return this.settings.reusesAddress;
  }
  get reusesPort(): boolean {
    return this.settings.reusesPort;
  }
  get onlyIPv6(): boolean {
    return false;
  }
  get listens(): boolean {
    return false;
  }
}
