/**
 * Datagram sockets: UDP and AF_UNIX, with functions for multicast and broadcast.
 *
 * The sockets are those of `@berkeley/socket`. Here the default type is SOCK_DGRAM. Deno needs the flag `--unstable-net` for
 * them (or `"unstable": ["net"]` in deno.json).
 *
 * @example A server that replies "ok", and a client
 * ```ts
 * import { AF_INET, socket } from "@berkeley/socket/udp";
 * import assert from "node:assert/strict";
 *
 * using server = socket(AF_INET);
 * server.bind(["127.0.0.1", 0]);
 *
 * using client = socket(AF_INET);
 * await client.sendto("数据", server.getsockname());
 *
 * const [data, address] = await server.recvfrom(1024);
 * assert.equal(new TextDecoder().decode(data), "数据");
 * await server.sendto("ok", address);
 * assert.equal(new TextDecoder().decode(await client.recv(1024)), "ok");
 * ```
 *
 * @module
 */

import type { AddressOf } from "./base/addresses.ts";
import { type AF_INET, SOCK_DGRAM } from "./base/constants.ts";
import type { ItemOf } from "./core/create.ts";
import type { Socket } from "./core/socket.ts";
import { makeSockets } from "./core/sockets.ts";
import { denoBackend } from "./deno/backend.ts";
import { realRuntime } from "./deno/runtime.ts";

export {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AF_UNSPEC,
  INADDR_ALLHOSTS_GROUP,
  INADDR_ANY,
  INADDR_BROADCAST,
  INADDR_LOOPBACK,
  INADDR_MAX_LOCAL_GROUP,
  INADDR_UNSPEC_GROUP,
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  IPV6_MULTICAST_LOOP,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_ERROR,
  SO_PROTOCOL,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_TYPE,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./base/constants.ts";
export type {
  Address,
  AddressLike,
  AddressOf,
  Inet6Address,
  InetAddress,
  NumberedAddress,
  PacketAddress,
  UnixAddress,
} from "./base/addresses.ts";
export type { Data } from "./base/data.ts";
export * from "./base/exceptions.ts";
export { Socket } from "./core/socket.ts";
export type { ItemOf } from "./core/create.ts";
export type { WaitOptions } from "./core/promises.ts";
export type { AncillaryData } from "./seam/transport.ts";
export { broadcast, join, leave } from "./core/multicast.ts";

const sockets = makeSockets(realRuntime, denoBackend);

/**
 * Opens a datagram socket, as Python's `socket.socket()` with SOCK_DGRAM; see udp(7) and unix(7).
 *
 * @throws {OSError} ESOCKTNOSUPPORT if Deno runs without `--unstable-net`.
 *
 * @example
 * ```ts
 * import { AF_INET, SOCK_DGRAM, socket } from "@berkeley/socket/udp";
 * import assert from "node:assert/strict";
 *
 * using sock = socket(AF_INET);
 * assert.equal(sock.type, SOCK_DGRAM);
 * ```
 */
export function socket<F extends number = typeof AF_INET, T extends number = typeof SOCK_DGRAM>(
  family?: F,
  type?: T,
  proto: number = 0,
  fileno?: number | null,
): Socket<AddressOf<F>, ItemOf<F, T>> {
  return sockets.socket(family, type ?? SOCK_DGRAM, proto, fileno) as Socket<AddressOf<F>, ItemOf<F, T>>;
}
