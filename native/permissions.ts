// Deno's permissions, checked as Deno.listen and Deno.connect check them.
//
// FFI is outside Deno's sandbox: a program that may open libc can do anything. These checks keep a well-meaning program
// within its permissions. They do not confine a hostile one.

import type { Address, InetAddress, UnixAddress } from "../base/addresses.ts";
import { wildcard } from "../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "../base/constants.ts";
import { gaiErrorFor } from "../base/errors.ts";

/** Throws Deno.errors.NotCapable unless the program may use an address. */
export function requireAddress(family: number, address: Address): void {
  if (family === AF_UNIX) {
    requireReading(address as UnixAddress);
    requireWriting(address as UnixAddress);
  } else if (family === AF_INET || family === AF_INET6) requireHostPort(family, address as InetAddress);
  else requireFamily(family);
}

/** Checks a socket without an address. A family without hosts and paths needs net access without a list of hosts. */
export function requireFamily(family: number): void {
  if (family !== AF_INET && family !== AF_INET6 && family !== AF_UNIX) requireNet();
}

/** Checks the destination of a datagram. Sending to a Unix socket's file needs no read access. */
export function requireDestination(family: number, address: Address): void {
  if (family === AF_UNIX) requireWriting(address as UnixAddress);
  else requireAddress(family, address);
}

function requireHostPort(family: number, [host, port]: InetAddress): void {
  if (allGranted("net")) return;
  const place = hostPort(host === "" ? wildcard(family) : host, port);
  // The permission may cover the name that led to this address, and not the number.
  if (names.get(place)?.some(isNetGranted) !== true || isDenied(place)) requireNet(place);
}

/**
 * Whether --deny-net covers a host and port. Deno reports the same state after a request that the user refused, or that it
 * refused without a terminal. Such a refusal is for the number only: Deno.connect still connects to a name that leads there.
 */
function isDenied(place: string): boolean {
  return !refused.has(place) && stateOf(place) === "denied";
}

/** Whether the permission covers a host and port. It does not ask the user. */
export function isGranted(host: string, port: number): boolean {
  return allGranted("net") || isNetGranted(hostPort(host, port));
}

/** Returns a host and port in the form of `--allow-net`. */
function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Returns the path of a Unix address, or undefined if it has none. */
function fileOf(address: UnixAddress): string | undefined {
  const path = typeof address === "string" ? address : new TextDecoder().decode(address);
  // For an empty name the kernel picks an abstract one. An abstract name is not a file.
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

/** Checks sending to a Unix socket. */
function requireWriting(address: UnixAddress): void {
  const path = fileOf(address);
  // A permission cannot name one abstract name.
  if (path === undefined) return address.length > 0 ? requireNet() : undefined;
  if (!allGranted("write")) requireGrant({ name: "write", path }, `write access to "${path}"`, "--allow-write");
  // Deno checks net access to the absolute path.
  if (!allGranted("net")) requireNet(`unix:${path.startsWith("/") ? path : `${Deno.cwd()}/${path}`}`);
}

/** The permitted names by the addresses that they led to, both as host and port. It is cleared when it is full. */
const names = new Map<string, string[]>();
const REMEMBERED = 4096;

/** The hosts and ports whose request was refused. It is cleared when it is full. They count as denied then. */
const refused = new Set<string>();

function noteRefusal({ host }: Deno.NetPermissionDescriptor): void {
  if (host === undefined) return;
  if (refused.size >= REMEMBERED) refused.clear();
  refused.add(host);
}

/** Checks a host by its ASCII name. The returned function permits an address that the name leads to. */
export function requireName(host: string, port: number): (found: string) => void {
  const name = hostPort(host, port);
  requireNamed(host, name);
  return (found) => {
    const place = hostPort(found, port);
    if (names.size >= REMEMBERED) names.clear();
    const known = names.get(place) ?? [];
    if (!known.includes(name)) names.set(place, [...known, name]);
  };
}

/** Checks the look-up of a host, as node:dns does. With port 0 it needs net access to the whole host. */
export function requireHost(host: string, port: number): void {
  requireNamed(host, port === 0 ? hostPort(host, port).slice(0, -":0".length) : hostPort(host, port));
}

/**
 * Checks a host that was given by name. Deno has a URIError for a text that is no host name, such as "a b". No permission
 * can list it, so it is not looked up, and the error is that of a name that is not found.
 */
function requireNamed(host: string, place: string): void {
  try {
    requireNet(place);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo", address: host });
  }
}

/** The permissions for net, read and write without a list, once they were granted. */
const grants = new Map<"net" | "read" | "write", Deno.PermissionStatus>();

/**
 * Whether net, read or write is granted without a list. A query costs 0.8 µs, nearly as much as sending a datagram, and
 * Deno keeps 0.4 KB for every path and host that was queried. So a grant of everything is kept. It cannot go out of
 * date: revoking the permission changes the state of the permission object at once. A program with grants for single
 * hosts queries each time.
 */
function allGranted(name: "net" | "read" | "write"): boolean {
  if (grants.get(name)?.state === "granted") return true;
  const status = Deno.permissions.querySync({ name });
  // `partial` means that some hosts or paths are denied.
  if (status.state !== "granted" || status.partial) return false;
  grants.set(name, status);
  return true;
}

function stateOf(host: string): Deno.PermissionState {
  return Deno.permissions.querySync({ name: "net", host }).state;
}

function isNetGranted(host: string): boolean {
  return stateOf(host) === "granted";
}

/** Checks a host and port. If `host` is undefined, checks net access without a list of hosts. */
function requireNet(host?: string): void {
  if (allGranted("net")) return;
  const what = host === undefined ? "net access" : `net access to ${JSON.stringify(host)}`;
  requireGrant(host === undefined ? { name: "net" } : { name: "net", host }, what, "--allow-net");
}

function requireGrant(descriptor: Deno.PermissionDescriptor, what: string, flag: string): void {
  let { state } = Deno.permissions.querySync(descriptor);
  // Asks the user, as Deno would. Without a terminal that is a refusal.
  if (state === "prompt") {
    ({ state } = Deno.permissions.requestSync(descriptor));
    if (state === "denied" && descriptor.name === "net") noteRefusal(descriptor);
  }
  if (state !== "granted") throw new Deno.errors.NotCapable(`Requires ${what}, run again with the ${flag} flag`);
}
