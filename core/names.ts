// The look-ups of Python's socket module, over the resolver and the built-in tables.

import { AF_INET, AF_INET6, AF_UNSPEC } from "../base/constants/families.ts";
import {
  AI_NUMERICHOST,
  NI_DGRAM,
  NI_IDN,
  NI_NAMEREQD,
  NI_NOFQDN,
  NI_NUMERICHOST,
  NI_NUMERICSERV,
} from "../base/constants/names.ts";
import { SOCK_DGRAM } from "../base/constants/sockets.ts";
import { OSError } from "../base/errors.ts";
import { gaiErrorFor, hErrorFor } from "../base/gai.ts";
import { findPort, findProtocol, findService } from "../base/services.ts";
import type { Inet6Address, InetAddress } from "../base/addresses.ts";
import { findAddresses } from "./hosts.ts";
import { getaddrinfo } from "./getaddrinfo.ts";
import { if_indextoname } from "./interfaces.ts";
import { followAliases, lookUpName, orAborted } from "./resolver.ts";
import type { LookUpOptions } from "./resolver.ts";

export { getaddrinfo } from "./getaddrinfo.ts";
export type { AddressInfo } from "./getaddrinfo.ts";
export { if_indextoname, if_nameindex, if_nametoindex } from "./interfaces.ts";
export type { LookUpOptions } from "./resolver.ts";

/** A host as gethostbyname_ex and gethostbyaddr tell it: its name, other names, its addresses. */
export type HostEntry = [hostname: string, aliases: string[], addresses: string[]];

/** Whether this platform has IPv6: Deno always does. */
export const has_ipv6: boolean = true;

function checkHostName(host: unknown, name: string): asserts host is string {
  if (typeof host !== "string") throw new TypeError(`${name}() argument 1 must be a string, not ${typeof host}`);
  if (host.includes("\0")) throw new TypeError("host name must not contain null character");
}

/** A host's first address for a family; "" and "<broadcast>" have their meaning as in a socket address. */
async function firstAddress(host: string, family: number, signal: AbortSignal | undefined): Promise<string> {
  if (host === "" && family === AF_INET) return "0.0.0.0";
  if (host === "<broadcast>") return "255.255.255.255";
  return (await orAborted(findAddresses(host, 0, family), signal))[0].host;
}

/**
 * The IPv4 address of a host. A name takes net access to it, a literal none.
 *
 * @example
 * ```ts
 * import { gethostbyname } from "./names.ts";
 * console.assert(await gethostbyname("127.1") === "127.0.0.1");
 * ```
 */
export async function gethostbyname(host: string, options: LookUpOptions = {}): Promise<string> {
  checkHostName(host, "gethostbyname");
  options.signal?.throwIfAborted();
  return await firstAddress(host, AF_INET, options.signal);
}

/**
 * A host's name, its other names and all its IPv4 addresses.
 *
 * A name takes net access to it and, as the other names are the name server's to tell, to that too.
 *
 * @example
 * ```ts
 * import { gethostbyname_ex } from "./names.ts";
 * const [name, aliases, addresses] = await gethostbyname_ex("127.0.0.1");
 * console.assert(name === "127.0.0.1" && aliases.length === 0 && addresses[0] === name);
 * ```
 */
export async function gethostbyname_ex(host: string, options: LookUpOptions = {}): Promise<HostEntry> {
  checkHostName(host, "gethostbyname_ex");
  options.signal?.throwIfAborted();
  if (host === "" || host === "<broadcast>") throw hErrorFor("NO_RECOVERY", { syscall: "gethostbyname", address: host });
  const addresses = (await orAborted(findAddresses(host, 0, AF_INET), options.signal)).map((entry) => entry.host);
  const chain = isDotted(host) ? [] : await orAborted(followAliases(host), options.signal);
  const hostname = chain.pop() ?? host;
  return [hostname, hostname === host ? [] : [host, ...chain], addresses];
}

/**
 * The name of a host, by its address or by one of its names. It takes net access to the address, and to the name
 * where one is given. Deno tells one name only, so the list of other names is empty.
 *
 * @example
 * ```ts
 * import { gethostbyaddr } from "./names.ts";
 * const [name] = await gethostbyaddr("127.0.0.1");
 * console.log(name); // localhost
 * ```
 */
export async function gethostbyaddr(host: string, options: LookUpOptions = {}): Promise<HostEntry> {
  checkHostName(host, "gethostbyaddr");
  options.signal?.throwIfAborted();
  if (host === "") throw new OSError("wildcard resolved to multiple address", undefined, { syscall: "gethostbyaddr" });
  const address = await firstAddress(host, AF_UNSPEC, options.signal);
  const hostname = await orAborted(lookUpName(address, 0), options.signal);
  if (hostname === undefined) throw hErrorFor("HOST_NOT_FOUND", { syscall: "gethostbyaddr", address: host });
  return [hostname, [], [address]];
}

/**
 * The name and service of a socket address, as text.
 *
 * The name takes net access to `host:port`; with NI_NUMERICHOST nothing is looked up and nothing is needed. A scope
 * is written with its interface's name where that may be read, else with its number.
 *
 * @example
 * ```ts
 * import { getnameinfo } from "./names.ts";
 * import { NI_NUMERICHOST } from "../base/constants.ts";
 * console.assert((await getnameinfo(["127.0.0.1", 80], NI_NUMERICHOST)).join() === "127.0.0.1,http");
 * ```
 */
export async function getnameinfo(
  address: readonly [host: string, port: number, flowinfo?: number, scopeId?: number],
  flags: number,
  options: LookUpOptions = {},
): Promise<[host: string, service: string]> {
  const [host, port, scopeId, family] = await checkNameInfo(address, flags);
  options.signal?.throwIfAborted();
  let name: string | undefined;
  if (!(flags & NI_NUMERICHOST)) {
    name = await orAborted(lookUpName(host, port), options.signal);
    if (name !== undefined && flags & NI_NOFQDN) name = await withoutDomain(name, options);
  }
  if (name === undefined && flags & NI_NAMEREQD) {
    throw gaiErrorFor("EAI_NONAME", { syscall: "getnameinfo", address });
  }
  const service = flags & NI_NUMERICSERV ? undefined : findPort(port, flags & NI_DGRAM ? "udp" : "tcp");
  return [
    name ?? (family === AF_INET6 && scopeId !== 0 ? `${host}%${scopeName(host, scopeId)}` : host),
    service ?? String(port),
  ];
}

const NI_FLAGS = NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM | NI_IDN;

/** Checks the arguments of getnameinfo, whose host is a literal. */
async function checkNameInfo(
  address: unknown,
  flags: number,
): Promise<[host: string, port: number, scopeId: number, family: number]> {
  if (!Array.isArray(address)) throw new TypeError("getnameinfo() argument 1 must be a tuple");
  if (!Number.isInteger(flags)) throw new TypeError("getnameinfo() flags must be an integer");
  const [host, port, flowinfo = 0, scopeId = 0] = address as unknown[];
  if (address.length < 2 || address.length > 4 || typeof host !== "string") {
    throw new TypeError("getnameinfo(): illegal sockaddr argument");
  }
  const numbers: [unknown, number, string][] = [[port, 65535, "port"], [flowinfo, 0xfffff, "flowinfo"], [
    scopeId,
    0xffffffff,
    "scopeid",
  ]];
  for (const [value, max, name] of numbers) {
    if (!Number.isInteger(value)) throw new TypeError(`getnameinfo(): ${name} must be an integer`);
    if (Number(value) < 0 || Number(value) > max) throw new RangeError(`getnameinfo(): ${name} must be 0-${max}.`);
  }
  const [literal] = await findAddresses(host, Number(port), AF_UNSPEC, AI_NUMERICHOST);
  if (literal.family === AF_INET && address.length !== 2) throw new OSError("IPv4 sockaddr must be 2 tuple");
  if (flags & ~NI_FLAGS) throw gaiErrorFor("EAI_BADFLAGS", { syscall: "getnameinfo", address });
  return [literal.host, Number(port), Number(scopeId), literal.family];
}

/** A scope as getnameinfo(3) writes it: the interface of a link-local address by name. */
function scopeName(host: string, scopeId: number): string {
  if (!/^(fe[89ab]|ff.2)/.test(host)) return String(scopeId);
  try {
    return if_indextoname(scopeId);
  } catch (error) {
    // The number says the same, and nobody asked for a permission.
    if (error instanceof OSError || error instanceof Deno.errors.NotCapable) return String(scopeId);
    throw error;
  }
}

/** A name without this host's own domain. */
async function withoutDomain(name: string, options: LookUpOptions): Promise<string> {
  if (!name.includes(".")) return name;
  const own = await getfqdn("", options);
  const domain = own.includes(".") ? own.slice(own.indexOf(".")) : undefined;
  return domain !== undefined && name.endsWith(domain) ? name.slice(0, -domain.length) : name;
}

/**
 * The fully qualified name of a host, of this one by default; the name itself where there is none.
 *
 * It takes net access to the name and its address, and for this host `--allow-sys=hostname`.
 *
 * @example
 * ```ts
 * import { getfqdn } from "./names.ts";
 * console.log(await getfqdn("127.0.0.1")); // localhost
 * ```
 */
export async function getfqdn(name: string = "", options: LookUpOptions = {}): Promise<string> {
  if (typeof name !== "string") throw new TypeError(`getfqdn() argument 1 must be a string, not ${typeof name}`);
  const trimmed = name.trim();
  const host = trimmed === "" || trimmed === "0.0.0.0" || trimmed === "::" ? gethostname() : trimmed;
  try {
    const [hostname, aliases] = await gethostbyaddr(host, options);
    return [hostname, ...aliases].find((candidate) => candidate.includes(".")) ?? hostname;
  } catch (error) {
    if (error instanceof OSError) return host;
    throw error;
  }
}

/**
 * The name of this machine. It takes `--allow-sys=hostname`.
 *
 * @example
 * ```ts
 * import { gethostname } from "./names.ts";
 * console.log(gethostname());
 * ```
 */
export function gethostname(): string {
  return Deno.hostname();
}

/**
 * The port of a service, for one protocol ("tcp" or "udp") or for any, from a built-in table.
 *
 * @example
 * ```ts
 * import { getservbyname } from "./names.ts";
 * console.assert(await getservbyname("http", "tcp") === 80);
 * ```
 */
export async function getservbyname(service: string, protocol?: string): Promise<number> {
  await null;
  if (typeof service !== "string") throw new TypeError("getservbyname() argument 1 must be a string");
  const port = findService(service, protocol);
  if (port === undefined) throw new OSError("service/proto not found", undefined, { syscall: "getservbyname" });
  return port;
}

/**
 * The service at a port, for one protocol ("tcp" or "udp") or for any, from a built-in table.
 *
 * @example
 * ```ts
 * import { getservbyport } from "./names.ts";
 * console.assert(await getservbyport(80) === "http");
 * ```
 */
export async function getservbyport(port: number, protocol?: string): Promise<string> {
  await null;
  if (!Number.isInteger(port)) throw new TypeError("getservbyport() argument 1 must be an integer");
  if (port < 0 || port > 65535) throw new RangeError("getservbyport: port must be 0-65535.");
  const service = findPort(port, protocol);
  if (service === undefined) throw new OSError("port/proto not found", undefined, { syscall: "getservbyport" });
  return service;
}

/**
 * The number of a protocol, from a built-in table.
 *
 * @example
 * ```ts
 * import { getprotobyname } from "./names.ts";
 * console.assert(await getprotobyname("tcp") === 6);
 * ```
 */
export async function getprotobyname(protocol: string): Promise<number> {
  await null;
  if (typeof protocol !== "string") throw new TypeError("getprotobyname() argument 1 must be a string");
  const number = findProtocol(protocol);
  if (number === undefined) throw new OSError("protocol not found", undefined, { syscall: "getprotobyname" });
  return number;
}
