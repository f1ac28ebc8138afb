// The look-ups of Python's socket module on the default backend, over Deno's and Node's resolver.

import type { WaitOptions } from "../core/promises.ts";
import type { AddressInfo } from "../core/names/getaddrinfo.ts";
import type { HostEntry } from "../core/names/gethost.ts";
import { makeNames } from "../core/names/module.ts";
import { denoResolver } from "./resolver.ts";

export type { AddressInfo } from "../core/names/getaddrinfo.ts";
export type { HostEntry } from "../core/names/gethost.ts";

const names = makeNames(denoResolver, () => import("../core/names/lookups.ts"));

/** Whether this platform has IPv6: Deno always does. */
export const has_ipv6: boolean = true;

/**
 * Finds the addresses of a host and a service, each with the arguments of the socket that fits it.
 *
 * A literal address takes no permission; a name takes net access to `host:port` (to all of the host where no port
 * is given), no more than connecting to it takes. AI_CANONNAME also asks the name server for the host's aliases,
 * which takes net access to it, and AI_ADDRCONFIG takes `--allow-sys=networkInterfaces`. Services are looked up in
 * a built-in table.
 *
 * @example
 * ```ts
 * import { getaddrinfo, SOCK_STREAM } from "@berkeley/socket";
 * const [[, , , , address]] = await getaddrinfo("127.0.0.1", "http", 0, SOCK_STREAM);
 * console.assert(address.join() === "127.0.0.1,80");
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
  return names.getaddrinfo(host, port, family, type, proto, flags, options);
}

/**
 * The name and service of a socket address, as text.
 *
 * The name takes net access to `host:port`; with NI_NUMERICHOST nothing is looked up and nothing is needed. A scope
 * is written with its interface's name where that may be read, else with its number.
 *
 * @example
 * ```ts
 * import { getnameinfo, NI_NUMERICHOST } from "@berkeley/socket";
 * console.assert((await getnameinfo(["127.0.0.1", 80], NI_NUMERICHOST)).join() === "127.0.0.1,http");
 * ```
 */
export function getnameinfo(
  address: readonly [host: string, port: number, flowinfo?: number, scopeId?: number],
  flags: number,
  options: WaitOptions = {},
): Promise<[host: string, service: string]> {
  return names.getnameinfo(address, flags, options);
}

/**
 * The IPv4 address of a host. A name takes net access to it, a literal none.
 *
 * @example
 * ```ts
 * import { gethostbyname } from "@berkeley/socket";
 * console.assert(await gethostbyname("127.1") === "127.0.0.1");
 * ```
 */
export function gethostbyname(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<string> {
  return names.gethostbyname(hostname, options);
}

/**
 * A host's name, its other names and all its IPv4 addresses.
 *
 * A name takes net access to it and, as the other names are the name server's to tell, to that too.
 *
 * @example
 * ```ts
 * import { gethostbyname_ex } from "@berkeley/socket";
 * const [name, aliases, addresses] = await gethostbyname_ex("127.0.0.1");
 * console.assert(name === "127.0.0.1" && aliases.length === 0 && addresses[0] === name);
 * ```
 */
export function gethostbyname_ex(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  return names.gethostbyname_ex(hostname, options);
}

/**
 * The name of a host, by its address or by one of its names. It takes net access to the address, and to the name
 * where one is given. Deno tells one name only, so the list of other names is empty.
 *
 * @example
 * ```ts
 * import { gethostbyaddr } from "@berkeley/socket";
 * const [name] = await gethostbyaddr("127.0.0.1");
 * console.log(name); // localhost
 * ```
 */
export function gethostbyaddr(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  return names.gethostbyaddr(hostname, options);
}

/**
 * The fully qualified name of a host, of this one by default; the name itself where there is none.
 *
 * It takes net access to the name and its address, and for this host `--allow-sys=hostname`.
 *
 * @example
 * ```ts
 * import { getfqdn } from "@berkeley/socket";
 * console.log(await getfqdn("127.0.0.1")); // localhost
 * ```
 */
export function getfqdn(name: string | Uint8Array = "", options: WaitOptions = {}): Promise<string> {
  return names.getfqdn(name, options);
}

/**
 * The name of this machine. It takes `--allow-sys=hostname`.
 *
 * @example
 * ```ts
 * import { gethostname } from "@berkeley/socket";
 * console.log(gethostname());
 * ```
 */
export function gethostname(): string {
  return names.gethostname();
}

/**
 * The port of a service, for one protocol ("tcp" or "udp") or for any, from a built-in table.
 *
 * @example
 * ```ts
 * import { getservbyname } from "@berkeley/socket";
 * console.assert(await getservbyname("http", "tcp") === 80);
 * ```
 */
export function getservbyname(service: string, protocol?: string): Promise<number> {
  return names.getservbyname(service, protocol);
}

/**
 * The service at a port, for one protocol ("tcp" or "udp") or for any, from a built-in table.
 *
 * @example
 * ```ts
 * import { getservbyport } from "@berkeley/socket";
 * console.assert(await getservbyport(80) === "http");
 * ```
 */
export function getservbyport(port: number, protocol?: string): Promise<string> {
  return names.getservbyport(port, protocol);
}

/**
 * The number of a protocol, from a built-in table.
 *
 * @example
 * ```ts
 * import { getprotobyname } from "@berkeley/socket";
 * console.assert(await getprotobyname("tcp") === 6);
 * ```
 */
export function getprotobyname(protocol: string): Promise<number> {
  return names.getprotobyname(protocol);
}

/**
 * Lists the network interfaces.
 *
 * On Linux it reads /sys/class/net, which Deno allows with `--allow-all` only. Elsewhere, where Deno tells an index
 * only for interfaces with a link-local IPv6 address, it lists those, with `--allow-sys=networkInterfaces`.
 *
 * @example
 * ```ts
 * import { if_nameindex } from "@berkeley/socket";
 * for (const [index, name] of if_nameindex()) console.log(index, name);
 * ```
 */
export function if_nameindex(): [index: number, name: string][] {
  return names.if_nameindex();
}

/**
 * The index of a network interface.
 *
 * `--allow-sys=networkInterfaces` is enough for an interface with a link-local IPv6 address; any other takes
 * `--allow-all` on Linux.
 *
 * @example
 * ```ts
 * import { if_indextoname, if_nametoindex } from "@berkeley/socket";
 * if (Deno.build.os === "linux") console.assert(if_indextoname(if_nametoindex("lo")) === "lo");
 * ```
 */
export function if_nametoindex(name: string): number {
  return names.if_nametoindex(name);
}

/**
 * The name of a network interface, by its index; the permissions are those of {@linkcode if_nametoindex}.
 *
 * @example
 * ```ts
 * import { if_indextoname, if_nameindex } from "@berkeley/socket";
 * for (const [index, name] of if_nameindex()) console.assert(if_indextoname(index) === name);
 * ```
 */
export function if_indextoname(index: number): string {
  return names.if_indextoname(index);
}
