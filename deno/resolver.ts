// Names to addresses and back, by the system's own resolver (getaddrinfo(3) and getnameinfo(3), /etc/hosts
// included), which Deno offers through node:dns alone.
//
// node:dns checks the net permission for the very host and port that it is given, but says EPERM where the rest
// of Deno throws NotCapable, and ENOTFOUND for every failure of the look-up, a temporary one too.

import type { NetworkInterface, Resolver } from "../seam/resolver.ts";
import { notCapable } from "./addresses.ts";

/** Loaded at the first look-up: it takes 6 ms, which a program that connects to addresses need not spend. */
const dns = () => import("node:dns");

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/**
 * The addresses of a name, in the system's order; none where it is not known. Family 4, 6 or 0 for both.
 * The port is only for the permission: net access to `host:port`, with port 0 to every port of the host.
 */
export async function lookUp(host: string, port: number, family: 0 | 4 | 6): Promise<string[]> {
  const { lookup } = await dns();
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  // Node's types do not know the port that Deno's check takes.
  const options: { all: true; family: number; port: number } = { all: true, family, port };
  lookup(host, options, (error, found) => {
    if (error === null) resolve(found.map(({ address }) => address));
    else if (isCode(error, "EPERM")) reject(notCapable(host, port));
    else if (isCode(error, "ENOTFOUND")) resolve([]);
    else reject(error);
  });
  return await promise;
}

/** The name of an address, undefined where it has none. It takes net access to `address:port`. */
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
 * The names that a name stands for by CNAME records, the last one being the host's own. The system's look-up
 * tells them, but Deno does not pass them on: this asks DNS, which takes net access to the name server.
 */
async function followAliases(host: string): Promise<string[]> {
  // RFC 6761: these never reach DNS.
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

/** The names that the system knows, over Deno's and Node's API. */
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

// Network interfaces, as Deno knows them.
//
// Deno tells an interface's index only as the scope of a link-local address. Linux's own list is in
// /sys/class/net, which Deno opens to --allow-all only; native.ts asks libc, which takes no such permission.

const LIST = "/sys/class/net";

/** Whether Linux's list may be read, as far as that can be told without asking the user. */
function mayReadSys(): boolean {
  return Deno.permissions.querySync({ name: "read", path: LIST }).state === "granted";
}

/** Whether some list of interfaces may be read without asking the user. */
export function mayListInterfaces(): boolean {
  return Deno.permissions.querySync({ name: "sys", kind: "networkInterfaces" }).state === "granted" ||
    (Deno.build.os === "linux" && mayReadSys());
}

/** Linux's list of interfaces, by index. */
function listFromSys(): NetworkInterface[] {
  // Deno would ask the user for read access first, and refuse all the same: /sys takes --allow-all.
  if (!mayReadSys()) {
    throw new Deno.errors.NotCapable(`Requires all access to "${LIST}", run again with the --allow-all flag`);
  }
  const list: [number, string][] = [];
  for (const { name, isSymlink } of Deno.readDirSync(LIST)) {
    // Plain files stand there too (bonding_masters).
    if (isSymlink) list.push([Number(Deno.readTextFileSync(`${LIST}/${name}/ifindex`)), name]);
  }
  return list.sort(([a], [b]) => a - b);
}

/** The interfaces that have a link-local IPv6 address, with its scope. It takes --allow-sys=networkInterfaces. */
function listFromScopes(): NetworkInterface[] {
  const scopes = new Map<number, string>();
  for (const { name, scopeid } of Deno.networkInterfaces()) {
    if (scopeid) scopes.set(scopeid, name);
  }
  return [...scopes].sort(([a], [b]) => a - b);
}

/** Finds one interface: in Linux's list if that may be read, else among the scopes. */
export function findInterface(fits: (entry: NetworkInterface) => boolean): NetworkInterface | undefined {
  if (Deno.build.os !== "linux") return listFromScopes().find(fits);
  try {
    return listFromSys().find(fits);
  } catch (refused) {
    if (!(refused instanceof Deno.errors.NotCapable)) throw refused;
    const found = listFromScopes().find(fits);
    // Not among them says nothing: most interfaces are not.
    if (found === undefined) throw refused;
    return found;
  }
}

/** The network interfaces, by index: Linux's list, elsewhere those that have a scope. */
export function listInterfaces(): NetworkInterface[] {
  return Deno.build.os === "linux" ? listFromSys() : listFromScopes();
}

/** Whether this machine has an address of an IP version, loopback aside. It takes --allow-sys=networkInterfaces. */
export function hasVersion(version: 4 | 6): boolean {
  return Deno.networkInterfaces().some(({ family, address }) =>
    family === `IPv${version}` && address !== "127.0.0.1" && address !== "::1"
  );
}
