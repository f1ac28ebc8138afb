// IP, its protocols and their options; multicast and well-known addresses.

import { ABSENT, on } from "../platform.ts";

/** IPv4; level of its options. */
export const IPPROTO_IP: number = 0;
/** IPv6 hop-by-hop options. */
export const IPPROTO_HOPOPTS: number = 0;
/** Internet control messages. */
export const IPPROTO_ICMP: number = 1;
/** Internet group management. */
export const IPPROTO_IGMP: number = 2;
/** IP within IP. */
export const IPPROTO_IPIP: number = 4;
/** Transmission control; level of its options. */
export const IPPROTO_TCP: number = 6;
/** Exterior gateway protocol. */
export const IPPROTO_EGP: number = 8;
/** PARC universal packet. */
export const IPPROTO_PUP: number = 12;
/** User datagrams; level of its options. */
export const IPPROTO_UDP: number = 17;
/** Xerox IDP. */
export const IPPROTO_IDP: number = 22;
/** ISO transport protocol, class 4. */
export const IPPROTO_TP: number = 29;
/** IPv6; level of its options. */
export const IPPROTO_IPV6: number = 41;
/** IPv6 routing header. */
export const IPPROTO_ROUTING: number = 43;
/** IPv6 fragment header. */
export const IPPROTO_FRAGMENT: number = 44;
/** Reservation protocol. */
export const IPPROTO_RSVP: number = 46;
/** Generic routing encapsulation. */
export const IPPROTO_GRE: number = 47;
/** Encapsulating security payload. */
export const IPPROTO_ESP: number = 50;
/** Authentication header. */
export const IPPROTO_AH: number = 51;
/** ICMP for IPv6. */
export const IPPROTO_ICMPV6: number = 58;
/** IPv6: no next header. */
export const IPPROTO_NONE: number = 59;
/** IPv6 destination options. */
export const IPPROTO_DSTOPTS: number = 60;
/** Protocol independent multicast. */
export const IPPROTO_PIM: number = 103;
/** Stream control transmission. */
export const IPPROTO_SCTP: number = 132;
/** UDP with partial checksums (Linux). */
export const IPPROTO_UDPLITE: number = 136;
/** Raw IP packets. */
export const IPPROTO_RAW: number = 255;
/** TCP over several paths (Linux). */
export const IPPROTO_MPTCP: number = 262;
/** Type of service. */
export const IP_TOS: number = on(1, 3, 3);
/** Time to live. */
export const IP_TTL: number = on(2, 4, 4);
/** The program supplies the IP header. */
export const IP_HDRINCL: number = on(3, 2, 2);
/** IP options of the packets. */
export const IP_OPTIONS: number = on(4, 1, 1);
/** Receive the packets' IP options. */
export const IP_RECVOPTS: number = on(6, 5);
/** Options for the reply. */
export const IP_RETOPTS: number = on(7, 8);
/** Receive the options for a reply. */
export const IP_RECVRETOPTS: number = on(7, 6);
/** Receive or set a packet's interface and address. */
export const IP_PKTINFO: number = on(8, 26, 19);
/** How the path's MTU is found. */
export const IP_MTU_DISCOVER: number = on(10, ABSENT, 71);
/** Keep errors in the error queue (Linux). */
export const IP_RECVERR: number = on(11, ABSENT, 75);
/** Receive the packets' time to live. */
export const IP_RECVTTL: number = on(12, 24, 21);
/** Receive the packets' type of service. */
export const IP_RECVTOS: number = on(13, 27, 40);
/** The path's MTU as it is known (Linux). */
export const IP_MTU: number = on(14, undefined, 73);
/** Allow bind to an address that no interface has (Linux). */
export const IP_FREEBIND: number = on(15, undefined, ABSENT);
/** Proxy transparently (Linux). */
export const IP_TRANSPARENT: number = on(19, undefined, ABSENT);
/** Choose the port at connect instead of at bind (Linux). */
export const IP_BIND_ADDRESS_NO_PORT: number = on(24, ABSENT);
/** Interface that multicast is sent on. */
export const IP_MULTICAST_IF: number = on(32, 9, 9);
/** Time to live of multicast. */
export const IP_MULTICAST_TTL: number = on(33, 10, 10);
/** Whether multicast comes back to the sending host. */
export const IP_MULTICAST_LOOP: number = on(34, 11, 11);
/** Join a multicast group. */
export const IP_ADD_MEMBERSHIP: number = on(35, 12, 12);
/** Leave a multicast group. */
export const IP_DROP_MEMBERSHIP: number = on(36, 13, 13);
/** Receive again from a sender that was blocked. */
export const IP_UNBLOCK_SOURCE: number = on(37, 73, 18);
/** Block a sender of a group: receive nothing from it. */
export const IP_BLOCK_SOURCE: number = on(38, 72, 17);
/** Join a group for one sender. */
export const IP_ADD_SOURCE_MEMBERSHIP: number = on(39, 70, 15);
/** Leave a group for one sender. */
export const IP_DROP_SOURCE_MEMBERSHIP: number = on(40, 71, 16);
/** The default of IP_MULTICAST_TTL. */
export const IP_DEFAULT_MULTICAST_TTL: number = 1;
/** The default of IP_MULTICAST_LOOP: multicast comes back. */
export const IP_DEFAULT_MULTICAST_LOOP: number = 1;
/** The largest number of memberships of one socket. */
export const IP_MAX_MEMBERSHIPS: number = on(20, 4095);
/** Offset of the checksum in the packets of a raw socket. */
export const IPV6_CHECKSUM: number = on(7, 26, 26);
/** Address of the next hop. */
export const IPV6_NEXTHOP: number = on(9, 48, ABSENT);
/** Hop limit of unicast. */
export const IPV6_UNICAST_HOPS: number = on(16, 4, 4);
/** Interface that multicast is sent on. */
export const IPV6_MULTICAST_IF: number = on(17, 9, 9);
/** Hop limit of multicast. */
export const IPV6_MULTICAST_HOPS: number = on(18, 10, 10);
/** Whether multicast comes back to the sending host. */
export const IPV6_MULTICAST_LOOP: number = on(19, 11, 11);
/** Join a multicast group. */
export const IPV6_JOIN_GROUP: number = on(20, 12, 12);
/** Leave a multicast group. */
export const IPV6_LEAVE_GROUP: number = on(21, 13, 13);
/** Keep errors in the error queue (Linux). */
export const IPV6_RECVERR: number = on(25, undefined, 75);
/** No IPv4 on this IPv6 socket. */
export const IPV6_V6ONLY: number = on(26, 27, 27);
/** Receive packets' interface and address. */
export const IPV6_RECVPKTINFO: number = on(49, 61);
/** A packet's interface and address. */
export const IPV6_PKTINFO: number = on(50, 46, 19);
/** Receive packets' hop limit. */
export const IPV6_RECVHOPLIMIT: number = on(51, 37);
/** A packet's hop limit. */
export const IPV6_HOPLIMIT: number = on(52, 47, 21);
/** Receive hop-by-hop options. */
export const IPV6_RECVHOPOPTS: number = on(53, 39);
/** Hop-by-hop options. */
export const IPV6_HOPOPTS: number = on(54, 49);
/** Destination options before the routing header. */
export const IPV6_RTHDRDSTOPTS: number = on(55, 57);
/** Receive the routing header. */
export const IPV6_RECVRTHDR: number = on(56, 38, 38);
/** The routing header. */
export const IPV6_RTHDR: number = on(57, 51, 32);
/** Receive destination options. */
export const IPV6_RECVDSTOPTS: number = on(58, 40);
/** Destination options. */
export const IPV6_DSTOPTS: number = on(59, 50);
/** Receive changes of the path's MTU. */
export const IPV6_RECVPATHMTU: number = on(60, 43);
/** The path's MTU. */
export const IPV6_PATHMTU: number = on(61, 44);
/** Never fragment. */
export const IPV6_DONTFRAG: number = on(62, 62, 14);
/** Receive packets' traffic class. */
export const IPV6_RECVTCLASS: number = on(66, 35, 40);
/** Traffic class. */
export const IPV6_TCLASS: number = on(67, 36, 39);
/** Routing header of type 0. */
export const IPV6_RTHDR_TYPE_0: number = 0;
/** 0.0.0.0, every interface. */
export const INADDR_ANY: number = 0;
/** 127.0.0.1. */
export const INADDR_LOOPBACK: number = 0x7f000001;
/** 255.255.255.255. */
export const INADDR_BROADCAST: number = 0xffffffff;
/** The result of C's inet_addr for a text that is not an address. */
export const INADDR_NONE: number = 0xffffffff;
/** 224.0.0.0. */
export const INADDR_UNSPEC_GROUP: number = 0xe0000000;
/** 224.0.0.1, all hosts of the network. */
export const INADDR_ALLHOSTS_GROUP: number = 0xe0000001;
/** 224.0.0.255, the last group that is not routed. */
export const INADDR_MAX_LOCAL_GROUP: number = 0xe00000ff;
/** Ports below this number need a privilege. */
export const IPPORT_RESERVED: number = 1024;
/** Ports above this number were once reserved for servers without privileges. */
export const IPPORT_USERRESERVED: number = 5000;

// TCP's and UDP-Lite's options.

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
/** Number of unanswered probes after which the connection ends. */
export const TCP_KEEPCNT: number = on(6, 258, 16);
/** How often a SYN is sent (Linux). */
export const TCP_SYNCNT: number = 7;
/** Time in FIN-WAIT-2 (Linux). */
export const TCP_LINGER2: number = 8;
/** Accept a connection only when its first data has arrived (Linux). */
export const TCP_DEFER_ACCEPT: number = 9;
/** Upper bound of the advertised window (Linux). */
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
/** Accept data in the SYN. The value is the length of the queue for such connections. */
export const TCP_FASTOPEN: number = on(23, 261, 15);
/** Timestamp of the segments (Linux). */
export const TCP_TIMESTAMP: number = 24;
/** Number of unsent bytes above which a socket is not writable. */
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
/** Report the number of unread bytes in a control message of recvmsg (Linux). */
export const TCP_INQ: number = 36;
/** Delay of sent packets (Linux). */
export const TCP_TX_DELAY: number = 37;
/** Bytes that the checksum covers when sending (Linux). */
export const UDPLITE_SEND_CSCOV: number = 10;
/** Smallest number of bytes that the checksum must cover when receiving (Linux). */
export const UDPLITE_RECV_CSCOV: number = 11;
