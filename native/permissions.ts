// Deno's permissions, asked as Deno.listen and Deno.connect would ask them.
//
// FFI is outside Deno's sandbox: a program that may open libc may do anything. What is asked here keeps an honest
// program within what its user allowed, it does not confine a dishonest one.

import type { Address, InetAddress, UnixAddress } from "../base/addresses.ts";
import { wildcard } from "../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "../base/constants.ts";

/** Throws Deno.errors.NotCapable unless the program may use an address. */
export function requireAddress(family: number, address: Address): void {
  if (family === AF_UNIX) {
    requireReading(address as UnixAddress);
    requireWriting(address as UnixAddress);
  } else if (family === AF_INET || family === AF_INET6) requirePlace(family, address as InetAddress);
  else requireFamily(family);
}

/** The same for a socket without an address: families without hosts and paths need the whole of net. */
export function requireFamily(family: number): void {
  if (family !== AF_INET && family !== AF_INET6 && family !== AF_UNIX) requireNet();
}

/** The same for a datagram's destination: of a Unix socket's file, nothing is read. */
export function requireDestination(family: number, address: Address): void {
  if (family === AF_UNIX) requireWriting(address as UnixAddress);
  else requireAddress(family, address);
}

function requirePlace(family: number, [host, port]: InetAddress): void {
  if (allGranted("net")) return;
  const place = placeOf(host === "" ? wildcard(family) : host, port);
  // The name that the address was found by may be allowed, and not the number; but not where the number is denied.
  if (names.get(place)?.some(isNetGranted) !== true || stateOf(place) === "denied") requireNet(place);
}

/** Whether the program may use a host and port, without asking its user. */
export function isGranted(host: string, port: number): boolean {
  return allGranted("net") || isNetGranted(placeOf(host, port));
}

/** Host and port as `--allow-net` has them. */
function placeOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The path of a Unix address, where it is one. */
function fileOf(address: UnixAddress): string | undefined {
  const path = typeof address === "string" ? address : new TextDecoder().decode(address);
  // No name at all: the kernel picks one. An abstract name is no file.
  return path === "" || path.startsWith("\0") ? undefined : path;
}

function requireReading(address: UnixAddress): void {
  const path = fileOf(address);
  if (path !== undefined) requireFile(path);
}

/** Throws Deno.errors.NotCapable unless the program may read a file or directory. */
export function requireFile(path: string): void {
  if (!allGranted("read")) requireGrant({ name: "read", path }, `read access to "${path}"`, "--allow-read");
}

/** Asks for what it takes to send to a Unix socket. */
function requireWriting(address: UnixAddress): void {
  const path = fileOf(address);
  // No single abstract name can be granted.
  if (path === undefined) return address.length > 0 ? requireNet() : undefined;
  if (!allGranted("write")) requireGrant({ name: "write", path }, `write access to "${path}"`, "--allow-write");
  // Deno asks for net access to the whole path.
  if (!allGranted("net")) requireNet(`unix:${path.startsWith("/") ? path : `${Deno.cwd()}/${path}`}`);
}

/** Where names led that were allowed, as places: the names by the addresses. Emptied when full. */
const names = new Map<string, string[]>();
const REMEMBERED = 4096;

/** Throws unless the program may use a host by its name; what it is `found` to be is then allowed for the name's sake. */
export function requireName(host: string, port: number): (found: string) => void {
  const name = placeOf(host, port);
  requireNet(name);
  return (found) => {
    const place = placeOf(found, port);
    if (names.size >= REMEMBERED) names.clear();
    const known = names.get(place) ?? [];
    if (!known.includes(name)) names.set(place, [...known, name]);
  };
}

/** Throws unless the program may look a host up, as node:dns has it: with port 0 it takes all of the host. */
export function requireHost(host: string, port: number): void {
  requireNet(port === 0 ? placeOf(host, port).slice(0, -":0".length) : placeOf(host, port));
}

/** The grants of all of the network, of reading and of writing, while they hold. */
const everything = new Map<"net" | "read" | "write", Deno.PermissionStatus>();

/**
 * Whether all of the network, or of reading or writing, is granted. Asking costs 0.8 µs, nearly what sending a datagram
 * does, and Deno keeps the answer for every path and host that was ever asked for (0.4 KB each); so a yes to all is
 * remembered, and exactly: only revoking the permission itself can end it, and that changes the status object at once.
 * A program that was granted single hosts asks each time.
 */
function allGranted(name: "net" | "read" | "write"): boolean {
  if (everything.get(name)?.state === "granted") return true;
  const status = Deno.permissions.querySync({ name });
  // Partial: some hosts or paths are denied.
  if (status.state !== "granted" || status.partial) return false;
  everything.set(name, status);
  return true;
}

function stateOf(host: string): Deno.PermissionState {
  return Deno.permissions.querySync({ name: "net", host }).state;
}

function isNetGranted(host: string): boolean {
  return stateOf(host) === "granted";
}

/** Throws unless the program may use a host, or all of the network where none is named. */
function requireNet(host?: string): void {
  if (allGranted("net")) return;
  const what = host === undefined ? "net access" : `net access to ${JSON.stringify(host)}`;
  requireGrant(host === undefined ? { name: "net" } : { name: "net", host }, what, "--allow-net");
}

function requireGrant(descriptor: Deno.PermissionDescriptor, what: string, flag: string): void {
  let { state } = Deno.permissions.querySync(descriptor);
  // Asks the user where Deno would; without a terminal that is a refusal.
  if (state === "prompt") ({ state } = Deno.permissions.requestSync(descriptor));
  if (state !== "granted") throw new Deno.errors.NotCapable(`Requires ${what}, run again with the ${flag} flag`);
}
