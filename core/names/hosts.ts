// From a host to its addresses. Literals need no look-up; names are looked up by the resolver.

import { parseLiteral, wildcard } from "../../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNSPEC, AI_ALL, AI_NUMERICHOST, AI_PASSIVE, AI_V4MAPPED } from "../../base/constants.ts";
import { gaiErrorFor } from "../../base/errors.ts";
import { formatIPv6, parseIPv6 } from "../../base/ip.ts";
import type { Resolver } from "../../seam/resolver.ts";

/** One address of a host. */
export interface HostAddress {
  /** AF_INET or AF_INET6. */
  family: number;
  /** The address in its canonical form. */
  host: string;
  /** The index of the interface of a link-local IPv6 address; 0 for other addresses. */
  scopeId: number;
}

function fromText(host: string): HostAddress {
  return { family: host.includes(":") ? AF_INET6 : AF_INET, host, scopeId: 0 };
}

/** Parses a literal whose scope is the name of an interface, such as "fe80::1%eth0"; undefined for anything else. */
function parseScoped(resolver: Resolver, host: string): HostAddress | undefined {
  const [, literal, scope] = /^([0-9a-fA-F:.]+)%(.+)$/.exec(host) ?? [];
  const bytes = literal === undefined ? undefined : parseIPv6(literal);
  if (bytes === undefined) return undefined;
  // Only fe80::/10 and ff02::/16 have a scope: such an address exists on every interface.
  const isLinkLocal = bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80 || bytes[0] === 0xff && (bytes[1] & 0xf) === 2;
  if (!isLinkLocal) throw gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo", address: host });
  const entry = resolver.findInterface(([, name]) => name === scope);
  if (entry === undefined) throw gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo", address: host });
  return { family: AF_INET6, host: formatIPv6(bytes), scopeId: entry[0] };
}

/**
 * Converts a literal address to the family. A mapped address (::ffff:1.2.3.4) becomes IPv4. An IPv4 address becomes a mapped
 * one if AI_V4MAPPED is set. Returns undefined if the address cannot be converted.
 */
function fitLiteral(literal: HostAddress, family: number, flags: number): HostAddress | undefined {
  if (family === AF_UNSPEC || literal.family === family) return literal;
  const mapped = "::ffff:";
  if (family === AF_INET && literal.host.startsWith(mapped) && literal.host.includes(".")) {
    return fromText(literal.host.slice(mapped.length));
  }
  if (family === AF_INET6 && flags & AI_V4MAPPED) return fromText(mapped + literal.host);
  return undefined;
}

/** Whether a host is a numeric address, which needs no look-up. */
export function isAddress(resolver: Resolver, host: string): boolean {
  return (parseLiteral(host) ?? parseScoped(resolver, host)) !== undefined;
}

/** Finds all addresses of a host (in its ASCII form) for a family. `port` is for the permission that a look-up needs. */
export async function findAddresses(
  resolver: Resolver,
  host: string,
  port: number,
  family: number,
  flags: number = 0,
): Promise<HostAddress[]> {
  const error = (code: "EAI_NONAME" | "EAI_ADDRFAMILY") => gaiErrorFor(code, { syscall: "getaddrinfo", address: host });
  const literal = parseLiteral(host) ?? parseScoped(resolver, host);
  if (literal !== undefined) {
    const fitting = fitLiteral(literal, family, flags);
    if (fitting === undefined) throw error("EAI_ADDRFAMILY");
    return [fitting];
  }
  // DNS has no such names. A C resolver would read a name up to NUL only, and look up another host.
  if (flags & AI_NUMERICHOST || host === "" || /[\0\s<>[\]]/.test(host)) throw error("EAI_NONAME");
  const found = await resolver.lookUp(host, port, family === AF_INET ? 4 : family === AF_INET6 ? 6 : 0);
  if (family === AF_INET6 && flags & AI_V4MAPPED && (found.length === 0 || flags & AI_ALL)) {
    for (const address of await resolver.lookUp(host, port, 4)) found.push(`::ffff:${address}`);
  }
  if (found.length === 0) throw error("EAI_NONAME");
  return found.map(fromText);
}

/** The addresses for a host of null: the wildcard addresses with AI_PASSIVE, the loopback addresses without. */
export function ownAddresses(family: number, flags: number): HostAddress[] {
  // In the order of RFC 6724, which puts ::1 before 127.0.0.1 and :: after 0.0.0.0.
  const order = flags & AI_PASSIVE ? [AF_INET, AF_INET6] : [AF_INET6, AF_INET];
  return order.filter((own) => family === AF_UNSPEC || family === own).map((own) =>
    fromText(flags & AI_PASSIVE ? wildcard(own) : own === AF_INET6 ? "::1" : "127.0.0.1")
  );
}
