// TCP's and UDP-Lite's options.

import { ABSENT, on } from "./platform.ts";

/** Send small segments at once (no Nagle's algorithm). */
export const TCP_NODELAY: number = 1;
/** Largest segment. */
export const TCP_MAXSEG: number = on(2, 2, 4);
/** Send full segments only (Linux). */
export const TCP_CORK: number = on(3, undefined, ABSENT);
/** Idle seconds before the first probe. */
export const TCP_KEEPIDLE: number = on(4, 16, 3);
/** Seconds between probes. */
export const TCP_KEEPINTVL: number = on(5, 257, 17);
/** Unanswered probes that end the connection. */
export const TCP_KEEPCNT: number = on(6, 258, 16);
/** How often a SYN is sent (Linux). */
export const TCP_SYNCNT: number = 7;
/** Time in FIN-WAIT-2 (Linux). */
export const TCP_LINGER2: number = 8;
/** Accept only when data has come (Linux). */
export const TCP_DEFER_ACCEPT: number = 9;
/** Bound of the advertised window (Linux). */
export const TCP_WINDOW_CLAMP: number = 10;
/** State of the connection (Linux). */
export const TCP_INFO: number = 11;
/** Acknowledge at once (Linux). */
export const TCP_QUICKACK: number = 12;
/** Name of the congestion control (Linux). */
export const TCP_CONGESTION: number = 13;
/** MD5 signatures of the segments (Linux). */
export const TCP_MD5SIG: number = 14;
/** Linear timeouts for thin streams (Linux). */
export const TCP_THIN_LINEAR_TIMEOUTS: number = on(16, ABSENT, ABSENT);
/** Retransmit early for thin streams (Linux). */
export const TCP_THIN_DUPACK: number = on(17, undefined, ABSENT);
/** Milliseconds that data may stay unacknowledged (Linux). */
export const TCP_USER_TIMEOUT: number = 18;
/** Repair mode (Linux). */
export const TCP_REPAIR: number = 19;
/** Queue to repair (Linux). */
export const TCP_REPAIR_QUEUE: number = 20;
/** Sequence number of the queue to repair (Linux). */
export const TCP_QUEUE_SEQ: number = 21;
/** Options of the connection to repair (Linux). */
export const TCP_REPAIR_OPTIONS: number = 22;
/** Data in the SYN; its queue. */
export const TCP_FASTOPEN: number = on(23, 261, 15);
/** Timestamp of the segments (Linux). */
export const TCP_TIMESTAMP: number = 24;
/** Unsent bytes above which a socket is not writable. */
export const TCP_NOTSENT_LOWAT: number = on(25, 513);
/** State of the congestion control (Linux). */
export const TCP_CC_INFO: number = 26;
/** Keep the SYN's headers (Linux). */
export const TCP_SAVE_SYN: number = 27;
/** The SYN's headers (Linux). */
export const TCP_SAVED_SYN: number = 28;
/** Window of the connection to repair (Linux). */
export const TCP_REPAIR_WINDOW: number = 29;
/** Fast open with connect (Linux). */
export const TCP_FASTOPEN_CONNECT: number = 30;
/** Protocol layered upon TCP (Linux). */
export const TCP_ULP: number = 31;
/** MD5 signatures with prefixes (Linux). */
export const TCP_MD5SIG_EXT: number = 32;
/** Key of fast open's cookies (Linux). */
export const TCP_FASTOPEN_KEY: number = 33;
/** Fast open without cookies (Linux). */
export const TCP_FASTOPEN_NO_COOKIE: number = 34;
/** Receive without a copy (Linux). */
export const TCP_ZEROCOPY_RECEIVE: number = 35;
/** Tell the unread bytes with recvmsg (Linux). */
export const TCP_INQ: number = 36;
/** Delay of what is sent (Linux). */
export const TCP_TX_DELAY: number = 37;
/** Bytes that the checksum covers when sending (Linux). */
export const UDPLITE_SEND_CSCOV: number = 10;
/** Least bytes that the checksum must cover (Linux). */
export const UDPLITE_RECV_CSCOV: number = 11;
