// Look-ups of names on a host. Each host can look up the names of all hosts, and "localhost" for itself.

import { parseLiteral, wildcard } from "../../base/addresses.ts";
import type { Address } from "../../base/addresses.ts";
import { AF_INET } from "../../base/constants.ts";
import { gaiErrorFor } from "../../base/errors.ts";
import { familyOf } from "./addresses.ts";
import type { Host } from "./host.ts";
import { isIPv6 } from "./packet.ts";

/**
 * Converts an international name to ASCII. URL is the only API for that in every JavaScript runtime. Throws a RangeError
 * for an invalid name.
 */
function asciiOf(name: string): string {
  if (/^[\0-\x7f]*$/.test(name)) return name;
  const ascii = URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : "";
  if (ascii === "") throw new RangeError("host name is no international domain name");
  return ascii;
}

/** Returns the addresses of a host name, IPv4 first. An unknown name has none. */
export function addressesOf(host: Host, name: string): readonly string[] {
  const ascii = asciiOf(name).toLowerCase().replace(/\.$/, "");
  if (ascii === "localhost" || ascii.endsWith(".localhost")) return ["127.0.0.1", "::1"];
  return host.network.named(ascii)?.addresses ?? [];
}

/** Returns the host name for an address; undefined if there is none. */
export function nameOf(host: Host, address: string): string | undefined {
  if (address === "127.0.0.1" || address === "::1") return "localhost";
  return host.network.route(address)?.name;
}

/** Replaces the host name in an address by an IP address for a socket of a family. */
export function resolve(host: Host, family: number, address: Address, syscall: string): Address {
  const [name, ...rest] = address as [string, number];
  const like = wildcard(family);
  if (name === "") return [like, ...rest] as Address;
  // No host has a literal as its name. Looking a name up is faster than parsing it, so that comes first.
  let found = host.network.named(name)?.addressLike(like);
  if (found === undefined) {
    if (parseLiteral(name) !== undefined) return address;
    if (!/[\s<>[\]]/.test(name)) found = addressesOf(host, name).find((one) => isIPv6(one) === isIPv6(like));
  }
  if (found === undefined) throw gaiErrorFor("EAI_NONAME", { syscall, address });
  return [found, ...rest] as Address;
}

/** Returns the addresses at which a host and port may be reached, IPv4 first. */
export function endpoints(host: Host, name: string, port: number): [family: number, address: Address][] {
  const shape = (found: string): [number, Address] => [
    familyOf(found),
    familyOf(found) === AF_INET ? [found, port] : [found, port, 0, 0],
  ];
  const literal = parseLiteral(name);
  if (literal !== undefined) return [shape(literal.host)];
  // An empty name means this host. IPv6 comes first, as getaddrinfo(3) sorts them.
  if (name === "") return ["::1", "127.0.0.1"].map(shape);
  const found = addressesOf(host, name);
  if (found.length === 0) throw gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo", address: name });
  return found.map(shape);
}
