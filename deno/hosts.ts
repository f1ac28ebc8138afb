// Hosts of datagrams: Deno's UDP sockets take the first address of a name, of whichever family it is, and look the
// name up again for each datagram. So names are looked up here, once and in the socket's family.

import { isLiteral, loopback, wildcard } from "../base/addresses.ts";

/** The literal that a host to bind stands for; a name that only a look-up knows stays one. */
export function bindable(host: string, family: number): string {
  if (host === "") return wildcard(family);
  return host === "localhost" && allowed(loopback(family), 0) ? loopback(family) : host;
}

/** The literal that a destination stands for, or undefined for a name that has to be looked up. */
export function destination(host: string, family: number): string | undefined {
  if (host === "" || host === wildcard(family)) return loopback(family);
  return isLiteral(host, family) ? host : undefined;
}

/** Whether Deno lets a literal be used. */
export function allowed(host: string, port: number): boolean {
  const net = { name: "net", host: `${host.includes(":") ? `[${host}]` : host}:${port}` } as const;
  return Deno.permissions.querySync(net).state === "granted";
}
