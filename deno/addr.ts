// Addresses between Python's shapes and Deno's.

import type { Address } from "../base/addresses.ts";
import { AF_INET6, AF_UNIX } from "../base/constants.ts";

/**
 * An address of Deno's net API in the family's shape. The family tells which it is: a datagram's address comes as a
 * dictionary (V8's slow objects), and each look into it is a search.
 */
export function fromAddr(addr: Deno.Addr, family: number): Address {
  if (family === AF_UNIX) return (addr as Deno.UnixAddr).path ?? "";
  const { hostname, port } = addr as Deno.NetAddr;
  return family === AF_INET6 ? [hostname, port, 0, 0] : [hostname, port];
}

/** The host to give to Deno: "" is every interface, which Deno takes for IPv4's whatever the family. */
export function hostOf(address: Address, family: number): string {
  const host = String(address[0]);
  return host === "" ? (anyAddress(family)[0] as string) : host;
}

/** What getsockname tells of a socket without a name. */
export function anyAddress(family: number): Address {
  if (family === AF_UNIX) return "";
  return family === AF_INET6 ? ["::", 0, 0, 0] : ["0.0.0.0", 0];
}
