// Socket types, options of the socket level, message flags.

import { ABSENT, on } from "./platform.ts";

/** A stream of bytes, as TCP. */
export const SOCK_STREAM = 1;
/** Datagrams, as UDP. */
export const SOCK_DGRAM = 2;
/** Packets with their protocol header. */
export const SOCK_RAW: number = 3;
/** Reliable datagrams. */
export const SOCK_RDM: number = 4;
/** A connection that keeps the bounds of records. */
export const SOCK_SEQPACKET: number = 5;
/** Flag in a type: non-blocking from the start. */
export const SOCK_NONBLOCK: number = 2048;
/** Flag in a type: closed when another program is executed. */
export const SOCK_CLOEXEC: number = 524288;
/** shutdown: receive no more. */
export const SHUT_RD: number = 0;
/** shutdown: send no more. */
export const SHUT_WR: number = 1;
/** shutdown: both. */
export const SHUT_RDWR: number = 2;
/** The longest queue that listen asks for. */
export const SOMAXCONN: number = on(4096, 128, 0x7fffffff);
/** Level of the options of every socket. */
export const SOL_SOCKET: number = on(1, 0xffff, 0xffff);
/** Level of IPv4's options. */
export const SOL_IP: number = 0;
/** Level of TCP's options. */
export const SOL_TCP: number = 6;
/** Level of UDP's options. */
export const SOL_UDP: number = 17;
/** Level of AF_ALG's options (Linux). */
export const SOL_ALG: number = 279;
/** First level of CAN's options (Linux). */
export const SOL_CAN_BASE: number = 100;
/** Level of raw CAN's options (Linux). */
export const SOL_CAN_RAW: number = 101;
/** Level of RDS's options (Linux). */
export const SOL_RDS: number = 276;
/** Level of TIPC's options (Linux). */
export const SOL_TIPC: number = 271;
/** Level of Bluetooth HCI's options (Linux). */
export const SOL_HCI: number = 0;
/** Trace the socket in the kernel. */
export const SO_DEBUG: number = on(1, 1, 1);
/** Allow an address to be bound that a closed connection still holds. */
export const SO_REUSEADDR: number = on(2, 4, 4);
/** The socket's type. */
export const SO_TYPE: number = on(3, 0x1008, 0x1008);
/** The pending error, cleared by reading it. */
export const SO_ERROR: number = on(4, 0x1007, 0x1007);
/** Send to directly connected hosts only. */
export const SO_DONTROUTE: number = on(5, 0x10, 0x10);
/** Allow datagrams to broadcast addresses. */
export const SO_BROADCAST: number = on(6, 0x20, 0x20);
/** Size of the send buffer. */
export const SO_SNDBUF: number = on(7, 0x1001, 0x1001);
/** Size of the receive buffer. */
export const SO_RCVBUF: number = on(8, 0x1002, 0x1002);
/** Probe an idle connection. */
export const SO_KEEPALIVE: number = on(9, 8, 8);
/** Urgent data among the other data. */
export const SO_OOBINLINE: number = on(10, 0x100, 0x100);
/** Priority of the packets (Linux). */
export const SO_PRIORITY: number = 12;
/** What close does with data not yet sent. */
export const SO_LINGER: number = on(13, 0x80, 0x80);
/** Let several sockets bind one port and share its load. */
export const SO_REUSEPORT: number = on(15, 0x200);
/** Receive SCM_CREDENTIALS (Linux). */
export const SO_PASSCRED: number = on(16, ABSENT, ABSENT);
/** Process, user and group of a Unix socket's peer (Linux). */
export const SO_PEERCRED: number = 17;
/** Least amount that makes a socket readable. */
export const SO_RCVLOWAT: number = on(18, 0x1004, 0x1004);
/** Least room that makes a socket writable. */
export const SO_SNDLOWAT: number = on(19, 0x1003, 0x1003);
/** The kernel's own timeout of receiving. */
export const SO_RCVTIMEO: number = on(20, 0x1006, 0x1006);
/** The kernel's own timeout of sending. */
export const SO_SNDTIMEO: number = on(21, 0x1005, 0x1005);
/** Use one network device only (Linux). */
export const SO_BINDTODEVICE: number = 25;
/** Whether the socket listens. */
export const SO_ACCEPTCONN: number = on(30, 2, 2);
/** Security label of the peer (Linux). */
export const SO_PEERSEC: number = 31;
/** Receive the security label of the peer (Linux). */
export const SO_PASSSEC: number = 34;
/** Mark of the packets, for routing and filters (Linux). */
export const SO_MARK: number = 36;
/** The socket's protocol. */
export const SO_PROTOCOL: number = 38;
/** The socket's family. */
export const SO_DOMAIN: number = 39;
/** The processor that the socket is served on (Linux). */
export const SO_INCOMING_CPU: number = 49;
/** As SO_BINDTODEVICE, by interface index (Linux). */
export const SO_BINDTOIFINDEX: number = 62;
/** Control message: descriptors. */
export const SCM_RIGHTS: number = 1;
/** Control message: process, user and group of the sender (Linux). */
export const SCM_CREDENTIALS: number = 2;
/** Urgent data. */
export const MSG_OOB: number = 1;
/** Receive and leave the data there. */
export const MSG_PEEK: number = 2;
/** Send to directly connected hosts only. */
export const MSG_DONTROUTE: number = 4;
/** Answer: control messages were cut. */
export const MSG_CTRUNC: number = on(8, 0x20, 0x200);
/** Answer: the datagram was cut; asked for on Linux: tell its true length. */
export const MSG_TRUNC: number = on(0x20, 0x10, 0x100);
/** Do not wait in this call. */
export const MSG_DONTWAIT: number = on(0x40, 0x80);
/** End of a record. */
export const MSG_EOR: number = on(0x80, 8);
/** Wait until all that was asked for is there. */
export const MSG_WAITALL: number = on(0x100, 0x40, 8);
/** The peer is known to be there (Linux). */
export const MSG_CONFIRM: number = 0x800;
/** Receive from the error queue (Linux). */
export const MSG_ERRQUEUE: number = 0x2000;
/** No SIGPIPE; always so here. */
export const MSG_NOSIGNAL: number = on(0x4000, 0x80000);
/** More will follow (Linux). */
export const MSG_MORE: number = 0x8000;
/** Send data with the SYN (Linux). */
export const MSG_FASTOPEN: number = 0x20000000;
/** Received descriptors are closed when another program is executed (Linux). */
export const MSG_CMSG_CLOEXEC: number = 0x40000000;
