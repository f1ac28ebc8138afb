// Multicast and broadcast by address. These functions pack the structures that setsockopt needs.

import { checkHost } from "../base/addresses.ts";
import {
  AF_INET6,
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  SO_BROADCAST,
  SOL_SOCKET,
} from "../base/constants.ts";
import { nameOf } from "../base/data.ts";
import type { Data } from "../base/data.ts";
import { parseIPv4, parseIPv6 } from "../base/ip.ts";
import { promised } from "./promises.ts";
import type { WaitOptions } from "./promises.ts";
import type { Socket } from "./socket.ts";

/**
 * Joins a multicast group, so that the socket receives what is sent to the group; see IP_ADD_MEMBERSHIP in ip(7) and
 * IPV6_JOIN_GROUP in ipv6(7). The group is a numeric address.
 *
 * `on` is the interface: its address for IPv4, its index for IPv6 (see `if_nametoindex`). Without it the system chooses one.
 *
 * @throws {OSError} EADDRINUSE if the socket is in the group already, EINVAL for an address of no multicast group, ENODEV
 * for an unknown interface.
 *
 * @example
 * ```ts
 * import { AF_INET, join, leave, socket } from "@berkeley/socket/udp";
 * import assert from "node:assert/strict";
 *
 * using sock = socket(AF_INET);
 * sock.bind(["", 0]);
 * join(sock, "239.192.0.1", "127.0.0.1");
 * assert.throws(() => join(sock, "239.192.0.1", "127.0.0.1"), { code: "EADDRINUSE" });
 * leave(sock, "239.192.0.1", "127.0.0.1");
 * ```
 */
export function join(sock: Socket, group: string, on?: string | number): void {
  setMembership(sock, group, on, IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP);
}

/**
 * Leaves a multicast group. The arguments are those of {@linkcode join}.
 *
 * @throws {OSError} EADDRNOTAVAIL if the socket is not in the group.
 *
 * @example
 * ```ts
 * import { AF_INET6, join, leave, socket } from "@berkeley/socket/udp";
 * import assert from "node:assert/strict";
 *
 * using sock = socket(AF_INET6);
 * join(sock, "ff02::1:2", 1);
 * leave(sock, "ff02::1:2", 1);
 * assert.throws(() => leave(sock, "ff02::1:2", 1), { code: "EADDRNOTAVAIL" });
 * ```
 */
export function leave(sock: Socket, group: string, on?: string | number): void {
  setMembership(sock, group, on, IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP);
}

function setMembership(
  sock: Socket,
  group: string,
  on: string | number | undefined,
  option4: number,
  option6: number,
): void {
  const host = checkHost(sock.family, group, "setsockopt");
  if (sock.family === AF_INET6) {
    const request = new Uint8Array(20);
    request.set(literal(parseIPv6(host), group));
    if (on !== undefined && !Number.isInteger(on)) throw new TypeError(`an interface of IPv6 is an index, not '${on}'`);
    new DataView(request.buffer).setUint32(16, on as number ?? 0, true);
    sock.setsockopt(IPPROTO_IPV6, option6, request);
  } else {
    const request = new Uint8Array(8);
    request.set(literal(parseIPv4(host), group));
    if (on !== undefined && typeof on !== "string") {
      throw new TypeError(`an interface of IPv4 is one of its addresses, not ${nameOf(on)}`);
    }
    if (on) request.set(literal(parseIPv4(checkHost(sock.family, on, "setsockopt")), on), 4);
    sock.setsockopt(IPPROTO_IP, option4, request);
  }
}

function literal(bytes: Uint8Array | undefined, text: string): Uint8Array {
  if (bytes === undefined) throw new TypeError(`'${text}' is no address of the socket's family`);
  return bytes;
}

/**
 * Sends a datagram to all hosts of the local network (IPv4 only), and returns the number of bytes. It sets SO_BROADCAST on
 * the socket.
 *
 * @example
 * ```ts ignore
 * import { AF_INET, broadcast, socket } from "@berkeley/socket/udp";
 * import assert from "node:assert/strict";
 *
 * using sock = socket(AF_INET);
 * assert.equal(await broadcast(sock, 9, "discover"), 8);
 * ```
 */
export function broadcast(sock: Socket, port: number, data: Data, options?: WaitOptions): Promise<number> {
  return promised(() => {
    sock.setsockopt(SOL_SOCKET, SO_BROADCAST, 1);
    return sock.sendto(data, ["255.255.255.255", port], options);
  });
}
