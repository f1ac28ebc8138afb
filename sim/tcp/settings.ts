// The settings of a connection that socket options decide.

import * as c from "../../base/constants.ts";
import type { Options } from "../options.ts";
import { SECOND } from "../time/units.ts";

/**
 * The first window that is offered: half of net.ipv4.tcp_rmem's middle value. The kernel uses the other half for
 * bookkeeping.
 */
const FIRST_RECEIVE = 65_535;
/** The largest window that a connection chooses by itself (half of net.ipv4.tcp_rmem's last value). */
const MOST_RECEIVE = 3 * 2 ** 20;
/** The first and the largest size of the send buffer (net.ipv4.tcp_wmem). */
const FIRST_SEND = 87_040;
const MOST_SEND = 4 * 2 ** 20;

/** The settings of one connection. */
export class TcpSettings {
  readonly #options: Options;
  #receive = FIRST_RECEIVE;
  #send = FIRST_SEND;
  /** The number of bytes that were read in the current round trip. `#readSince` is its start. */
  #read = 0;
  #readSince = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  #tcp(name: number): number {
    return this.#options.number(c.IPPROTO_TCP, name);
  }
  get noDelay(): boolean {
    return this.#tcp(c.TCP_NODELAY) !== 0;
  }
  get corked(): boolean {
    return this.#tcp(c.TCP_CORK) !== 0;
  }
  /** Whether TCP_QUICKACK was set. It is on by default too, but then acknowledgements are delayed after some time. */
  get quickAck(): boolean {
    return this.#options.wasSet(c.IPPROTO_TCP, c.TCP_QUICKACK) && this.#tcp(c.TCP_QUICKACK) !== 0;
  }
  /** TCP_MAXSEG; 0 if it was not set. */
  get maxSegment(): number {
    return this.#tcp(c.TCP_MAXSEG);
  }
  /** TCP_USER_TIMEOUT in milliseconds. 0 means none. */
  get userTimeout(): number {
    return this.#tcp(c.TCP_USER_TIMEOUT);
  }
  get synRetries(): number {
    return this.#tcp(c.TCP_SYNCNT);
  }
  /** How long a closed connection waits for the peer's FIN, in nanoseconds. */
  get finTimeout(): number {
    return Math.max(this.#tcp(c.TCP_LINGER2), 0) * SECOND;
  }
  /** SO_KEEPALIVE and its three numbers, in seconds. */
  get keepAlive(): { on: boolean; idle: number; interval: number; count: number } {
    return {
      on: this.#options.isSet(c.SOL_SOCKET, c.SO_KEEPALIVE),
      idle: this.#tcp(c.TCP_KEEPIDLE),
      interval: this.#tcp(c.TCP_KEEPINTVL),
      count: this.#tcp(c.TCP_KEEPCNT),
    };
  }
  /** Whether SO_LINGER is set with 0 seconds, so that closing resets the connection. */
  get resetsOnClose(): boolean {
    const { on, seconds } = this.#options.linger;
    return on && seconds === 0;
  }
  get ttl(): number {
    return this.#options.number(c.IPPROTO_IP, c.IP_TTL);
  }
  get reusesAddress(): boolean {
    return this.#options.isSet(c.SOL_SOCKET, c.SO_REUSEADDR);
  }
  get reusesPort(): boolean {
    return this.#options.isSet(c.SOL_SOCKET, c.SO_REUSEPORT);
  }

  /** The size of the receive buffer: half of SO_RCVBUF if it was set, or else the size that the connection chose. */
  get receiveCapacity(): number {
    if (!this.#options.wasSet(c.SOL_SOCKET, c.SO_RCVBUF)) return this.#receive;
    return this.#options.number(c.SOL_SOCKET, c.SO_RCVBUF) / 2;
  }

  /** The size of the send buffer: SO_SNDBUF if it was set, or else the size that the connection chose. */
  get sendCapacity(): number {
    if (!this.#options.wasSet(c.SOL_SOCKET, c.SO_SNDBUF)) return this.#send;
    return this.#options.number(c.SOL_SOCKET, c.SO_SNDBUF);
  }

  /**
   * Notes bytes that were read. The receive buffer grows to twice the number of bytes that are read in a round trip, so
   * that the window does not limit the peer (Linux's dynamic right-sizing).
   */
  growReceiveCapacity(bytes: number, roundTrip: number, now: number): void {
    this.#read += bytes;
    if (now - this.#readSince < roundTrip) return;
    this.#receive = Math.min(Math.max(this.#receive, 2 * this.#read), MOST_RECEIVE);
    this.#read = 0;
    this.#readSince = now;
  }

  /** Enlarges the send buffer with the congestion window. */
  growSendCapacity(window: number, mss: number): void {
    this.#send = Math.min(Math.max(this.#send, 2 * Math.max(window, 10 * mss)), MOST_SEND);
  }
}
