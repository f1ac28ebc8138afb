// Network interfaces by name and index.
//
// Deno tells an interface's index only as the scope of a link-local address. Linux's own list is in
// /sys/class/net, which Deno opens to --allow-all only; native.ts asks libc, which takes no such permission.

import { nameOf } from "../base/data.ts";
import { errorFor, OSError } from "../base/errors.ts";

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
function listFromSys(): [index: number, name: string][] {
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
function listFromScopes(): [index: number, name: string][] {
  const scopes = new Map<number, string>();
  for (const { name, scopeid } of Deno.networkInterfaces()) {
    if (scopeid) scopes.set(scopeid, name);
  }
  return [...scopes].sort(([a], [b]) => a - b);
}

/** Looks one interface up: in Linux's list if that may be read, else among the scopes. */
function findInterface(fits: (entry: [index: number, name: string]) => boolean): [number, string] | undefined {
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

/**
 * Lists the network interfaces.
 *
 * On Linux it reads /sys/class/net, which Deno allows with `--allow-all` only. Elsewhere, where Deno tells an index
 * only for interfaces with a link-local IPv6 address, it lists those, with `--allow-sys=networkInterfaces`.
 *
 * @example
 * ```ts
 * import { if_nameindex } from "@berkeley/socket";
 * for (const [index, name] of if_nameindex()) console.log(index, name);
 * ```
 */
export function if_nameindex(): [index: number, name: string][] {
  return Deno.build.os === "linux" ? listFromSys() : listFromScopes();
}

/**
 * The index of a network interface.
 *
 * `--allow-sys=networkInterfaces` is enough for an interface with a link-local IPv6 address; any other takes
 * `--allow-all` on Linux.
 *
 * @example
 * ```ts
 * import { if_indextoname, if_nametoindex } from "@berkeley/socket";
 * if (Deno.build.os === "linux") console.assert(if_indextoname(if_nametoindex("lo")) === "lo");
 * ```
 */
export function if_nametoindex(name: string): number {
  if (typeof name !== "string") throw new TypeError(`expected a string, not ${nameOf(name)}`);
  if (name.includes("\0")) throw new RangeError("embedded null byte");
  const entry = findInterface((entry) => entry[1] === name);
  if (entry === undefined) throw new OSError("no interface with this name", undefined, { syscall: "if_nametoindex" });
  return entry[0];
}

/**
 * The name of a network interface, by its index; the permissions are those of {@linkcode if_nametoindex}.
 *
 * @example
 * ```ts
 * import { if_indextoname, if_nameindex } from "@berkeley/socket";
 * for (const [index, name] of if_nameindex()) console.assert(if_indextoname(index) === name);
 * ```
 */
export function if_indextoname(index: number): string {
  if (!Number.isInteger(index)) throw new TypeError("an integer is required");
  if (index < 0) throw new RangeError("can't convert negative value to unsigned int");
  if (index > 0xffffffff) throw new RangeError("index is too large");
  const entry = findInterface((entry) => entry[0] === index);
  if (entry === undefined) throw errorFor("ENXIO", { syscall: "if_indextoname" });
  return entry[1];
}
