// Addresses between Python's shapes and Deno's.

import { wildcard } from "../base/addresses.ts";
import type { Address } from "../base/addresses.ts";
import { AF_INET6, AF_UNIX } from "../base/constants.ts";
import { gaiErrorFor } from "../base/gai.ts";
import { asciiOf } from "../base/idna.ts";

/** fe80::/10 */
const LINK_LOCAL = /^fe[89ab][0-9a-f]:/;

/**
 * An address of Deno's net API in the family's shape. The family tells which it is: a datagram's address comes as a
 * dictionary (V8's slow objects), and each look into it is a search.
 *
 * Deno does not tell the scope of a link-local address: it is that of `near`, the address that led there.
 */
export function fromAddr(addr: Deno.Addr, family: number, near: Address | null): Address {
  if (family === AF_UNIX) return (addr as Deno.UnixAddr).path ?? "";
  const { hostname, port } = addr as Deno.NetAddr;
  if (family !== AF_INET6) return [hostname, port];
  return [hostname, port, 0, near !== null && LINK_LOCAL.test(hostname) ? Number(near[3]) : 0];
}

/** The host to give to Deno: "" is every interface, which Deno takes for IPv4's whatever the family. */
export function hostOf(address: Address, family: number): string {
  const [host, , , scopeId] = address as [string, number, number?, number?];
  // Deno would take the brackets of a URL off.
  if (/[[\]]/.test(host)) throw gaiErrorFor("EAI_NONAME", { address });
  return scoped(host === "" ? wildcard(family) : asciiOf(host), scopeId);
}

/** A host as Deno takes it: with its scope, where it has one. */
export function scoped(host: string, scopeId: number | undefined): string {
  return scopeId ? `${host}%${scopeId}` : host;
}

/** What getsockname tells of a socket without a name. */
export function anyAddress(family: number): Address {
  if (family === AF_UNIX) return "";
  return family === AF_INET6 ? [wildcard(family), 0, 0, 0] : [wildcard(family), 0];
}
