// Look-ups of the host names in the addresses for bind, connect and sendto.
//
// bind is synchronous, as in Python, so it looks names up synchronously.

import * as constants from "../../base/constants.ts";
import { isLiteral } from "../../base/addresses.ts";
import type { Address, Inet6Address, InetAddress } from "../../base/addresses.ts";
import { AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM } from "../../base/constants.ts";
import { gaierror } from "../../base/errors.ts";
import { asciiOf } from "../../base/ip.ts";
import { lookUps } from "../blocking_calls.ts";
import { bytesAt, cString, lend, NULL, structAt, textAt } from "../call.ts";
import { requireName } from "../permissions.ts";
import { decode, isKnownLiteral } from "../sockaddr.ts";
import { libcNames } from "./libc.ts";

/** Whether an address holds a name. "" and literals are not names. */
export function isNamed(family: number, address: Address): address is InetAddress | Inet6Address {
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

// CPython asks for this type. Without a type, each address would be found once per type.
const type = SOCK_DGRAM;

/** Looks up the name in an address, for connect and sendto. */
export async function resolveName(
  family: number,
  address: InetAddress | Inet6Address,
  signal: AbortSignal,
): Promise<Address> {
  const name = asciiOf(address[0]);
  const allow = requireName(name, address[1]);
  return withFirst(address, await find(name, null, { family, type }, signal), allow);
}

/** Looks up the name in an address synchronously, for bind. */
export function resolveSync(family: number, address: Address): Address {
  if (!isNamed(family, address)) return address;
  const name = asciiOf(address[0]);
  const allow = requireName(name, address[1]);
  return withFirst(address, findSync(name, null, { family, type }), allow);
}

/** Returns the addresses of a host and port for a stream, in the order to try. */
export async function endpoints(
  host: string,
  port: number,
  signal: AbortSignal | undefined,
): Promise<[family: number, address: Address][]> {
  const name = asciiOf(host);
  const allow = requireName(name, port);
  return (await find(name, null, { type: SOCK_STREAM }, signal)).map(({ family, address }) => {
    const [found, , ...rest] = address as Inet6Address;
    allow(found);
    return [family, [found, port, ...rest] as Address];
  });
}

// getaddrinfo(3), which looks up hosts and services with all sources of /etc/nsswitch.conf.

// struct addrinfo: int ai_flags @0, ai_family @4, ai_socktype @8, ai_protocol @12, socklen_t ai_addrlen @16,
// struct sockaddr *ai_addr @24, char *ai_canonname @32, struct addrinfo *ai_next @40.
const FLAGS = 0, FAMILY = 4, TYPE = 8, PROTO = 12, ADDRESS_LENGTH = 16, ADDRESS = 24, CANONNAME = 32, NEXT = 40;
const SIZE = 48;

/** The hints of getaddrinfo(3). 0 or undefined stands for any value. */
export interface Hints {
  flags?: number;
  family?: number;
  type?: number;
  proto?: number;
}

/** One result: the arguments of a socket, and the address. */
export interface Found {
  family: number;
  type: number;
  proto: number;
  canonname: string;
  address: Address;
}

/** The memory that one call of getaddrinfo reads and writes. */
class Query {
  readonly #host: string | null;
  readonly node: Uint8Array<ArrayBuffer> | null;
  readonly service: Uint8Array<ArrayBuffer> | null;
  readonly hints: Uint8Array<ArrayBuffer> = new Uint8Array(SIZE);
  readonly list: BigUint64Array<ArrayBuffer> = new BigUint64Array(1);

  constructor(host: string | null, service: string | null, { flags = 0, family = 0, type = 0, proto = 0 }: Hints) {
    this.#host = host;
    this.node = host === null ? null : cString(host);
    this.service = service === null ? null : cString(service);
    const view = new DataView(this.hints.buffer);
    view.setInt32(FLAGS, flags, true);
    view.setInt32(FAMILY, family, true);
    view.setInt32(TYPE, type, true);
    view.setInt32(PROTO, proto, true);
  }

  /** Starts the call on another thread. */
  start(): Promise<number> {
    return libcNames().getaddrinfo_waiting(this.node, this.service, this.hints, this.list);
  }

  /** Returns the results of the call, or throws the error of its status. */
  read(status: number): Found[] {
    if (status !== 0) throw lookUpError(status, "getaddrinfo", this.#host);
    const [first] = this.list;
    try {
      return Array.from(entries(first));
    } finally {
      libcNames().freeaddrinfo(first);
    }
  }
}

function* entries(entry: bigint): Generator<Found> {
  while (entry !== NULL) {
    const view = structAt(entry, SIZE);
    const family = view.getInt32(FAMILY, true);
    const length = view.getUint32(ADDRESS_LENGTH, true);
    const canonname = view.getBigUint64(CANONNAME, true);
    if (family === AF_INET || family === AF_INET6) {
      yield {
        family,
        type: view.getInt32(TYPE, true),
        proto: view.getInt32(PROTO, true),
        canonname: canonname === NULL ? "" : textAt(canonname),
        address: decode(bytesAt(view.getBigUint64(ADDRESS, true), length), length)!,
      };
    }
    entry = view.getBigUint64(NEXT, true);
  }
}

/** Looks up a host, a service, or both. */
export async function find(
  host: string | null,
  service: string | null,
  hints: Hints,
  signal: AbortSignal | undefined,
): Promise<Found[]> {
  const query = new Query(host, service, hints);
  // Read within the call: a call that was given up frees its results too.
  return await lookUps.run(async () => query.read(await lend(query, query.start())), signal);
}

/** Does the same synchronously, for calls that cannot wait. */
export function findSync(host: string | null, service: string | null, hints: Hints): Found[] {
  const query = new Query(host, service, hints);
  return query.read(libcNames().getaddrinfo(query.node, query.service, query.hints, query.list));
}

/** Returns the error for a status of getaddrinfo or getnameinfo. */
export function lookUpError(status: number, syscall: string, address: unknown): gaierror {
  const [code] = Object.entries(constants).find(([name, value]) => name.startsWith("EAI_") && value === status) ?? [];
  return new gaierror(status, textAt(libcNames().gai_strerror(status)), { syscall, address, code });
}
