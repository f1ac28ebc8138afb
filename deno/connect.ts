// Connecting by name or by address. A name is passed to Deno unchanged, because `--allow-net=example.com:80` allows a
// connection to the name and not to its addresses.

import type { Address } from "../base/addresses.ts";
import { isLiteral } from "../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import { gaiErrorFor } from "../base/gai.ts";
import { allowed, notCapable } from "./permissions.ts";
import { hostOf } from "./addr.ts";
import { unixPath } from "./paths.ts";
import { lookUp } from "./resolver.ts";

/** The IP version of a family. */
function versionOf(family: number): 4 | 6 {
  return family === AF_INET6 ? 6 : 4;
}

/** Opens a connection of a family. An error that Deno throws at once, such as a refused permission, rejects as well. */
export async function openConnection(address: Address, family: number, signal: AbortSignal): Promise<Deno.Conn> {
  if (family === AF_UNIX) return await Deno.connect({ transport: "unix", path: unixPath(address, "connect") });
  const hostname = hostOf(address, family);
  const port = Number(address[1]);
  // Deno.connect refuses port 0. The kernel's error for it is ECONNREFUSED, since no peer can listen there.
  if (port === 0) throw errorFor("ECONNREFUSED", { syscall: "connect", address });
  const conn = await Deno.connect({ hostname, port, signal });
  if (isLiteral((conn.remoteAddr as Deno.NetAddr).hostname, family)) return conn;
  // Deno connected to an address of the other family: look up one of this family.
  conn.close();
  const [literal] = await lookUp(hostname, port, versionOf(family));
  if (literal === undefined) throw gaiErrorFor("EAI_ADDRFAMILY", { syscall: "connect", address });
  // The permission covers the name only. create_connection may still reach it by its other family.
  if (!allowed(literal, port)) throw notCapable(literal, port);
  return await Deno.connect({ hostname: literal, port, signal });
}

/** Returns an address for each family that the host has, for create_connection. */
export async function endpoints(host: string, port: number): Promise<[family: number, address: Address][]> {
  const of = (family: number): [number, Address] => [
    family,
    family === AF_INET6 ? [host, port, 0, 0] : [host, port],
  ];
  for (const family of [AF_INET, AF_INET6]) if (isLiteral(host, family)) return [of(family)];
  const found = await lookUp(host, port, 0);
  if (found.length === 0) throw gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo", address: host });
  const families = found.map((literal) => isLiteral(literal, AF_INET6) ? AF_INET6 : AF_INET);
  return [...new Set(families)].map(of);
}
