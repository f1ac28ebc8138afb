// Makes and reads the segments of one connection: it converts between positions in the streams and fields of the
// header.

import type { Bytes } from "../../base/data.ts";
import type { Kernel } from "../net/kernel.ts";
import { ACK, ipHeader, RST, SYN } from "../net/packet.ts";
import type { Segment } from "../net/packet.ts";
import { unwrap, wrap } from "./sequence.ts";
import type { TcpSettings } from "./settings.ts";

/** The addresses and ports of a connection. IPv6 sockets store an IPv4-mapped address as IPv4. */
export interface Endpoints {
  readonly host: string;
  readonly port: number;
  readonly peerHost: string;
  readonly peerPort: number;
}

/** The window scale that is offered: windows up to 8 MiB. */
const SCALE = 7;
/** TCP's header without options. */
const TCP_HEADER = 20;
/** The segment size of a peer whose SYN has no MSS option (RFC 9293, 3.7.1). */
const USUAL_MSS = 536;

const NOTHING: Bytes = new Uint8Array(0);

/** What differs from one segment of a connection to the next. */
type SegmentFields = Omit<Segment, "protocol" | "source" | "sourcePort" | "destination" | "destinationPort" | "ttl">;

/** Reads and writes the segments of one connection. */
export class Segments {
  readonly #kernel: Kernel;
  readonly #ends: Endpoints;
  readonly #settings: TcpSettings;
  /** TCP_MAXSEG at the start. Later values have no effect, as in Linux. 0 if the MTU of the link decides. */
  readonly #maxSegment: number;
  /** The sequence numbers of the SYNs. */
  readonly #first: number;
  #peerFirst = 0;
  /** The units of the window fields: 1 before both SYNs have had the option. */
  #peerUnit = 1;
  #unit = 1;

  constructor(kernel: Kernel, ends: Endpoints, settings: TcpSettings) {
    this.#kernel = kernel;
    this.#ends = ends;
    this.#settings = settings;
    this.#maxSegment = settings.maxSegment;
    this.#first = kernel.tcp.firstSequenceNumber();
  }

  /** The longest segment for the path to the peer. */
  get longest(): number {
    const { peerHost } = this.#ends;
    const byMtu = this.#kernel.mtuTo(peerHost) - ipHeader(peerHost) - TCP_HEADER;
    return this.#maxSegment > 0 ? Math.min(byMtu, this.#maxSegment) : byMtu;
  }

  /** The unit of the own window field, in bytes. */
  get windowUnit(): number {
    return this.#unit;
  }

  // Reading.

  /** Stores the options of the peer's SYN. Returns the longest segment to send. */
  learn({ seq, mss = USUAL_MSS, scale }: Segment): number {
    this.#peerFirst = seq;
    if (scale !== undefined) {
      this.#peerUnit = 2 ** scale;
      this.#unit = 2 ** SCALE;
    }
    return Math.min(this.longest, mss);
  }

  /** Returns the position of a segment in the peer's stream. `near` is a known position near it. */
  position({ seq }: Segment, near: number): number {
    return unwrap(this.#peerFirst, seq, near);
  }

  /** Returns the position in the own stream that a segment acknowledges. `near` is a known position near it. */
  acknowledged({ ack }: Segment, near: number): number {
    return unwrap(this.#first, ack, near);
  }

  /** Returns whether a segment acknowledges only the SYN. */
  acknowledgesSyn({ ack }: Segment): boolean {
    return ack === wrap(this.#first, 1);
  }

  /** Returns the window that a segment offers, in bytes. The field of a SYN is never scaled. */
  window({ flags, window }: Segment): number {
    return (flags & SYN) !== 0 ? window : window * this.#peerUnit;
  }

  // Writing.

  #send({ flags, seq, ack, window, data, retransmission, mss, scale }: SegmentFields): void {
    const { host, port, peerHost, peerPort } = this.#ends;
    // Each field by itself: an object spread takes three times as long. All segments have the same fields in the same
    // order, so that JavaScript engines use one hidden class for them.
    this.#kernel.send({
      protocol: "TCP",
      source: host,
      sourcePort: port,
      destination: peerHost,
      destinationPort: peerPort,
      ttl: this.#settings.ttl,
      flags,
      seq,
      ack,
      window,
      data,
      retransmission,
      mss,
      scale,
    });
  }

  /** Sends a SYN, or a SYN-ACK if `answers` is set. */
  sendSyn(answers: boolean, window: number, retransmission: boolean): void {
    this.#send({
      flags: answers ? SYN | ACK : SYN,
      seq: this.#first,
      ack: answers ? wrap(this.#peerFirst, 1) : 0,
      window,
      data: NOTHING,
      retransmission,
      mss: this.longest,
      scale: answers && this.#unit === 1 ? undefined : SCALE,
    });
  }

  /** Sends a segment. `next` is the position that it acknowledges. */
  send(flags: number, position: number, next: number, window: number, data: Bytes, retransmission: boolean): void {
    const seq = wrap(this.#first, position);
    const ack = wrap(this.#peerFirst, next);
    this.#send({ flags, seq, ack, window, data, retransmission });
  }

  /** Sends a reset. */
  sendReset(position: number, next: number): void {
    this.send(RST | ACK, position, next, 0, NOTHING, false);
  }
}
