// Converts addresses between the form that sockets use and the form that packets use.

import { wildcard } from "../../base/addresses.ts";
import type { Address } from "../../base/addresses.ts";
import { AF_INET, AF_INET6 } from "../../base/constants.ts";
import { parseIPv6 } from "../../base/ip.ts";
import { isIPv6 } from "./packet.ts";

const MAPPED = "::ffff:";

/** Converts an IPv4-mapped IPv6 address (::ffff:1.2.3.4) to IPv4, as in packets. Returns other addresses unchanged. */
export function unmap(host: string): string {
  return host.startsWith(MAPPED) && host.includes(".") ? host.slice(MAPPED.length) : host;
}

/** Returns a packet's address in the form that sockets of a family report. */
export function shapeOf(family: number, host: string, port: number, scopeId: number = 0): Address {
  if (family === AF_INET) return [host, port];
  return [isIPv6(host) ? host : `${MAPPED}${host}`, port, 0, scopeId];
}

/** Returns whether a socket of a family can use an address. */
export function fitsFamily(family: number, host: string): boolean {
  return family === AF_INET6 || !isIPv6(host);
}

/** Returns the family of an address. */
export function familyOf(host: string): number {
  return isIPv6(host) ? AF_INET6 : AF_INET;
}

/** Returns whether an address is the wildcard address, which stands for every interface. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** Returns the wildcard address of an address's family. */
export function wildcardLike(host: string): string {
  return wildcard(familyOf(host));
}

/** Returns whether an address is a multicast group. */
export function isMulticast(host: string): boolean {
  if (isIPv6(host)) return parseIPv6(host)![0] === 0xff;
  // 224 to 239. This is called for each packet, and the first digit rules out most addresses without a conversion.
  if (!host.startsWith("2") || host[3] !== ".") return false;
  const first = Number(host.slice(0, 3));
  return first >= 224 && first < 240;
}

/** Returns whether an address is the group of all hosts (RFC 1112, RFC 4291). Each host is in it, without a join. */
export function isAllHosts(address: string): boolean {
  return address === "224.0.0.1" || address === "ff02::1";
}

/** The broadcast address: it reaches every host. */
export const BROADCAST = "255.255.255.255";
