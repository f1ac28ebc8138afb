// Network interfaces, as Deno knows them.
//
// Deno tells an interface's index only as the scope of a link-local address. Linux's own list is in
// /sys/class/net, which Deno opens to --allow-all only; native.ts asks libc, which takes no such permission.

import type { NetworkInterface } from "../seam/resolver.ts";

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
