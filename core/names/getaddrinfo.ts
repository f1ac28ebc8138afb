// getaddrinfo: from a host and a service to addresses for bind and connect.
//
// The order of checks and of results is glibc's.

import { hostText } from "../../base/addresses.ts";
import type { Inet6Address, InetAddress } from "../../base/addresses.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  AI_ADDRCONFIG,
  AI_ALL,
  AI_CANONNAME,
  AI_NUMERICHOST,
  AI_NUMERICSERV,
  AI_PASSIVE,
  AI_V4MAPPED,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from "../../base/constants.ts";
import { IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from "../../base/constants/ip.ts";
import { gaiErrorFor } from "../../base/errors.ts";
import type { GaiName } from "../../base/errors.ts";
import { findService } from "../../base/services.ts";
import { findAddresses, isAddress, ownAddresses } from "./hosts.ts";
import { toAscii } from "../../base/ip.ts";
import { orAborted, throwIfAborted } from "../promises.ts";
import type { WaitOptions } from "../promises.ts";
import type { Resolver } from "../../seam/resolver.ts";
import { checkOptions } from "../arguments.ts";

/** One result of getaddrinfo. */
export type AddressInfo = [
  family: number,
  type: number,
  proto: number,
  canonname: string,
  address: InetAddress | Inet6Address,
];

const ALL_FLAGS = AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG | AI_NUMERICSERV;

/** One socket type and protocol to return an address for. `port` is known when the service was found. */
interface Use {
  type: number;
  /** undefined stands for the protocol of the call. */
  proto: number | undefined;
  /** The name of the protocol in the table of services; undefined for raw sockets. */
  services: string | undefined;
  /** Whether it is returned when the call names neither a type nor a protocol. */
  common: boolean;
}

const USES: Use[] = [
  { type: SOCK_STREAM, proto: IPPROTO_TCP, services: "tcp", common: true },
  { type: SOCK_DGRAM, proto: IPPROTO_UDP, services: "udp", common: true },
  { type: SOCK_DGRAM, proto: IPPROTO_UDPLITE, services: "udplite", common: false },
  { type: SOCK_STREAM, proto: IPPROTO_SCTP, services: "sctp", common: false },
  { type: SOCK_SEQPACKET, proto: IPPROTO_SCTP, services: "sctp", common: false },
  { type: SOCK_RAW, proto: undefined, services: undefined, common: true },
];

/** Checks the types of getaddrinfo's arguments. Returns the host as text. */
export function checkAddrInfo(given: unknown, hints: Record<string, number>): string | null {
  const host = hostText(given, "getaddrinfo");
  if (host !== null && typeof host !== "string") throw new TypeError("getaddrinfo() argument 1 must be string or null");
  for (const [name, value] of Object.entries(hints)) {
    if (!Number.isInteger(value)) throw new TypeError(`getaddrinfo() ${name} must be an integer`);
  }
  return host;
}

/** Returns a port as a number, the name of a service, or null if none was given. "" is returned as it is. */
export function parseService(
  service: string | number | null,
  flags: number,
  family: number,
): number | string | null {
  if (service === "*") return null;
  if (service === null || service === "") return service;
  if (
    typeof service !== "string" && typeof service !== "number" || (typeof service === "number" && service % 1 !== 0)
  ) {
    throw new TypeError("Int or String expected");
  }
  // glibc checks the family first.
  const refuse = (code: GaiName) =>
    gaiErrorFor(isInternet(family) ? code : "EAI_FAMILY", { syscall: "getaddrinfo", address: service });
  // strtoul(3) accepts white space and a sign.
  if (typeof service === "number" || /^\s*[+-]?[0-9]+$/.test(service)) {
    const port = Number(service);
    if (!(port >= 0 && port <= 65535)) throw refuse("EAI_SERVICE");
    return port;
  }
  if (flags & AI_NUMERICSERV) throw refuse("EAI_NONAME");
  return service;
}

/** Whether getaddrinfo knows a family. */
function isInternet(family: number): boolean {
  return family === AF_UNSPEC || family === AF_INET || family === AF_INET6;
}

/** Finds the types and protocols to return, each with its port. As in glibc, "" is no service. */
function findUses(
  given: number | string | null,
  type: number,
  proto: number,
): { type: number; proto: number; port: number }[] {
  const service = given === "" ? null : given;
  const fitting = USES.filter((use) =>
    (type === 0 || type === use.type) && (proto === 0 || use.proto === undefined || use.proto === proto)
  );
  if (fitting.length === 0) throw gaiErrorFor(type === 0 ? "EAI_SERVICE" : "EAI_SOCKTYPE", { syscall: "getaddrinfo" });
  const asked = type !== 0 || proto !== 0;
  const uses = asked
    ? fitting.slice(0, 1)
    : typeof service === "string"
    ? fitting
    : fitting.filter((use) => use.common);
  // Raw sockets have no ports, so a service for them is an error.
  if (asked && service !== null && uses[0].services === undefined) {
    throw gaiErrorFor("EAI_SERVICE", { syscall: "getaddrinfo" });
  }
  const found = [];
  for (const use of uses) {
    const port = typeof service === "string" ? use.services && findService(service, use.services) : service ?? 0;
    if (typeof port === "number") found.push({ type: use.type, proto: use.proto ?? proto, port });
  }
  if (found.length === 0) throw gaiErrorFor("EAI_SERVICE", { syscall: "getaddrinfo", address: service });
  return found;
}

/** Returns the port of a TCP service, which is a name or a number as text. */
export function streamPort(service: string): number {
  return findUses(parseService(service, 0, AF_UNSPEC), SOCK_STREAM, 0)[0].port;
}

/** Limits the family to those of which this machine has an address other than loopback. */
function narrowFamily(resolver: Resolver, family: number): number {
  const hasIPv4 = resolver.hasVersion(4);
  const hasIPv6 = resolver.hasVersion(6);
  if (family === AF_UNSPEC) return hasIPv4 === hasIPv6 ? AF_UNSPEC : hasIPv4 ? AF_INET : AF_INET6;
  if (!(family === AF_INET ? hasIPv4 : hasIPv6)) throw gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo" });
  return family;
}

/** Finds the addresses of a host and a service, each with the arguments of the socket that fits it. */
export async function getaddrinfo(
  resolver: Resolver,
  host: string | Uint8Array | null,
  port: string | number | null,
  family: number,
  type: number,
  proto: number,
  flags: number,
  options: WaitOptions,
): Promise<AddressInfo[]> {
  const hostname = checkAddrInfo(host, { family, type, proto, flags });
  const signal = checkOptions(options);
  throwIfAborted(signal);
  const name = hostname === "*" ? null : hostname;
  if (name === null && (port === null || port === "*")) throw gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo" });
  if (flags & ~ALL_FLAGS || (flags & AI_CANONNAME && name === null)) {
    throw gaiErrorFor("EAI_BADFLAGS", { syscall: "getaddrinfo" });
  }
  const narrowed = flags & AI_ADDRCONFIG ? narrowFamily(resolver, family) : family;
  const service = parseService(port, flags, family);
  if (!isInternet(family)) throw gaiErrorFor("EAI_FAMILY", { syscall: "getaddrinfo" });
  const uses = findUses(service, type, proto);

  const addresses = name === null
    ? ownAddresses(narrowed, flags)
    : await orAborted(findAddresses(resolver, toAscii(name), uses[0].port, narrowed, flags), signal);
  let canonname = "";
  if (name !== null && flags & AI_CANONNAME) {
    // glibc returns a numeric address as it was written.
    canonname = isAddress(resolver, name)
      ? name
      : (await orAborted(resolver.followAliases(name), signal)).at(-1) ?? name;
  }

  const infos = addresses.flatMap(({ family, host, scopeId }) =>
    uses.map(({ type, proto, port }): AddressInfo => [
      family,
      type,
      proto,
      "",
      family === AF_INET6 ? [host, port, 0, scopeId] : [host, port],
    ])
  );
  infos[0][3] = canonname;
  return infos;
}
