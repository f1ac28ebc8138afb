// The look-up functions of Python's socket module over libc.

import type { AddressInfo } from "../../core/names/getaddrinfo.ts";
import type { HostEntry } from "../../core/names/gethost.ts";
import type { WaitOptions } from "../../core/promises.ts";
import { realRuntime } from "../../deno/runtime.ts";

export type { AddressInfo } from "../../core/names/getaddrinfo.ts";
export type { HostEntry } from "../../core/names/gethost.ts";
export { gethostname, if_indextoname, if_nameindex, if_nametoindex } from "./interfaces.ts";

/** Whether this platform has IPv6. Always true on Linux. */
export const has_ipv6: boolean = true;

/** Imported at the first look-up. A program that connects to addresses does not need it. */
const lookUps = () => import("./lookups.ts");

/** Makes a look-up, and counts it. It ends without a wait if it refuses an argument. */
function call<T>(lookUp: (functions: Awaited<ReturnType<typeof lookUps>>) => Promise<T>): Promise<T> {
  return realRuntime.turns.count(async () => await lookUp(await lookUps()));
}

/**
 * Looks up the addresses of a host and a service, as Python's `socket.getaddrinfo()`; see getaddrinfo(3). Each result is
 * `[family, type, proto, canonname, address]`: the arguments of a socket, and the address to give to it.
 *
 * A literal address needs no permission. A name needs net access to `host:port`, or to the whole host if no port is given.
 *
 * @throws {gaierror} whose `errno` is the EAI_ number: EAI_NONAME for a name that is not known, EAI_AGAIN if no name
 * server replies …
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getaddrinfo, SOCK_STREAM } from "@berkeley/socket/native";
 * const [[, , , , address]] = await getaddrinfo("127.0.0.1", "http", 0, SOCK_STREAM);
 * assert.equal(address.join(), "127.0.0.1,80");
 * ```
 */
export function getaddrinfo(
  host: string | Uint8Array | null,
  port: string | number | null,
  family: number = 0,
  type: number = 0,
  proto: number = 0,
  flags: number = 0,
  options: WaitOptions = {},
): Promise<AddressInfo[]> {
  return call((functions) => functions.getaddrinfo(host, port, family, type, proto, flags, options));
}

/**
 * Returns the IPv4 address of a host, as Python's `socket.gethostbyname()`. The look-up of a
 * name needs net access to the name. A literal address needs no permission.
 *
 * @throws {gaierror} if the host is not known.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gethostbyname } from "@berkeley/socket/native";
 * assert.equal(await gethostbyname("127.1"), "127.0.0.1");
 * ```
 */
export function gethostbyname(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<string> {
  return call((functions) => functions.gethostbyname(hostname, options));
}

/**
 * Returns a host's name, its aliases and all its IPv4 addresses, as Python's `socket.gethostbyname_ex()`. The
 * look-up of a name needs net access to the name. A literal address needs no permission.
 *
 * @throws {gaierror} if the host is not known.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gethostbyname_ex } from "@berkeley/socket/native";
 * const [name, aliases, addresses] = await gethostbyname_ex("127.0.0.1");
 * assert(name === "127.0.0.1" && aliases.length === 0 && addresses[0] === name);
 * ```
 */
export function gethostbyname_ex(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  return call((functions) => functions.gethostbyname_ex(hostname, options));
}

/**
 * Returns the name of a host by its address or one of its names, its aliases, and its address, as Python's
 * `socket.gethostbyaddr()`. It needs net access to the address, and to the name if one is given.
 *
 * @throws {herror} if the address has no name.
 */
export function gethostbyaddr(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  return call((functions) => functions.gethostbyaddr(hostname, options));
}

/**
 * Returns the fully qualified name of a host, by default of this one, as Python's `socket.getfqdn()`. Returns the name
 * unchanged if there is none. It needs net access to the name and its address.
 */
export function getfqdn(name: string | Uint8Array = "", options: WaitOptions = {}): Promise<string> {
  return call((functions) => functions.getfqdn(name, options));
}

/**
 * Returns the host name and the service name of a socket address, as Python's `socket.getnameinfo()`; see getnameinfo(3).
 *
 * The look-up of the name needs net access to `host:port`. With NI_NUMERICHOST nothing is looked up and no permission is
 * needed. A scope is written with the name of its interface.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getnameinfo, NI_NUMERICHOST } from "@berkeley/socket/native";
 * assert.equal((await getnameinfo(["127.0.0.1", 80], NI_NUMERICHOST)).join(), "127.0.0.1,http");
 * ```
 */
export function getnameinfo(
  address: readonly [host: string, port: number, flowinfo?: number, scopeId?: number],
  flags: number,
  options: WaitOptions = {},
): Promise<[host: string, service: string]> {
  return call((functions) => functions.getnameinfo(address, flags, options));
}

/**
 * Returns the port of a service for one protocol ("tcp" or "udp"), or for any, as Python's `socket.getservbyname()`.
 *
 * @throws {OSError} if the system knows no such service.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getservbyname } from "@berkeley/socket/native";
 * assert.equal(await getservbyname("http", "tcp"), 80);
 * ```
 */
export function getservbyname(service: string, protocol?: string): Promise<number> {
  return call((functions) => functions.getservbyname(service, protocol));
}

/**
 * Returns the service at a port for one protocol ("tcp" or "udp"), or for any, as Python's `socket.getservbyport()`.
 *
 * @throws {OSError} if the system knows no such service.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getservbyport } from "@berkeley/socket/native";
 * assert.equal(await getservbyport(80), "http");
 * ```
 */
export function getservbyport(port: number, protocol?: string): Promise<string> {
  return call((functions) => functions.getservbyport(port, protocol));
}

/**
 * Returns the number of a protocol, as Python's `socket.getprotobyname()`.
 *
 * @throws {OSError} if the system knows no such protocol.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getprotobyname } from "@berkeley/socket/native";
 * assert.equal(await getprotobyname("tcp"), 6);
 * ```
 */
export function getprotobyname(protocol: string): Promise<number> {
  return call((functions) => functions.getprotobyname(protocol));
}
