// Conversion of addresses between Python's form and Deno's, and queries of Deno's permissions for them.
//
// Deno would take the first address of a host name, of either family, and would look the name up again for each datagram.
// So names are looked up here, once, and in the socket's family.
//
// A permission is queried before each use, because in a terminal Deno.listen asks the user before it refuses. Trying the
// larger claim and catching the refusal would stop the program with a question.

import { isLiteral, loopback, wildcard } from "../base/addresses.ts";
import type { Address } from "../base/addresses.ts";
import { AF_INET6, AF_UNIX } from "../base/constants.ts";
import { errorFor, gaiErrorFor } from "../base/errors.ts";
import { asciiOf } from "../base/ip.ts";
import { fromDeno } from "./errors.ts";
import { NATIVE_HINT } from "./options.ts";

/** fe80::/10 */
const LINK_LOCAL = /^fe[89ab][0-9a-f]:/;

/**
 * Converts an address of Deno's net API. The caller passes the family, because reading it from the address of a datagram
 * is slow: V8 keeps such an object as a dictionary.
 *
 * Deno does not report the scope of a link-local address. It is taken from `near`, the address that was bound or connected.
 */
export function fromAddr(addr: Deno.Addr, family: number, near: Address | null): Address {
  if (family === AF_UNIX) return (addr as Deno.UnixAddr).path ?? "";
  const { hostname, port } = addr as Deno.NetAddr;
  if (family !== AF_INET6) return [hostname, port];
  return [hostname, port, 0, near !== null && LINK_LOCAL.test(hostname) ? Number(near[3]) : 0];
}

/** Returns the host as Deno takes it. "" stands for every interface; Deno would use IPv4's for every family. */
export function hostOf(address: Address, family: number): string {
  const [host, , , scopeId] = address as [string, number, number?, number?];
  // Deno would accept a host in brackets, as in a URL.
  if (/[[\]]/.test(host)) throw gaiErrorFor("EAI_NONAME", { address });
  return scoped(host === "" ? wildcard(family) : asciiOf(host), scopeId);
}

/** Appends the scope to a host, if it has one. */
export function scoped(host: string, scopeId: number | undefined): string {
  return scopeId ? `${host}%${scopeId}` : host;
}

/** Returns the address of a socket that is not bound, as getsockname(2) does. */
export function anyAddress(family: number): Address {
  if (family === AF_UNIX) return "";
  return family === AF_INET6 ? [wildcard(family), 0, 0, 0] : [wildcard(family), 0];
}

// Hosts to bind and to send datagrams to.

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
  throw gaiErrorFor("EAI_NONAME", { syscall: "bind", address });
}

/** Returns the literal address of a destination, or undefined for a name that has to be looked up. */
export function destination(host: string, family: number): string | undefined {
  if (host === "" || host === wildcard(family)) return loopback(family);
  return isLiteral(host, family) ? host : undefined;
}

// Paths of Unix sockets.

/** Returns the path of an address as text, as Deno takes it. */
export function unixPath(address: Address, syscall: string): string {
  if (typeof address === "string") return address;
  throw errorFor("EOPNOTSUPP", { syscall, address, hint: `a path that is not UTF-8: ${NATIVE_HINT}` });
}

/** sizeof sun_path, less the NUL that ends a path. */
const LONGEST_PATH = Deno.build.os === "darwin" ? 103 : 107;

/**
 * Returns an absolute path, so that a change of the working directory has no effect on it. A path that would be too long
 * for the kernel is returned unchanged.
 */
export function absolutePath(path: string): string {
  if (path === "" || path.startsWith("/") || path.startsWith("\0") || Deno.build.os === "windows") return path;
  try {
    const absolute = `${Deno.cwd()}/${path}`;
    return new TextEncoder().encode(absolute).length > LONGEST_PATH ? path : absolute;
  } catch {
    // The working directory was removed.
    return path;
  }
}

/** The fields that distinguish the file of a bound socket from another file at the same path. */
export type FileIdentity = Pick<Deno.FileInfo, "dev" | "ino" | "isDirectory">;

/** Returns the identity of the file at a path. Null if there is none, or it may not be read. */
export function identityOf(path: string): FileIdentity | null {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return null;
  try {
    return Deno.lstatSync(path);
  } catch {
    return null;
  }
}

function statOf(path: string): Deno.FileInfo | null {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return null;
  return Deno.statSync(path);
}

/** Returns the path to connect to. Throws connect's error if the file is no socket, and may be read. */
export function checkPeerPath(address: Address): string {
  const path = unixPath(address, "connect");
  if (path === "") throw errorFor("EINVAL", { syscall: "connect", address });
  if (path.startsWith("\0")) return path;
  let info: Deno.FileInfo | null;
  try {
    info = statOf(path);
  } catch (error) {
    throw fromDeno(error, { syscall: "connect", address });
  }
  if (info !== null && info.isSocket === false) throw errorFor("ECONNREFUSED", { syscall: "connect", address });
  return path;
}

/** Whether two paths lead to one socket. A sender's path is reported as it was bound, which may be relative. */
export function samePath(one: string, other: string): boolean {
  if (one === other) return true;
  if (one.startsWith("\0") || other.startsWith("\0")) return false;
  try {
    const [first, second] = [statOf(one), statOf(other)];
    return first !== null && second !== null && first.ino === second.ino && first.dev === second.dev;
  } catch {
    return false;
  }
}

/**
 * Returns a random name in Linux's abstract namespace, with 122 random bits. It is not a file, so it needs no permission
 * for files, and it ends with its socket.
 */
export function randomAbstractName(purpose: string): string {
  return `\0berkeley-${purpose}-${crypto.randomUUID()}`;
}

/** Returns the name for a Unix socket that is bound to "". The kernel picks five hexadecimal digits; this has 32. */
export function autobindName(): string {
  requireAbstract(
    "a Unix socket that is bound to no path gets an abstract name, and no single one can be granted; bind it to a path " +
      "that is",
  );
  return `\0${crypto.randomUUID().replaceAll("-", "")}`;
}

// Queries of Deno's permissions.

/** Whether the permission covers a host and port. It does not ask the user. */
export function allowed(host: string, port: number): boolean {
  const net = { name: "net", host: `${host.includes(":") ? `[${host}]` : host}:${port}` } as const;
  return Deno.permissions.querySync(net).state === "granted";
}

/** Whether abstract Unix names may be used. They need net access without a list of hosts. It does not ask the user. */
export function abstractAllowed(): boolean {
  return Deno.permissions.querySync({ name: "net" }).state === "granted";
}

/**
 * Throws unless abstract Unix names may be used. It asks the user for net access without a list of hosts. Asking for
 * one random name would be useless, because the next name is another one. `hint` names the reason and the alternative.
 */
export function requireAbstract(hint: string): void {
  if (abstractAllowed()) return;
  if (Deno.permissions.requestSync({ name: "net" }).state === "granted") return;
  throw new Deno.errors.NotCapable(`Requires net access, run again with the --allow-net flag: ${hint}`);
}

/** Returns Deno's error for a refused host and port; port 0 stands for every port. */
export function notCapable(host: string, port: number): Error {
  const place = host.includes(":") ? `[${host}]` : host;
  const where = port === 0 ? place : `${place}:${port}`;
  return new Deno.errors.NotCapable(`Requires net access to "${where}", run again with the --allow-net flag`);
}
