// The look-up functions of Python's socket module on the default backend, over Deno's and Node's resolver.

import type { WaitOptions } from "../core/promises.ts";
import type { AddressInfo } from "../core/names/getaddrinfo.ts";
import type { HostEntry } from "../core/names/gethost.ts";
import { makeNames } from "../core/names/module.ts";
import { denoResolver } from "./resolver.ts";
import { realRuntime } from "./runtime.ts";

export type { AddressInfo } from "../core/names/getaddrinfo.ts";
export type { HostEntry } from "../core/names/gethost.ts";

const names = makeNames(denoResolver, () => import("../core/names/lookups.ts"), realRuntime.turns);

/** Whether this platform has IPv6. Always true on Deno. */
export const has_ipv6: boolean = true;

/**
 * Looks up the addresses of a host and a service, as Python's `socket.getaddrinfo()`; see getaddrinfo(3). Each result is
 * `[family, type, proto, canonname, address]`: the arguments of a socket, and the address to give to it.
 *
 * A literal address needs no permission. A name needs net access to `host:port`, or to the whole host if no port is given.
 * AI_CANONNAME asks the name server for the aliases of the host, which needs net access to the name server. AI_ADDRCONFIG
 * needs `--allow-sys=networkInterfaces`. Services are looked up in a built-in table.
 *
 * @throws {gaierror} if the name or the service is not known.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getaddrinfo, SOCK_STREAM } from "@berkeley/socket";
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
  return names.getaddrinfo(host, port, family, type, proto, flags, options);
}

/**
 * Returns the host name and the service name of a socket address, as Python's `socket.getnameinfo()`; see getnameinfo(3).
 *
 * The look-up of the name needs net access to `host:port`. With NI_NUMERICHOST nothing is looked up and no permission is
 * needed. A scope is written with the name of its interface if that may be read, else with its number.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getnameinfo, NI_NUMERICHOST } from "@berkeley/socket";
 * assert.equal((await getnameinfo(["127.0.0.1", 80], NI_NUMERICHOST)).join(), "127.0.0.1,http");
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
 * Returns the IPv4 address of a host, as Python's `socket.gethostbyname()`. The look-up of a
 * name needs net access to the name. A literal address needs no permission.
 *
 * @throws {gaierror} if the host is not known.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gethostbyname } from "@berkeley/socket";
 * assert.equal(await gethostbyname("127.1"), "127.0.0.1");
 * ```
 */
export function gethostbyname(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<string> {
  return names.gethostbyname(hostname, options);
}

/**
 * Returns a host's name, its aliases and all its IPv4 addresses, as Python's `socket.gethostbyname_ex()`.
 *
 * The look-up of a name needs net access to the name, and to the name server, which knows the aliases.
 *
 * @throws {gaierror} if the host is not known.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gethostbyname_ex } from "@berkeley/socket";
 * const [name, aliases, addresses] = await gethostbyname_ex("127.0.0.1");
 * assert(name === "127.0.0.1" && aliases.length === 0 && addresses[0] === name);
 * ```
 */
export function gethostbyname_ex(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  return names.gethostbyname_ex(hostname, options);
}

/**
 * Returns the name of a host by its address, or by one of its names, as Python's `socket.gethostbyaddr()`. It needs net
 * access to the address, and to the name if one is given. Deno returns one name only, so the list of aliases is empty.
 *
 * @throws {herror} if the address has no name.
 */
export function gethostbyaddr(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  return names.gethostbyaddr(hostname, options);
}

/**
 * Returns the fully qualified name of a host, by default of this one, as Python's `socket.getfqdn()`. Returns the name
 * unchanged if there is none.
 *
 * It needs net access to the name and its address, and for this host `--allow-sys=hostname`.
 */
export function getfqdn(name: string | Uint8Array = "", options: WaitOptions = {}): Promise<string> {
  return names.getfqdn(name, options);
}

/** Returns the name of this machine, as Python's `socket.gethostname()`. It needs `--allow-sys=hostname`. */
export function gethostname(): string {
  return names.gethostname();
}

/**
 * Returns the port of a service for one protocol ("tcp" or "udp"), or for any, as Python's `socket.getservbyname()`. It
 * is looked up in a built-in table.
 *
 * @throws {OSError} if the service is not in the table.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getservbyname } from "@berkeley/socket";
 * assert.equal(await getservbyname("http", "tcp"), 80);
 * ```
 */
export function getservbyname(service: string, protocol?: string): Promise<number> {
  return names.getservbyname(service, protocol);
}

/**
 * Returns the service at a port for one protocol ("tcp" or "udp"), or for any, as Python's `socket.getservbyport()`. It
 * is looked up in a built-in table.
 *
 * @throws {OSError} if the port is not in the table.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getservbyport } from "@berkeley/socket";
 * assert.equal(await getservbyport(80), "http");
 * ```
 */
export function getservbyport(port: number, protocol?: string): Promise<string> {
  return names.getservbyport(port, protocol);
}

/**
 * Returns the number of a protocol, as Python's `socket.getprotobyname()`. It is looked up in a built-in table.
 *
 * @throws {OSError} if the protocol is not in the table.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getprotobyname } from "@berkeley/socket";
 * assert.equal(await getprotobyname("tcp"), 6);
 * ```
 */
export function getprotobyname(protocol: string): Promise<number> {
  return names.getprotobyname(protocol);
}

/**
 * Lists the network interfaces by index, as Python's `socket.if_nameindex()`.
 *
 * On Linux it reads /sys/class/net, which Deno allows only with `--allow-all`. On other systems it needs
 * `--allow-sys=networkInterfaces`, and lists only the interfaces with a link-local IPv6 address, because Deno does not
 * report the index of any other interface.
 *
 * @throws {Deno.errors.NotCapable} if the permission is missing.
 */
export function if_nameindex(): [index: number, name: string][] {
  return names.if_nameindex();
}

/**
 * Returns the index of a network interface, as Python's `socket.if_nametoindex()`.
 *
 * It needs `--allow-sys=networkInterfaces` for an interface with a link-local IPv6 address. Any other interface needs
 * `--allow-all` on Linux. On systems other than Linux, only interfaces with a link-local IPv6 address are found.
 *
 * @throws {OSError} if there is no interface of this name.
 * @throws {Deno.errors.NotCapable} if the permission is missing.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { if_indextoname, if_nametoindex } from "@berkeley/socket";
 * if (Deno.build.os === "linux") assert.equal(if_indextoname(if_nametoindex("lo")), "lo");
 * ```
 */
export function if_nametoindex(name: string): number {
  return names.if_nametoindex(name);
}

/**
 * Returns the name of a network interface by its index, as Python's `socket.if_indextoname()`. It needs the permissions
 * of {@linkcode if_nametoindex}, and finds the same interfaces.
 *
 * @throws {OSError} ENXIO if there is no interface of this index.
 * @throws {Deno.errors.NotCapable} if the permission is missing.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { if_indextoname, if_nameindex } from "@berkeley/socket";
 * for (const [index, name] of if_nameindex()) assert.equal(if_indextoname(index), name);
 * ```
 */
export function if_indextoname(index: number): string {
  return names.if_indextoname(index);
}
