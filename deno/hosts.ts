// Hosts to bind and to send datagrams to. Deno would take the first address of a name, of either family, and would look
// the name up again for each datagram. So names are looked up here, once, and in the socket's family.

import type { Address } from "../base/addresses.ts";
import { isLiteral, loopback, wildcard } from "../base/addresses.ts";
import { AF_INET6 } from "../base/constants.ts";
import { gaiErrorFor } from "../base/gai.ts";
import { hostOf, scoped } from "./addr.ts";
import { allowed } from "./permissions.ts";

/** Returns the host to bind as Deno takes it. "localhost" becomes a literal if the permission covers that. */
export function bindable(address: Address, family: number): string {
  const [host, , , scopeId] = address as [string, number, number?, number?];
  return host === "localhost" && allowed(loopback(family), 0)
    ? scoped(loopback(family), scopeId)
    : hostOf(address, family);
}

/** Checks that a name was bound in the socket's family. If not, closes what was bound and throws. */
export function checkFamily(bound: Deno.Listener | Deno.DatagramConn, family: number, address: Address): Deno.NetAddr {
  const addr = bound.addr as Deno.NetAddr;
  if (addr.hostname.includes(":") === (family === AF_INET6)) return addr;
  bound.close();
  throw gaiErrorFor("EAI_ADDRFAMILY", { syscall: "bind", address });
}

/** Returns the literal address of a destination, or undefined for a name that has to be looked up. */
export function destination(host: string, family: number): string | undefined {
  if (host === "" || host === wildcard(family)) return loopback(family);
  return isLiteral(host, family) ? host : undefined;
}
