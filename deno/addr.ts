// Conversion of addresses between Python's form and Deno's.

import { wildcard } from "../base/addresses.ts";
import type { Address } from "../base/addresses.ts";
import { AF_INET6, AF_UNIX } from "../base/constants.ts";
import { gaiErrorFor } from "../base/gai.ts";
import { asciiOf } from "../base/idna.ts";

/** fe80::/10 */
const LINK_LOCAL = /^fe[89ab][0-9a-f]:/;

/**
 * Converts an address of Deno's net API. The caller passes the family, because reading it from the address of a datagram
 * is slow: V8 keeps such an object as a dictionary.
 *
 * Deno does not report the scope of a link-local address. It is taken from `near`, the address that was bound or connected.
 */
export function fromAddr(addr: Deno.Addr, family: number, near: Address | null): Address {
  if (family === AF_UNIX) return (addr as Deno.UnixAddr).path ?? "";
  const { hostname, port } = addr as Deno.NetAddr;
  if (family !== AF_INET6) return [hostname, port];
  return [hostname, port, 0, near !== null && LINK_LOCAL.test(hostname) ? Number(near[3]) : 0];
}

/** Returns the host as Deno takes it. "" stands for every interface; Deno would use IPv4's for every family. */
export function hostOf(address: Address, family: number): string {
  const [host, , , scopeId] = address as [string, number, number?, number?];
  // Deno would accept a host in brackets, as in a URL.
  if (/[[\]]/.test(host)) throw gaiErrorFor("EAI_NONAME", { address });
  return scoped(host === "" ? wildcard(family) : asciiOf(host), scopeId);
}

/** Appends the scope to a host, if it has one. */
export function scoped(host: string, scopeId: number | undefined): string {
  return scopeId ? `${host}%${scopeId}` : host;
}

/** Returns the address of a socket that is not bound, as getsockname(2) does. */
export function anyAddress(family: number): Address {
  if (family === AF_UNIX) return "";
  return family === AF_INET6 ? [wildcard(family), 0, 0, 0] : [wildcard(family), 0];
}
