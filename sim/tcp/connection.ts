// One TCP connection: the states of RFC 9293 and the segments that move it through them. What Linux does differently
// from the RFC is done as Linux does it. The socket above it may be gone: a closed connection ends by itself.

import type { Bytes } from "../../base/data.ts";
import type { ErrnoName } from "../../base/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRNORM } from "../../base/poll.ts";
import { familyOf } from "../net/addresses.ts";
import type { Kernel } from "../net/kernel.ts";
import { ACK, FIN, RST, SYN } from "../net/packet.ts";
import type { Segment } from "../net/packet.ts";
import type { Holder } from "../net/ports.ts";
import type { Timer } from "../time/timer.ts";
import type { Hope } from "../time/timeline.ts";
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
/** The news of an end. */
const ALL = IN | OUT | POLLRDHUP | POLLHUP | POLLERR;

const NOTHING: Bytes = new Uint8Array(0);

/** What happened to a connection that its socket has to know. */
export interface ConnectionOwner {
  /** These events may hold now: data, room, an end or an error has come. */
  changed(events: number): void;
}

/** A connection. */
export class Connection implements Holder, SenderOwner {
  readonly kernel: Kernel;
  readonly ends: Endpoints;
  readonly settings: TcpSettings;
  readonly sender: Sender;
  readonly receiver: ReceiveBuffer;
  /** The socket; null before accept and after close. */
  owner: ConnectionOwner | null = null;
  /** Called once when a passive connection is established, or when it ends before. */
  onEstablished: ((succeeded: boolean) => boolean) | null = null;
  /** Why it broke; the socket tells it once. */
  error: ErrnoName | null = null;
  /** Whether the receiving side is shut: by the peer's FIN, by the socket or by the connection's end. */
  receivingShut = false;
  /** Whether the sending side is shut. */
  sendingShut = false;
  /** Whether the application has closed it. */
  orphaned = false;
  /** Whether the peer's FIN came. */
  finReceived = false;
  #state: State;
  readonly #segments: Segments;
  readonly #acknowledger: Acknowledger;
  readonly #handshake: Handshake;
  readonly #keepAlive: KeepAlive;
  /** FIN_WAIT_2 and TIME_WAIT end by it. */
  readonly #timer: Timer;
  /** The events that the socket has not been told of. */
  #news = 0;

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
    kernel.tcp.enter(this);
  }

  get now(): number {
    return this.kernel.timeline.now;
  }
  timer(callback: () => void, hope?: Hope): Timer {
    return this.kernel.timer(callback, hope);
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

  /** Whether it is over for its socket: in TIME_WAIT only the network still knows it. */
  get isOver(): boolean {
    return this.#state === "CLOSED" || this.#state === "TIME_WAIT";
  }
  /** Whether data may be received: the handshake is done. */
  get isOpen(): boolean {
    return this.#state !== "SYN_SENT" && this.#state !== "SYN_RECEIVED";
  }
  /** Whether data may be written. */
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

  /** Sends the SYN, or the SYN that answers one. */
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
    this.#news |= IN | OUT;
  }

  // Sending.

  /** Sends a segment with data. */
  emit(flags: number, position: number, data: Bytes, retransmission: boolean): void {
    // The link's MTU may have become less since the handshake; what is longer goes in pieces.
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

  /** Sends an acknowledgement of what has come. */
  acknowledge(): void {
    this.emit(ACK, this.sender.sent, NOTHING, false);
  }

  /** Probes whether the peer is there, with a byte that it has acknowledged. */
  probe(): void {
    this.emit(ACK, this.sender.una - 1, NOTHING, true);
  }

  /** Tells the peer that the connection is gone. */
  reset(): void {
    this.#segments.sendReset(this.sender.sent, this.receiver.next);
  }

  /** Writes data, which must not change afterwards. */
  write(data: Bytes): void {
    this.sender.write(data);
  }

  /** Sends what waited: an option was changed. */
  flush(): void {
    if (this.isOpen && !this.isOver) this.sender.pump();
  }

  /** Starts or stops the probes of an idle connection: an option was changed. */
  applyKeepAlive(): void {
    if (this.isOpen && !this.isOver && !this.orphaned) this.#keepAlive.start();
  }

  // Receiving.

  /** Takes bytes that were received. */
  read(views: Uint8Array[], peek: boolean): number {
    const count = this.receiver.read(views, peek);
    if (!peek && count > 0) {
      this.settings.growReceiveCapacity(count, this.sender.roundTrip.smoothed, this.now);
      this.offerWindow();
    }
    return count;
  }

  /** Makes room for a receive of so many bytes at once (0: none any more), and tells the peer. */
  makeRoom(size: number): void {
    // Two segments more: as long as the bytes are not all there, the room is worth telling.
    this.receiver.capacity = this.settings.receiveCapacity + (size === 0 ? 0 : size + 2 * this.sender.mss);
    this.offerWindow();
  }

  /** Tells the peer that its window has grown, where that is worth a segment. */
  offerWindow(): void {
    this.receiver.capacity = Math.max(this.receiver.capacity, this.settings.receiveCapacity);
    if (this.finReceived || this.isOver || !this.isOpen) return;
    const { window, capacity } = this.receiver;
    const gain = this.receiver.gain(this.#segments.windowUnit);
    if (window <= capacity / 2 && gain >= Math.min(2 * this.sender.mss, capacity / 2)) this.acknowledge();
  }

  /** Takes a segment. */
  receive(segment: Segment): void {
    if (this.#state === "SYN_SENT") this.#receiveInSynSent(segment);
    else this.#receive(segment);
    this.#tell();
  }

  #tell(): void {
    const news = this.#news;
    if (news === 0) return;
    this.#news = 0;
    this.owner?.changed(news);
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
      // Both ends connect to each other at the same time.
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
    // One more than the window: a FIN is sent behind a window that is shut.
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
      if (this.onEstablished?.(true) === false) return; // The listener's queue is full: as if it had been lost.
      this.onEstablished = null;
      this.#establish(segment, seq);
    }
    if (ack > this.sender.sent) return this.acknowledge();
    this.#keepAlive.heard();
    this.#receiveAck(segment, seq, ack);
    if (this.#state === "CLOSED") return;
    if (this.#state === "TIME_WAIT") {
      if (seq < end) this.acknowledge();
      return;
    }
    this.#receiveData(segment, seq, end);
    // What was read or acknowledged may have opened a window.
    if (!this.isOver) this.sender.pump();
  }

  #receiveSyn(segment: Segment, seq: number): void {
    const { flags } = segment;
    // The peer sends its SYN again, or both have sent theirs at the same time.
    if (this.#state === "SYN_RECEIVED" && seq === 0) {
      if ((flags & ACK) === 0) return this.sendSyn(true);
      if (!this.#segments.acknowledgesSyn(segment)) return;
      this.#establish(segment, 0);
      return this.acknowledge();
    }
    // An acknowledgement shows a peer that has started anew that it is wrong (RFC 5961).
    if ((flags & RST) === 0) this.acknowledge();
  }

  #receiveReset(seq: number, acceptable: boolean): void {
    if (!acceptable) return;
    if (this.#state === "TIME_WAIT") return this.#end();
    // A reset that is not exactly next may be forged or early: the peer is asked (RFC 5961).
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
      this.#news |= OUT;
      if (sender.done) this.#finAcknowledged();
    } else if (ack === sender.una && !changed && data.length === 0 && (flags & FIN) === 0 && sender.flight > 0) {
      sender.duplicate(ack);
    }
  }

  /** The peer has everything, the FIN too. */
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
    // Data for an application that reads no more: it is told so by a reset. A repeated segment is no such data.
    const mayReceive = this.#state === "ESTABLISHED" || this.#state === "FIN_WAIT_1" || this.#state === "FIN_WAIT_2";
    const fresh = end - (fin ? 1 : 0) > this.receiver.next;
    if (this.receivingShut && fresh && this.#state !== "ESTABLISHED" && mayReceive) {
      this.reset();
      return this.fail("ECONNRESET");
    }
    if (!mayReceive) return this.acknowledge();
    const { gained, gap } = this.receiver.take(seq, data, fin);
    if (gained > 0) this.#news |= IN;
    if (this.receiver.ended) return this.#receiveFin();
    this.#acknowledger.received(gained, gap || gained === 0);
  }

  #receiveFin(): void {
    this.finReceived = this.receivingShut = true;
    this.#news |= IN | POLLRDHUP | (this.sendingShut ? POLLHUP : 0);
    if (this.#state === "ESTABLISHED") this.#state = "CLOSE_WAIT";
    else if (this.#state === "FIN_WAIT_1") this.#state = "CLOSING";
    this.acknowledge();
    if (this.#state === "FIN_WAIT_2") this.#enterTimeWait();
  }

  // Ends.

  /** Shuts the sending side: a FIN follows what was written. */
  shutSending(): void {
    if (!this.takesData) return;
    this.sendingShut = true;
    this.#state = this.#state === "CLOSE_WAIT" ? "LAST_ACK" : "FIN_WAIT_1";
    this.sender.finish();
  }

  /** Lets go of it: the application has closed the socket. It ends by itself, or with a reset where data is unread. */
  close(): void {
    this.owner = null;
    if (this.orphaned) return;
    this.orphaned = true;
    if (this.isOver) return;
    const unread = this.receiver.length > 0;
    this.receivingShut = true;
    if (!this.isOpen) return this.#end();
    if (unread || this.settings.lingersNot) return this.abort();
    this.#keepAlive.stop();
    this.shutSending();
    if (this.#state === "FIN_WAIT_2") this.#timer.set(this.settings.finTimeout);
  }

  /** Ends it with a reset. */
  abort(): void {
    if (this.isOver) return;
    const told = this.isOpen || this.#state === "SYN_RECEIVED";
    if (told) this.reset();
    this.#end();
  }

  /** Ends it because of an error, which the socket tells once. */
  fail(code: ErrnoName): void {
    if (this.#state === "CLOSED") return;
    this.error = code;
    this.#end();
    this.#tell();
  }

  #enterTimeWait(): void {
    this.#stop();
    this.#state = "TIME_WAIT";
    this.receivingShut = this.sendingShut = true;
    this.#news |= ALL;
    this.#timer.set(TIME_WAIT_LENGTH);
  }

  #end(): void {
    if (this.#state === "CLOSED") return;
    this.#stop();
    this.#timer.clear();
    this.#state = "CLOSED";
    this.receivingShut = this.sendingShut = true;
    this.#news |= ALL;
    this.kernel.tcp.leave(this);
    this.onEstablished?.(false);
    this.onEstablished = null;
  }

  #stop(): void {
    this.sender.stop();
    this.#handshake.stop();
    this.#acknowledger.stop();
    this.#keepAlive.stop();
  }

  /** Ends it without a word and without telling anything: the host crashed. */
  vanish(): void {
    this.owner = null;
    this.onEstablished = null;
    this.#stop();
    this.#timer.clear();
    this.#state = "CLOSED";
  }

  /** Ends it in TIME_WAIT, for a new connection between the same ends. */
  expire(): void {
    this.#end();
  }

  /** Whether a SYN may start a new connection in its place: it is over, and the SYN is later than all it received. */
  yieldsTo(syn: Segment): boolean {
    return this.#state === "TIME_WAIT" && this.#segments.position(syn, this.receiver.next) > this.receiver.next;
  }

  // As a holder of its port.

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
