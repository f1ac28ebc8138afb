// Look-ups of the host names in the addresses for bind, connect and sendto.
//
// bind is synchronous, as in Python, so it looks names up synchronously.

import type { Address, Inet6Address, InetAddress } from "../../base/addresses.ts";
import { isLiteral } from "../../base/addresses.ts";
import { AF_INET, AF_INET6 } from "../../base/constants/families.ts";
import { SOCK_DGRAM, SOCK_STREAM } from "../../base/constants/sockets.ts";
import { asciiOf } from "../../base/idna.ts";
import { find, findSync } from "./addrinfo.ts";
import type { Found } from "./addrinfo.ts";
import { requireName } from "../permissions.ts";
import { isKnownLiteral } from "../sockaddr.ts";

/** Whether an address holds a name. "" and literals are not names. */
function isNamed(family: number, address: Address): address is InetAddress | Inet6Address {
  if (family !== AF_INET && family !== AF_INET6) return false;
  const [host] = address as InetAddress;
  return host !== "" && !isKnownLiteral(host) && !isLiteral(host, family);
}

/** Replaces the name by the first address that was found. The scope id is the caller's, as in CPython. */
function withFirst(
  [, port, ...rest]: InetAddress | Inet6Address,
  [first]: Found[],
  allow: (found: string) => void,
): Address {
  const [host] = first.address as InetAddress;
  allow(host);
  return [host, port, ...rest] as Address;
}

/** Looks up the name in an address, for connect and sendto. Returns any other address unchanged. */
export function resolve(family: number, address: Address): Address | Promise<Address> {
  return isNamed(family, address) ? resolveName(family, address) : address;
}

// CPython asks for this type. Without a type, each address would be found once per type.
const type = SOCK_DGRAM;

async function resolveName(family: number, address: InetAddress | Inet6Address): Promise<Address> {
  const allow = requireName(address[0], address[1]);
  return withFirst(address, await find(asciiOf(address[0]), null, { family, type }), allow);
}

/** Looks up the name in an address synchronously, for bind. */
export function resolveSync(family: number, address: Address): Address {
  if (!isNamed(family, address)) return address;
  const allow = requireName(address[0], address[1]);
  return withFirst(address, findSync(asciiOf(address[0]), null, { family, type }), allow);
}

/** Returns the addresses of a host and port for a stream, in the order to try. */
export async function endpoints(host: string, port: number): Promise<[family: number, address: Address][]> {
  const allow = requireName(host, port);
  return (await find(asciiOf(host), null, { type: SOCK_STREAM })).map(({ family, address }) => {
    const [found, , ...rest] = address as Inet6Address;
    allow(found);
    return [family, [found, port, ...rest] as Address];
  });
}
