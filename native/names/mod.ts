// The look-ups of Python's socket module by libc.

import type { AddressInfo } from "../../core/names/getaddrinfo.ts";
import type { HostEntry } from "../../core/names/gethost.ts";
import type { WaitOptions } from "../../core/promises.ts";

export type { AddressInfo } from "../../core/names/getaddrinfo.ts";
export type { HostEntry } from "../../core/names/gethost.ts";
export { gethostname, if_indextoname, if_nameindex, if_nametoindex } from "./interfaces.ts";

/** Whether this platform has IPv6: Linux always does. */
export const has_ipv6: boolean = true;

/** Loaded at the first look-up: a program that connects to addresses need not. */
const lookUps = () => import("./lookups.ts");

/**
 * Finds the addresses of a host and a service, each with the arguments of the socket that fits it, as libc answers.
 *
 * A literal address takes no permission; a name takes net access to `host:port` (to all of the host where no port
 * is given), no more than connecting to it takes.
 *
 * @throws {gaierror} whose `errno` is the EAI_ number: EAI_NONAME for a name that is not known, EAI_AGAIN where no
 * name server answers …
 *
 * @example
 * ```ts
 * import { getaddrinfo, SOCK_STREAM } from "@berkeley/socket/native";
 * const [[, , , , address]] = await getaddrinfo("127.0.0.1", "http", 0, SOCK_STREAM);
 * console.assert(address.join() === "127.0.0.1,80");
 * ```
 */
export async function getaddrinfo(
  host: string | Uint8Array | null,
  port: string | number | null,
  family: number = 0,
  type: number = 0,
  proto: number = 0,
  flags: number = 0,
  options: WaitOptions = {},
): Promise<AddressInfo[]> {
  return await (await lookUps()).getaddrinfo(host, port, family, type, proto, flags, options);
}

/**
 * The IPv4 address of a host. A name takes net access to it, a literal none.
 *
 * @throws {gaierror} if the host is not known.
 *
 * @example
 * ```ts
 * import { gethostbyname } from "@berkeley/socket/native";
 * console.assert(await gethostbyname("127.1") === "127.0.0.1");
 * ```
 */
export async function gethostbyname(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<string> {
  return await (await lookUps()).gethostbyname(hostname, options);
}

/**
 * A host's name, its other names and all its IPv4 addresses. A name takes net access to it, a literal none.
 *
 * @throws {gaierror} if the host is not known.
 *
 * @example
 * ```ts
 * import { gethostbyname_ex } from "@berkeley/socket/native";
 * const [name, aliases, addresses] = await gethostbyname_ex("127.0.0.1");
 * console.assert(name === "127.0.0.1" && aliases.length === 0 && addresses[0] === name);
 * ```
 */
export async function gethostbyname_ex(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  return await (await lookUps()).gethostbyname_ex(hostname, options);
}

/**
 * The name of a host, by its address or by one of its names, its other names and its address. It takes net access to
 * the address, and to the name where one is given.
 *
 * @throws {herror} if the address has no name.
 *
 * @example
 * ```ts
 * import { gethostbyaddr } from "@berkeley/socket/native";
 * const [name] = await gethostbyaddr("127.0.0.1");
 * console.log(name); // localhost
 * ```
 */
export async function gethostbyaddr(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  return await (await lookUps()).gethostbyaddr(hostname, options);
}

/**
 * The fully qualified name of a host, of this one by default; the name itself where there is none.
 *
 * It takes net access to the name and its address.
 *
 * @example
 * ```ts
 * import { getfqdn } from "@berkeley/socket/native";
 * console.log(await getfqdn("127.0.0.1")); // localhost
 * ```
 */
export async function getfqdn(name: string | Uint8Array = "", options: WaitOptions = {}): Promise<string> {
  return await (await lookUps()).getfqdn(name, options);
}

/**
 * The name and service of a socket address, as text.
 *
 * The name takes net access to `host:port`; with NI_NUMERICHOST nothing is looked up and nothing is needed. A scope
 * is written with its interface's name.
 *
 * @example
 * ```ts
 * import { getnameinfo, NI_NUMERICHOST } from "@berkeley/socket/native";
 * console.assert((await getnameinfo(["127.0.0.1", 80], NI_NUMERICHOST)).join() === "127.0.0.1,http");
 * ```
 */
export async function getnameinfo(
  address: readonly [host: string, port: number, flowinfo?: number, scopeId?: number],
  flags: number,
  options: WaitOptions = {},
): Promise<[host: string, service: string]> {
  return await (await lookUps()).getnameinfo(address, flags, options);
}

/**
 * The port of a service, for one protocol ("tcp" or "udp") or for any.
 *
 * @throws {OSError} where the system knows no such service.
 *
 * @example
 * ```ts
 * import { getservbyname } from "@berkeley/socket/native";
 * console.assert(await getservbyname("http", "tcp") === 80);
 * ```
 */
export async function getservbyname(service: string, protocol?: string): Promise<number> {
  return await (await lookUps()).getservbyname(service, protocol);
}

/**
 * The service at a port, for one protocol ("tcp" or "udp") or for any.
 *
 * @throws {OSError} where the system knows no such service.
 *
 * @example
 * ```ts
 * import { getservbyport } from "@berkeley/socket/native";
 * console.assert(await getservbyport(80) === "http");
 * ```
 */
export async function getservbyport(port: number, protocol?: string): Promise<string> {
  return await (await lookUps()).getservbyport(port, protocol);
}

/**
 * The number of a protocol.
 *
 * @throws {OSError} where the system knows no such protocol.
 *
 * @example
 * ```ts
 * import { getprotobyname } from "@berkeley/socket/native";
 * console.assert(await getprotobyname("tcp") === 6);
 * ```
 */
export async function getprotobyname(protocol: string): Promise<number> {
  return await (await lookUps()).getprotobyname(protocol);
}
