// Every constant of CPython's socket module on Linux, with the numbers of the running platform. This file has the constants
// of sockets, families and look-ups. The folder constants/ has those of IP, TCP and UDP, and those that only Linux has.

import { ABSENT, on } from "./platform.ts";

/** A stream of bytes, as TCP. */
export const SOCK_STREAM = 1;
/** Datagrams, as UDP. */
export const SOCK_DGRAM = 2;
/** Packets with their protocol header. */
export const SOCK_RAW: number = 3;
/** Reliable datagrams. */
export const SOCK_RDM: number = 4;
/** A connection that keeps the boundaries of records. */
export const SOCK_SEQPACKET: number = 5;
/** Flag in a type: non-blocking from the start. */
export const SOCK_NONBLOCK: number = 2048;
/** Flag in a type: closed when another program is executed. */
export const SOCK_CLOEXEC: number = 524288;
/** shutdown: end receiving. */
export const SHUT_RD: number = 0;
/** shutdown: end sending. */
export const SHUT_WR: number = 1;
/** shutdown: end both directions. */
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
/** Base of the levels of CAN's options: a level is this number plus the protocol (Linux). */
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
/** Allow bind to an address that is still in use by a closed connection (TIME_WAIT). */
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
/** Receive urgent data in its place among the other data. */
export const SO_OOBINLINE: number = on(10, 0x100, 0x100);
/** Priority of the packets (Linux). */
export const SO_PRIORITY: number = 12;
/** Whether and how long close waits for data that was not sent yet. */
export const SO_LINGER: number = on(13, 0x80, 0x80);
/** Let several sockets bind one port and share its load. */
export const SO_REUSEPORT: number = on(15, 0x200);
/** Receive SCM_CREDENTIALS (Linux). */
export const SO_PASSCRED: number = on(16, ABSENT, ABSENT);
/** Process, user and group of a Unix socket's peer (Linux). */
export const SO_PEERCRED: number = 17;
/** The smallest number of received bytes that makes a socket readable. */
export const SO_RCVLOWAT: number = on(18, 0x1004, 0x1004);
/** The smallest free space in the send buffer that makes a socket writable. */
export const SO_SNDLOWAT: number = on(19, 0x1003, 0x1003);
/** The kernel's timeout of receives. */
export const SO_RCVTIMEO: number = on(20, 0x1006, 0x1006);
/** The kernel's timeout of sends. */
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
/** Receive without taking the data out of the queue. */
export const MSG_PEEK: number = 2;
/** Send to directly connected hosts only. */
export const MSG_DONTROUTE: number = 4;
/** In the flags of a received message: control messages were cut. */
export const MSG_CTRUNC: number = on(8, 0x20, 0x200);
/** In the flags of a received message: the datagram was cut. As a flag of a receive on Linux: return its true length. */
export const MSG_TRUNC: number = on(0x20, 0x10, 0x100);
/** Do not wait in this call. */
export const MSG_DONTWAIT: number = on(0x40, 0x80);
/** End of a record. */
export const MSG_EOR: number = on(0x80, 8);
/** Wait until all requested bytes have arrived. */
export const MSG_WAITALL: number = on(0x100, 0x40, 8);
/** The peer is known to be reachable (Linux). */
export const MSG_CONFIRM: number = 0x800;
/** Receive from the error queue (Linux). */
export const MSG_ERRQUEUE: number = 0x2000;
/** No SIGPIPE. Sockets of this package never raise it. */
export const MSG_NOSIGNAL: number = on(0x4000, 0x80000);
/** More data will follow (Linux). */
export const MSG_MORE: number = 0x8000;
/** Send data with the SYN (Linux). */
export const MSG_FASTOPEN: number = 0x20000000;
/** Received descriptors are closed when another program is executed (Linux). */
export const MSG_CMSG_CLOEXEC: number = 0x40000000;

// Address and protocol families.

/** Any family. */
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

// Flags and errors of look-ups. The errors have glibc's numbers and texts on every platform, because this package makes them.

/** getaddrinfo: addresses for bind. A host of null means all interfaces. */
export const AI_PASSIVE: number = 1;
/** getaddrinfo: return the host's official name. */
export const AI_CANONNAME: number = 2;
/** getaddrinfo: the host is a numeric address, which needs no look-up. */
export const AI_NUMERICHOST: number = 4;
/** getaddrinfo: IPv4 addresses mapped to IPv6, if the host has no IPv6 address. */
export const AI_V4MAPPED: number = on(8, 0x800, 0x800);
/** getaddrinfo: with AI_V4MAPPED, both IPv6 and mapped IPv4 addresses. */
export const AI_ALL: number = on(16, 0x100, 0x100);
/** getaddrinfo: only families of which this machine has an address. */
export const AI_ADDRCONFIG: number = on(32, 0x400, 0x400);
/** getaddrinfo: the service is a port number, which needs no look-up. */
export const AI_NUMERICSERV: number = on(1024, 0x1000, 8);
/** getnameinfo: return the address, not the name. */
export const NI_NUMERICHOST: number = on(1, 2, 2);
/** getnameinfo: return the port, not the service. */
export const NI_NUMERICSERV: number = on(2, 8, 8);
/** getnameinfo: return only the first part of a local host's name, without the domain. */
export const NI_NOFQDN: number = on(4, 1, 1);
/** getnameinfo: fail if there is no name. */
export const NI_NAMEREQD: number = on(8, 4, 4);
/** getnameinfo: the port is a UDP port. */
export const NI_DGRAM: number = 16;
/** getnameinfo: decode an international name (Linux). */
export const NI_IDN: number = 32;
/** Size of a buffer for a host's name in C. */
export const NI_MAXHOST: number = 1025;
/** Size of a buffer for a service's name in C. */
export const NI_MAXSERV: number = 32;
/** Invalid flags. */
export const EAI_BADFLAGS: number = -1;
/** The name or service is not known. */
export const EAI_NONAME: number = -2;
/** The look-up failed, and may succeed later. */
export const EAI_AGAIN: number = -3;
/** The look-up failed, and will fail again. */
export const EAI_FAIL: number = -4;
/** The name has no address. */
export const EAI_NODATA: number = -5;
/** The family is not supported. */
export const EAI_FAMILY: number = -6;
/** The socket type is not supported. */
export const EAI_SOCKTYPE: number = -7;
/** The socket type does not have the service. */
export const EAI_SERVICE: number = -8;
/** The host has no address of the family. */
export const EAI_ADDRFAMILY: number = -9;
/** Out of memory. */
export const EAI_MEMORY: number = -10;
/** A system error. */
export const EAI_SYSTEM: number = -11;
/** A result is too long. */
export const EAI_OVERFLOW: number = -12;

export * from "./constants/ip.ts";
export * from "./constants/linux.ts";
