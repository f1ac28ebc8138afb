// Deno's permissions, asked as Deno.listen and Deno.connect would ask them.
//
// FFI is outside Deno's sandbox: a program that may open libc may do anything. What is asked here keeps an honest
// program within what its user allowed, it does not confine a dishonest one.

import type { Address, InetAddress } from "../base/addresses.ts";
import { wildcard } from "../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "../base/constants/families.ts";

/** Addresses that a host name was looked up for, after asking for the name: the name was allowed, not the number. */
const vouched = new WeakSet<object>();

/** Marks the address that an allowed name stands for. */
export function vouch(address: Address & object): void {
  vouched.add(address);
}

/** Throws Deno.errors.NotCapable unless the program may use an address. */
export function requireAddress(family: number, address: Address): void {
  if (family === AF_INET || family === AF_INET6) {
    if (allNetGranted() || vouched.has(address as InetAddress)) return;
    const [host, port] = address as InetAddress;
    requireHost(family, host, port);
  } else if (family === AF_UNIX) requirePath(address as string | Uint8Array);
  // Families without a host have no permission of their own: they need the whole of net.
  else requireNet();
}

/** Throws unless the program may use a port of a host, be that a name or an address. */
export function requireHost(family: number, host: string, port: number): void {
  const name = host === "" ? wildcard(family) : host;
  requireNet(name.includes(":") ? `[${name}]:${port}` : `${name}:${port}`);
}

function requirePath(address: string | Uint8Array): void {
  const path = typeof address === "string" ? address : new TextDecoder().decode(address);
  // No name is asked for: the kernel picks one, or the socket stays without.
  if (path === "") return;
  // An abstract name is no file.
  if (!path.startsWith("\0")) {
    requireGrant({ name: "read", path }, `read access to "${path}"`, "--allow-read");
    requireGrant({ name: "write", path }, `write access to "${path}"`, "--allow-write");
  }
  requireNet(`unix:${path}`);
}

/** The grant of all of the network, while it holds. */
let everywhere: Deno.PermissionStatus | undefined;

/**
 * Whether all of the network is granted. Asking costs as much as sending a datagram, so a yes is remembered, and exactly:
 * only revoking "net" itself can end it, and that changes the status object at once. A program that was granted
 * single hosts asks for each datagram.
 */
function allNetGranted(): boolean {
  if (everywhere?.state === "granted") return true;
  const status = Deno.permissions.querySync({ name: "net" });
  if (status.state !== "granted" || status.partial) return false;
  everywhere = status;
  return true;
}

/** Throws unless the program may use a host, or all of the network where none is named. */
export function requireNet(host?: string): void {
  if (allNetGranted()) return;
  const what = host === undefined ? "net access" : `net access to ${JSON.stringify(host)}`;
  requireGrant(host === undefined ? { name: "net" } : { name: "net", host }, what, "--allow-net");
}

function requireGrant(descriptor: Deno.PermissionDescriptor, what: string, flag: string): void {
  let { state } = Deno.permissions.querySync(descriptor);
  // Asks the user where Deno would; without a terminal that is a refusal.
  if (state === "prompt") ({ state } = Deno.permissions.requestSync(descriptor));
  if (state !== "granted") {
    throw new Deno.errors.NotCapable(`Requires ${what}, run again with the ${flag} flag`);
  }
}
