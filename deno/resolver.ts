// Look-ups of names and addresses by the system's resolver (getaddrinfo(3) and getnameinfo(3), with /etc/hosts). Deno
// offers it through node:dns only.
//
// node:dns checks the net permission for exactly the host and port that it is given. It fails with EPERM where other
// functions of Deno throw NotCapable. It fails with ENOTFOUND for every failure of a look-up, also for a temporary one.

import type { LookupAllOptions } from "node:dns";
import type { NetworkInterface, Resolver } from "../seam/resolver.ts";
import { notCapable } from "./addresses.ts";

/** Imported at the first look-up: the import takes 6 ms, which a program that connects to addresses does not need. */
const dns = () => import("node:dns");

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/**
 * Returns the addresses of a name in the system's order, or an empty list. Family 0 asks for both. The port is only for
 * the permission: net access to `host:port`. Port 0 stands for every port of the host.
 */
export async function lookUp(host: string, port: number, family: 0 | 4 | 6): Promise<string[]> {
  const { lookup } = await dns();
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  // Without "verbatim", node:dns lists IPv4 first. Node's types lack the port, which Deno uses for its permission check.
  const options: LookupAllOptions & { port: number } = { all: true, family, order: "verbatim", port };
  lookup(host, options, (error, found) => {
    if (error === null) resolve(found.map(({ address }) => address));
    else if (isCode(error, "EPERM")) reject(notCapable(host, port));
    else if (isCode(error, "ENOTFOUND")) resolve([]);
    else reject(error);
  });
  return await promise;
}

/** Returns the name of an address, or undefined. It needs net access to `address:port`. */
async function lookUpName(address: string, port: number): Promise<string | undefined> {
  const { lookupService } = await dns();
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  lookupService(address, port, (error, name) => {
    if (error === null) resolve(name);
    else if (isCode(error, "EPERM")) reject(notCapable(address, port));
    else if (isCode(error, "ENOTFOUND")) resolve(undefined);
    else reject(error);
  });
  return await promise;
}

/**
 * Returns the names that a name leads to by CNAME records; the last one is the canonical name. The system's look-up knows
 * them, but Deno does not return them. So this asks DNS, which needs net access to the name server.
 */
async function followAliases(host: string): Promise<string[]> {
  // RFC 6761: localhost is not looked up in DNS.
  if (/(^|\.)localhost\.?$/i.test(host)) return [];
  const chain: string[] = [];
  // A chain longer than this is a loop.
  while (chain.length < 16) {
    try {
      const [target] = await Deno.resolveDns(chain.at(-1) ?? host, "CNAME");
      if (target === undefined) break;
      chain.push(target.replace(/\.$/, ""));
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      break; // No record: the chain ends here.
    }
  }
  return chain;
}

/** The resolver of the default backend, over Deno's and Node's functions. */
export const denoResolver: Resolver = {
  lookUp,
  lookUpName,
  followAliases,
  hostname: () => Deno.hostname(),
  interfaces: listInterfaces,
  findInterface,
  mayListInterfaces,
  hasVersion,
};

// Network interfaces.

/**
 * Linux's list of interfaces. Deno opens it with --allow-all only. Deno itself reports the index of an interface only as
 * the scope of a link-local address. The native backend asks libc and needs no such permission.
 */
const LIST = "/sys/class/net";

/** Whether Linux's list may be read. It does not ask the user. */
function mayReadSys(): boolean {
  return Deno.permissions.querySync({ name: "read", path: LIST }).state === "granted";
}

/** Whether one of the two lists may be read without asking the user. */
export function mayListInterfaces(): boolean {
  return Deno.permissions.querySync({ name: "sys", kind: "networkInterfaces" }).state === "granted" ||
    (Deno.build.os === "linux" && mayReadSys());
}

/** Reads Linux's list of interfaces, by index. */
function listFromSys(): NetworkInterface[] {
  // Without this check Deno would ask the user for read access, and then refuse: /sys needs --allow-all.
  if (!mayReadSys()) {
    throw new Deno.errors.NotCapable(`Requires all access to "${LIST}", run again with the --allow-all flag`);
  }
  const list: [number, string][] = [];
  for (const { name, isSymlink } of Deno.readDirSync(LIST)) {
    // The directory also holds plain files (bonding_masters).
    if (isSymlink) list.push([Number(Deno.readTextFileSync(`${LIST}/${name}/ifindex`)), name]);
  }
  return list.sort(([a], [b]) => a - b);
}

/** Returns the interfaces that have a link-local IPv6 address. It needs --allow-sys=networkInterfaces. */
function listFromScopes(): NetworkInterface[] {
  const scopes = new Map<number, string>();
  for (const { name, scopeid } of Deno.networkInterfaces()) {
    if (scopeid) scopes.set(scopeid, name);
  }
  return [...scopes].sort(([a], [b]) => a - b);
}

/** Finds one interface, in Linux's list if that may be read, else by the scopes. */
export function findInterface(matches: (entry: NetworkInterface) => boolean): NetworkInterface | undefined {
  if (Deno.build.os !== "linux") return listFromScopes().find(matches);
  try {
    return listFromSys().find(matches);
  } catch (refused) {
    if (!(refused instanceof Deno.errors.NotCapable)) throw refused;
    const found = listFromScopes().find(matches);
    // Most interfaces have no scope, so this does not show that there is no such interface.
    if (found === undefined) throw refused;
    return found;
  }
}

/** Lists the network interfaces by index: Linux's list, and on other systems those with a scope. */
export function listInterfaces(): NetworkInterface[] {
  return Deno.build.os === "linux" ? listFromSys() : listFromScopes();
}

/**
 * Whether this machine has an address of an IP version that is not a loopback address. It needs
 * --allow-sys=networkInterfaces.
 */
export function hasVersion(version: 4 | 6): boolean {
  return Deno.networkInterfaces().some(({ family, address }) =>
    family === `IPv${version}` && address !== "127.0.0.1" && address !== "::1"
  );
}
