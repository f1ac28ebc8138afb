// The list of a host's sockets, as the program `ss` shows it.

/** A socket of a host, as `ss` lists it. */
export interface SocketInfo {
  /** The protocol, or the kind of Unix socket. */
  readonly protocol: "tcp" | "udp" | "unix" | "unix datagram";
  /** The state as `ss` writes it, such as "LISTEN", "ESTAB" or "TIME-WAIT"; "UNCONN" for a socket that is not connected. */
  readonly state: string;
  /** The local address: "10.0.0.1:7000", "[fd00::1]:7000", "*:7000", a Unix path, or "" for none. */
  readonly local: string;
  /** The peer's address, or "". */
  readonly peer: string;
  /** The number of received bytes that were not read. On a listener, the number of connections that wait for accept. */
  readonly receiveQueue: number;
  /** The number of bytes that were sent and not acknowledged. On a listener, the backlog. */
  readonly sendQueue: number;
  /** The inner state of TCP. Only connections have it. */
  readonly tcp?: TcpInfo;
}

/** The inner state of a TCP connection. */
export interface TcpInfo {
  /** The longest segment in bytes. */
  readonly mss: number;
  /** The congestion window in bytes. */
  readonly congestionWindow: number;
  /** The slow start threshold in bytes; Infinity before the first loss. */
  readonly slowStartThreshold: number;
  /** The receive window of the peer, in bytes. */
  readonly sendWindow: number;
  /** The own receive window, in bytes. */
  readonly receiveWindow: number;
  /** The smoothed round-trip time in seconds; null before the first measurement. */
  readonly roundTrip: number | null;
  /** The retransmission timeout in seconds. */
  readonly retransmissionTimeout: number;
  /** How many segments were sent again. */
  readonly retransmissions: number;
}

/** Returns an address and port as `ss` writes them. */
export function addressText(host: string, port: number): string {
  const shown = host === "::" ? "*" : host.includes(":") ? `[${host}]` : host;
  return `${shown}:${port === 0 ? "*" : port}`;
}
