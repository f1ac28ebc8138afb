// The inner state of a connection, for the list of sockets and as TCP_INFO (struct tcp_info).

import type { TcpInfo } from "../net/socket_info.ts";
import { toSeconds } from "../time/units.ts";
import type { Connection, State } from "./connection.ts";

/** Returns the inner state of a connection. */
export function connectionInfo({ sender, receiver }: Connection): TcpInfo {
  const { congestion, roundTrip } = sender;
  return {
    mss: sender.mss,
    congestionWindow: congestion.base,
    slowStartThreshold: congestion.threshold,
    sendWindow: sender.window,
    receiveWindow: Math.max(receiver.window, 0),
    roundTrip: roundTrip.smoothed === 0 ? null : toSeconds(roundTrip.smoothed),
    retransmissionTimeout: toSeconds(roundTrip.timeout),
    retransmissions: sender.retransmissions,
  };
}

/** Linux's numbers of the states. */
const STATES: Record<State, number> = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECEIVED: 3,
  FIN_WAIT_1: 4,
  FIN_WAIT_2: 5,
  TIME_WAIT: 7,
  CLOSED: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  CLOSING: 11,
};
const CLOSE = 7;
const LISTEN = 10;

/** The size of struct tcp_info up to tcpi_total_retrans. */
const SIZE = 104;

/** Linux's value for "no threshold yet". */
const NO_THRESHOLD = 0x7fffffff;

/** Returns a struct tcp_info with the fields that the simulation knows. Times are microseconds. */
export function infoBytes(connection: Connection | null, listens: boolean): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  const put = (offset: number, value: number) => view.setUint32(offset, Math.floor(value), true);
  bytes[0] = listens ? LISTEN : connection === null ? CLOSE : STATES[connection.state];
  if (connection === null) return bytes;
  const { sender, receiver } = connection;
  const { congestion, roundTrip } = sender;
  bytes[1] = congestion.recovering ? 3 : 0;
  bytes[2] = Math.min(sender.tries, 255);
  bytes[4] = Math.min(roundTrip.backoff, 255);
  put(8, roundTrip.timeout / 1000);
  put(16, sender.mss);
  put(20, sender.mss);
  put(24, Math.ceil(sender.flight / sender.mss));
  put(60, connection.kernel.mtuTo(connection.ends.peerHost));
  put(64, receiver.capacity);
  put(68, roundTrip.smoothed / 1000);
  put(72, roundTrip.variation / 1000);
  put(76, congestion.threshold === Infinity ? NO_THRESHOLD : congestion.threshold / sender.mss);
  put(80, congestion.base / sender.mss);
  put(84, sender.mss);
  put(96, receiver.capacity);
  put(100, sender.retransmissions);
  return bytes;
}
