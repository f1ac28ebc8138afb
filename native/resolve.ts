// Host names by libc's getaddrinfo, with all that /etc/nsswitch.conf names.
//
// The look-up runs on a thread of Deno's pool and blocks nothing. bind, which Python has as a plain call, cannot wait
// for a thread: it looks up in place.

import { domainToASCII } from "node:url";
import type { Address, Inet6Address, InetAddress } from "../base/addresses.ts";
import { isLiteral } from "../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "../base/constants/families.ts";
import * as constants from "../base/constants/names.ts";
import { SOCK_DGRAM, SOCK_STREAM } from "../base/constants/sockets.ts";
import { gaierror } from "../base/errors.ts";
import { libc } from "./libc.ts";
import { requireName } from "./permissions.ts";
import { decode } from "./sockaddr.ts";

// struct addrinfo: int ai_flags @0, ai_family @4, ai_socktype @8, ai_protocol @12, socklen_t ai_addrlen @16,
// struct sockaddr *ai_addr @24, char *ai_canonname @32, struct addrinfo *ai_next @40.
const FAMILY = 4, TYPE = 8, ADDRESS_LENGTH = 16, ADDRESS = 24, NEXT = 40, SIZE = 48;

/** A host's address: family, and host and scope id for an address of it. */
type Found = [family: number, host: string, scopeId: number];

/** What a call of getaddrinfo reads and writes. It must outlive the call, which another thread may be making. */
class Query {
  readonly node: Uint8Array<ArrayBuffer>;
  readonly service: Uint8Array<ArrayBuffer> = new Uint8Array(1);
  readonly hints: Uint8Array<ArrayBuffer> = new Uint8Array(SIZE);
  readonly list: BigUint64Array<ArrayBuffer> = new BigUint64Array(1);

  constructor(host: string, family: number, type: number) {
    // As Python: an international name in its ASCII form.
    const name = /^[\0-\x7f]*$/.test(host) ? host : domainToASCII(host);
    this.node = new TextEncoder().encode(`${name}\0`);
    const hints = new DataView(this.hints.buffer);
    hints.setInt32(FAMILY, family, true);
    hints.setInt32(TYPE, type, true);
  }
}

/** Queries of which another thread is making use. */
const underWay = new Set<Query>();

/** The addresses of a name in the resolver's order. */
async function lookUp(host: string, family: number, type: number): Promise<Found[]> {
  const query = new Query(host, family, type);
  underWay.add(query);
  try {
    const { node, service, hints, list } = query;
    return read(await libc().getaddrinfo_waiting(node, service, hints, list), query, host);
  } finally {
    underWay.delete(query);
  }
}

function lookUpInPlace(host: string, family: number, type: number): Found[] {
  const query = new Query(host, family, type);
  return read(libc().getaddrinfo(query.node, query.service, query.hints, query.list), query, host);
}

function read(status: number, query: Query, host: string): Found[] {
  if (status !== 0) throw lookUpError(status, host);
  const first = Deno.UnsafePointer.create(query.list[0]);
  try {
    const found: Found[] = [];
    for (let entry = first; entry !== null;) {
      const view = new Deno.UnsafePointerView(entry);
      const family = view.getInt32(FAMILY);
      const length = view.getUint32(ADDRESS_LENGTH);
      const bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(view.getPointer(ADDRESS)!, length)).slice();
      const [address, , , scopeId = 0] = decode(bytes, length) as Inet6Address;
      if (family === AF_INET || family === AF_INET6) found.push([family, address, scopeId]);
      entry = view.getPointer(NEXT);
    }
    return found;
  } finally {
    libc().freeaddrinfo(first);
  }
}

function lookUpError(status: number, host: string): gaierror {
  const [code] = Object.entries(constants).find(([name, value]) => name.startsWith("EAI_") && value === status) ?? [];
  const text = libc().gai_strerror(status);
  const words = text === null ? `Unknown error ${status}` : Deno.UnsafePointerView.getCString(text);
  return new gaierror(status, words, { syscall: "getaddrinfo", address: host, code });
}

/** Whether an address holds a name; "" and literals are none. */
function isNamed(family: number, address: Address): address is InetAddress | Inet6Address {
  if (family !== AF_INET && family !== AF_INET6) return false;
  const [host] = address as InetAddress;
  return host !== "" && !isLiteral(host, family);
}

/** An address with its name replaced; the scope id is the caller's, as in CPython. */
function withHost(address: InetAddress | Inet6Address, host: string): Address {
  const [, port, ...rest] = address;
  return [host, port, ...rest] as Address;
}

/** Makes an address fit for connect and sendto: a name is looked up, anything else is fit. */
export function resolve(family: number, address: Address): Address | Promise<Address> {
  return isNamed(family, address) ? resolveName(family, address) : address;
}

async function resolveName(family: number, address: InetAddress | Inet6Address): Promise<Address> {
  const allow = requireName(address[0], address[1]);
  // As CPython asks: any type would answer the same address once for each.
  const [[, host]] = await lookUp(address[0], family, SOCK_DGRAM);
  allow(host);
  return withHost(address, host);
}

/** The same for bind, at once. */
export function resolveInPlace(family: number, address: Address): Address {
  if (!isNamed(family, address)) return address;
  const allow = requireName(address[0], address[1]);
  const [[, host]] = lookUpInPlace(address[0], family, SOCK_DGRAM);
  allow(host);
  return withHost(address, host);
}

/** Where a host and port may be reached over a stream, in the order to try. */
export async function endpoints(host: string, port: number): Promise<[family: number, address: Address][]> {
  const allow = requireName(host, port);
  return (await lookUp(host, AF_UNSPEC, SOCK_STREAM)).map(([family, found, scopeId]) => {
    allow(found);
    return [family, family === AF_INET6 ? [found, port, 0, scopeId] : [found, port]];
  });
}
