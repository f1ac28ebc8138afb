// Host names in the addresses that bind, connect and sendto take.
//
// bind, which Python has as a plain call, cannot wait for a thread: it looks up in place.

import type { Address, Inet6Address, InetAddress } from "../../base/addresses.ts";
import { isLiteral } from "../../base/addresses.ts";
import { AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM } from "../../base/constants.ts";
import { asciiOf } from "../../base/ip.ts";
import { find, findInPlace } from "./addrinfo.ts";
import type { Found } from "./addrinfo.ts";
import { requireName } from "../permissions.ts";
import { isKnownLiteral } from "../sockaddr.ts";

/** Whether an address holds a name; "" and literals are none. */
function isNamed(family: number, address: Address): address is InetAddress | Inet6Address {
  if (family !== AF_INET && family !== AF_INET6) return false;
  const [host] = address as InetAddress;
  return host !== "" && !isKnownLiteral(host) && !isLiteral(host, family);
}

/** An address with its name replaced by the first that was found; the scope id is the caller's, as in CPython. */
function withFirst(
  [, port, ...rest]: InetAddress | Inet6Address,
  [first]: Found[],
  allow: (found: string) => void,
): Address {
  const [host] = first.address as InetAddress;
  allow(host);
  return [host, port, ...rest] as Address;
}

/** Makes an address fit for connect and sendto: a name is looked up, anything else is fit. */
export function resolve(family: number, address: Address): Address | Promise<Address> {
  return isNamed(family, address) ? resolveName(family, address) : address;
}

// As CPython asks: any type would answer the same address once for each.
const type = SOCK_DGRAM;

async function resolveName(family: number, address: InetAddress | Inet6Address): Promise<Address> {
  const allow = requireName(address[0], address[1]);
  return withFirst(address, await find(asciiOf(address[0]), null, { family, type }), allow);
}

/** The same for bind, at once. */
export function resolveInPlace(family: number, address: Address): Address {
  if (!isNamed(family, address)) return address;
  const allow = requireName(address[0], address[1]);
  return withFirst(address, findInPlace(asciiOf(address[0]), null, { family, type }), allow);
}

/** Where a host and port may be reached over a stream, in the order to try. */
export async function endpoints(host: string, port: number): Promise<[family: number, address: Address][]> {
  const allow = requireName(host, port);
  return (await find(asciiOf(host), null, { type: SOCK_STREAM })).map(({ family, address }) => {
    const [found, , ...rest] = address as Inet6Address;
    allow(found);
    return [family, [found, port, ...rest] as Address];
  });
}
