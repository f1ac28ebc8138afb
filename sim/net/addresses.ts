// Converts addresses between the form that sockets use and the form that packets use.

import { wildcard } from "../../base/addresses.ts";
import type { Address } from "../../base/addresses.ts";
import { AF_INET, AF_INET6 } from "../../base/constants.ts";
import { parseIPv6 } from "../../base/ip.ts";
import { isIPv6 } from "./packet.ts";

const MAPPED = "::ffff:";

/** Returns an IPv4-mapped IPv6 address (::ffff:1.2.3.4) as IPv4, which packets have. Other addresses do not change. */
export function unmap(host: string): string {
  return host.startsWith(MAPPED) && host.includes(".") ? host.slice(MAPPED.length) : host;
}

/** Returns a packet's address in the form that sockets of a family report. */
export function shapeOf(family: number, host: string, port: number, scopeId: number = 0): Address {
  if (family === AF_INET) return [host, port];
  return [isIPv6(host) ? host : `${MAPPED}${host}`, port, 0, scopeId];
}

/** Whether a socket of a family can use an address. */
export function fitsFamily(family: number, host: string): boolean {
  return family === AF_INET6 || !isIPv6(host);
}

/** The family of an address. */
export function familyOf(host: string): number {
  return isIPv6(host) ? AF_INET6 : AF_INET;
}

/** Whether an address is the wildcard address, which stands for every interface. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** The wildcard address of the same family as an address. */
export function wildcardLike(host: string): string {
  return wildcard(familyOf(host));
}

/** Whether an address is a multicast group. */
export function isMulticast(host: string): boolean {
  if (isIPv6(host)) return parseIPv6(host)![0] === 0xff;
  // 224 to 239. Most addresses are told apart by their first digit; a call for each packet makes no text for them.
  if (!host.startsWith("2") || host[3] !== ".") return false;
  const first = Number(host.slice(0, 3));
  return first >= 224 && first < 240;
}

/** The broadcast address: it reaches every host. */
export const BROADCAST = "255.255.255.255";
