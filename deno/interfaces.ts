// Network interfaces, as Deno reports them.
//
// Deno reports an interface's index only as the scope of a link-local address. Linux has a list of its own in
// /sys/class/net, which Deno opens with --allow-all only. The native backend asks libc and needs no such permission.

import type { NetworkInterface } from "../seam/resolver.ts";

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
export function findInterface(fits: (entry: NetworkInterface) => boolean): NetworkInterface | undefined {
  if (Deno.build.os !== "linux") return listFromScopes().find(fits);
  try {
    return listFromSys().find(fits);
  } catch (refused) {
    if (!(refused instanceof Deno.errors.NotCapable)) throw refused;
    const found = listFromScopes().find(fits);
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
