// Address and protocol families.

import { ABSENT, on } from "./platform.ts";

/** No family given: any will do. */
export const AF_UNSPEC: number = 0;
/** Local sockets, addressed by a path. */
export const AF_UNIX = 1;
/** IPv4. */
export const AF_INET = 2;
/** IPv6. */
export const AF_INET6: 10 | 30 | 23 = on(10, 30, 23);
/** Packets at the device level, below IP (Linux). */
export const AF_PACKET: number = on(17, ABSENT);
/** Messages between kernel and programs (Linux). */
export const AF_NETLINK: number = on(16, ABSENT, ABSENT);
/** Between a virtual machine and its host. */
export const AF_VSOCK: number = 40;
/** Bluetooth. */
export const AF_BLUETOOTH: number = on(31, undefined, 32);
/** Controller area network (Linux). */
export const AF_CAN: number = 29;
/** The kernel's cryptography (Linux). */
export const AF_ALG: number = 38;
/** Transparent inter-process communication of clusters (Linux). */
export const AF_TIPC: number = on(30, ABSENT);
/** Reliable datagram sockets (Linux). */
export const AF_RDS: number = 21;
/** Qualcomm's IPC router (Linux). */
export const AF_QIPCRTR: number = 42;
/** Routing messages; on Linux another name of AF_NETLINK. */
export const AF_ROUTE: number = on(16, 17, ABSENT);
/** IPsec's key management (Linux). */
export const AF_KEY: number = 15;
/** AppleTalk. */
export const AF_APPLETALK: number = on(5, 16, 16);
/** Ash (Linux). */
export const AF_ASH: number = 18;
/** ATM permanent circuits (Linux). */
export const AF_ATMPVC: number = 8;
/** ATM switched circuits (Linux). */
export const AF_ATMSVC: number = 20;
/** Amateur radio's AX.25 (Linux). */
export const AF_AX25: number = 3;
/** Multiprotocol bridge (Linux). */
export const AF_BRIDGE: number = 7;
/** DECnet. */
export const AF_DECnet: number = 12;
/** Acorn Econet (Linux). */
export const AF_ECONET: number = 19;
/** Novell IPX. */
export const AF_IPX: number = on(4, 23, 6);
/** Infrared. */
export const AF_IRDA: number = on(23, ABSENT, 26);
/** IEEE 802.2 logical link control (Linux). */
export const AF_LLC: number = on(26, undefined, ABSENT);
/** Reserved for 802.2LLC (Linux). */
export const AF_NETBEUI: number = 13;
/** Amateur radio's NET/ROM (Linux). */
export const AF_NETROM: number = on(6, undefined, ABSENT);
/** PPP over something (Linux). */
export const AF_PPPOX: number = 24;
/** Amateur radio's X.25 PLP (Linux). */
export const AF_ROSE: number = on(11, ABSENT, ABSENT);
/** Reserved for security callbacks (Linux). */
export const AF_SECURITY: number = 14;
/** IBM's systems network architecture. */
export const AF_SNA: number = on(22, 11, 11);
/** Wanpipe (Linux). */
export const AF_WANPIPE: number = 25;
/** ITU-T X.25 (Linux). */
export const AF_X25: number = 9;
/** AF_CAN under its protocol name. */
export const PF_CAN: number = 29;
/** AF_PACKET under its protocol name. */
export const PF_PACKET: number = on(17, ABSENT);
/** AF_RDS under its protocol name. */
export const PF_RDS: number = 21;
