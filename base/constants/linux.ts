// What only Linux has: packets, netlink, virtual machines, CAN, TIPC, cryptography, Bluetooth.

/** Packet to this host. */
export const PACKET_HOST: number = 0;
/** Packet to all hosts. */
export const PACKET_BROADCAST: number = 1;
/** Packet to a group. */
export const PACKET_MULTICAST: number = 2;
/** Packet to another host, caught in promiscuous mode. */
export const PACKET_OTHERHOST: number = 3;
/** Packet from this host. */
export const PACKET_OUTGOING: number = 4;
/** Looped back. */
export const PACKET_LOOPBACK: number = 5;
/** Fast route. */
export const PACKET_FASTROUTE: number = 6;
/** Every Ethernet protocol. */
export const ETH_P_ALL: number = 3;
/** IPv4 over Ethernet. */
export const ETHERTYPE_IP: number = 0x0800;
/** Address resolution over Ethernet. */
export const ETHERTYPE_ARP: number = 0x0806;
/** A tagged frame. */
export const ETHERTYPE_VLAN: number = 0x8100;
/** IPv6 over Ethernet. */
export const ETHERTYPE_IPV6: number = 0x86dd;
/** Routes, links and addresses. */
export const NETLINK_ROUTE: number = 0;
/** For programs' own protocols. */
export const NETLINK_USERSOCK: number = 2;
/** The old packet queue. */
export const NETLINK_FIREWALL: number = 3;
/** Netfilter's log. */
export const NETLINK_NFLOG: number = 5;
/** IPsec. */
export const NETLINK_XFRM: number = 6;
/** The old IPv6 packet queue. */
export const NETLINK_IP6_FW: number = 13;
/** DECnet's routes. */
export const NETLINK_DNRTMSG: number = 14;
/** The kernel's cryptography. */
export const NETLINK_CRYPTO: number = 21;
/** Any context ID. */
export const VMADDR_CID_ANY: number = 0xffffffff;
/** Context ID of the host. */
export const VMADDR_CID_HOST: number = 2;
/** Any port. */
export const VMADDR_PORT_ANY: number = 0xffffffff;
/** No version of AF_VSOCK. */
export const VM_SOCKETS_INVALID_VERSION: number = 0xffffffff;
/** AF_VSOCK: size of the buffer. */
export const SO_VM_SOCKETS_BUFFER_SIZE: number = 0;
/** AF_VSOCK: smallest size of the buffer. */
export const SO_VM_SOCKETS_BUFFER_MIN_SIZE: number = 1;
/** AF_VSOCK: largest size of the buffer. */
export const SO_VM_SOCKETS_BUFFER_MAX_SIZE: number = 2;
/** ioctl: get the context ID (CID) of this machine. */
export const IOCTL_VM_SOCKETS_GET_LOCAL_CID: number = 1977;
/** Raw CAN frames. */
export const CAN_RAW: number = 1;
/** CAN broadcast manager. */
export const CAN_BCM: number = 2;
/** ISO 15765-2 transport. */
export const CAN_ISOTP: number = 6;
/** SAE J1939. */
export const CAN_J1939: number = 7;
/** Extended frame. */
export const CAN_EFF_FLAG: number = 0x80000000;
/** Remote transmission request. */
export const CAN_RTR_FLAG: number = 0x40000000;
/** Error frame. */
export const CAN_ERR_FLAG: number = 0x20000000;
/** Mask of a standard identifier. */
export const CAN_SFF_MASK: number = 0x7ff;
/** Mask of an extended identifier. */
export const CAN_EFF_MASK: number = 0x1fffffff;
/** Mask of an error's class. */
export const CAN_ERR_MASK: number = 0x1fffffff;
/** Option: filters. */
export const CAN_RAW_FILTER: number = 1;
/** Option: error filter. */
export const CAN_RAW_ERR_FILTER: number = 2;
/** Option: loop back to local programs. */
export const CAN_RAW_LOOPBACK: number = 3;
/** Option: receive the frames that this socket sent. */
export const CAN_RAW_RECV_OWN_MSGS: number = 4;
/** Option: CAN FD frames. */
export const CAN_RAW_FD_FRAMES: number = 5;
/** Option: all filters must match. */
export const CAN_RAW_JOIN_FILTERS: number = 6;
/** Start a cyclic transmission. */
export const CAN_BCM_TX_SETUP: number = 1;
/** End a cyclic transmission. */
export const CAN_BCM_TX_DELETE: number = 2;
/** Read a transmission's properties. */
export const CAN_BCM_TX_READ: number = 3;
/** Send one frame. */
export const CAN_BCM_TX_SEND: number = 4;
/** Filter received frames. */
export const CAN_BCM_RX_SETUP: number = 5;
/** Remove a filter. */
export const CAN_BCM_RX_DELETE: number = 6;
/** Read a filter's properties. */
export const CAN_BCM_RX_READ: number = 7;
/** Reply to CAN_BCM_TX_READ. */
export const CAN_BCM_TX_STATUS: number = 8;
/** The count of a transmission has reached zero. */
export const CAN_BCM_TX_EXPIRED: number = 9;
/** Reply to CAN_BCM_RX_READ. */
export const CAN_BCM_RX_STATUS: number = 10;
/** A cyclic message is absent. */
export const CAN_BCM_RX_TIMEOUT: number = 11;
/** A frame's content changed. */
export const CAN_BCM_RX_CHANGED: number = 12;
/** Flag: set the intervals. */
export const CAN_BCM_SETTIMER: number = 0x1;
/** Flag: start the timer. */
export const CAN_BCM_STARTTIMER: number = 0x2;
/** Flag: report when the count reaches zero. */
export const CAN_BCM_TX_COUNTEVT: number = 0x4;
/** Flag: send changed data at once. */
export const CAN_BCM_TX_ANNOUNCE: number = 0x8;
/** Flag: copy the identifier into the frames. */
export const CAN_BCM_TX_CP_CAN_ID: number = 0x10;
/** Flag: filter by identifier only. */
export const CAN_BCM_RX_FILTER_ID: number = 0x20;
/** Flag: a changed length counts too. */
export const CAN_BCM_RX_CHECK_DLC: number = 0x40;
/** Flag: do not start the timer by itself. */
export const CAN_BCM_RX_NO_AUTOTIMER: number = 0x80;
/** Flag: report when frames arrive again. */
export const CAN_BCM_RX_ANNOUNCE_RESUME: number = 0x100;
/** Flag: begin with the first frame. */
export const CAN_BCM_TX_RESET_MULTI_IDX: number = 0x200;
/** Flag: reply to a remote request. */
export const CAN_BCM_RX_RTR_FRAME: number = 0x400;
/** Flag: CAN FD frames. */
export const CAN_BCM_CAN_FD_FRAME: number = 0x800;
/** Last address of a node. */
export const J1939_MAX_UNICAST_ADDR: number = 0xfd;
/** A node without an address. */
export const J1939_IDLE_ADDR: number = 0xfe;
/** No address: broadcast. */
export const J1939_NO_ADDR: number = 0xff;
/** No name. */
export const J1939_NO_NAME: number = 0;
/** Parameter group of a request. */
export const J1939_PGN_REQUEST: number = 0xea00;
/** Parameter group of a claimed address. */
export const J1939_PGN_ADDRESS_CLAIMED: number = 0xee00;
/** Parameter group of a commanded address. */
export const J1939_PGN_ADDRESS_COMMANDED: number = 0xfed8;
/** Last parameter group with a destination. */
export const J1939_PGN_PDU1_MAX: number = 0x3ff00;
/** Last parameter group. */
export const J1939_PGN_MAX: number = 0x3ffff;
/** No parameter group. */
export const J1939_NO_PGN: number = 0x40000;
/** The largest number of filters of one socket. */
export const J1939_FILTER_MAX: number = 512;
/** Padding attribute. */
export const J1939_NLA_PAD: number = 0;
/** Attribute: bytes acknowledged. */
export const J1939_NLA_BYTES_ACKED: number = 1;
/** No error information. */
export const J1939_EE_INFO_NONE: number = 0;
/** The transmission was aborted. */
export const J1939_EE_INFO_TX_ABORT: number = 1;
/** Option: filters. */
export const SO_J1939_FILTER: number = 1;
/** Option: receive everything. */
export const SO_J1939_PROMISC: number = 2;
/** Option: priority of sent messages. */
export const SO_J1939_SEND_PRIO: number = 3;
/** Option: use the error queue. */
export const SO_J1939_ERRQUEUE: number = 4;
/** Control message: destination address. */
export const SCM_J1939_DEST_ADDR: number = 1;
/** Control message: destination name. */
export const SCM_J1939_DEST_NAME: number = 2;
/** Control message: priority. */
export const SCM_J1939_PRIO: number = 3;
/** Control message: error information. */
export const SCM_J1939_ERRQUEUE: number = 4;
/** Address: a sequence of names. */
export const TIPC_ADDR_NAMESEQ: number = 1;
/** Address: a name. */
export const TIPC_ADDR_NAME: number = 2;
/** Address: a port. */
export const TIPC_ADDR_ID: number = 3;
/** Scope: the zone. */
export const TIPC_ZONE_SCOPE: number = 1;
/** Scope: the cluster. */
export const TIPC_CLUSTER_SCOPE: number = 2;
/** Scope: the node. */
export const TIPC_NODE_SCOPE: number = 3;
/** Low importance. */
export const TIPC_LOW_IMPORTANCE: number = 0;
/** Medium importance. */
export const TIPC_MEDIUM_IMPORTANCE: number = 1;
/** High importance. */
export const TIPC_HIGH_IMPORTANCE: number = 2;
/** Critical importance. */
export const TIPC_CRITICAL_IMPORTANCE: number = 3;
/** Option: the importance of sent messages. */
export const TIPC_IMPORTANCE: number = 127;
/** Option: whether sent messages may be dropped at the source. */
export const TIPC_SRC_DROPPABLE: number = 128;
/** Option: whether sent messages may be dropped at the destination. */
export const TIPC_DEST_DROPPABLE: number = 129;
/** Option: timeout of connecting. */
export const TIPC_CONN_TIMEOUT: number = 130;
/** Type of the configuration service. */
export const TIPC_CFG_SRV: number = 0;
/** Type of the topology service. */
export const TIPC_TOP_SRV: number = 1;
/** A subscription's filter: an event for each port that matches. */
export const TIPC_SUB_PORTS: number = 1;
/** A subscription's filter: an event for only the first port that matches, and for the last one that is withdrawn. */
export const TIPC_SUB_SERVICE: number = 2;
/** A subscription's filter: cancels the subscription. */
export const TIPC_SUB_CANCEL: number = 4;
/** Event: published. */
export const TIPC_PUBLISHED: number = 1;
/** Event: withdrawn. */
export const TIPC_WITHDRAWN: number = 2;
/** Event: the subscription ran out. */
export const TIPC_SUBSCR_TIMEOUT: number = 3;
/** No timeout. */
export const TIPC_WAIT_FOREVER: number = -1;
/** Set the key. */
export const ALG_SET_KEY: number = 1;
/** Set the initialisation vector. */
export const ALG_SET_IV: number = 2;
/** Set the operation. */
export const ALG_SET_OP: number = 3;
/** Set the length of associated data. */
export const ALG_SET_AEAD_ASSOCLEN: number = 4;
/** Set the size of the tag. */
export const ALG_SET_AEAD_AUTHSIZE: number = 5;
/** Set the public key. */
export const ALG_SET_PUBKEY: number = 6;
/** Decrypt. */
export const ALG_OP_DECRYPT: number = 0;
/** Encrypt. */
export const ALG_OP_ENCRYPT: number = 1;
/** Sign. */
export const ALG_OP_SIGN: number = 2;
/** Verify. */
export const ALG_OP_VERIFY: number = 3;
/** Bluetooth's link control. */
export const BTPROTO_L2CAP: number = 0;
/** Bluetooth's host controller interface. */
export const BTPROTO_HCI: number = 1;
/** Bluetooth's audio. */
export const BTPROTO_SCO: number = 2;
/** Bluetooth's serial ports. */
export const BTPROTO_RFCOMM: number = 3;
/** Bluetooth HCI option: direction of the data. */
export const HCI_DATA_DIR: number = 1;
/** Bluetooth HCI option: filter. */
export const HCI_FILTER: number = 2;
/** Bluetooth HCI option: timestamps. */
export const HCI_TIME_STAMP: number = 3;
