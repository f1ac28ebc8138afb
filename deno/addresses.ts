// Addresses between Python's shapes and Deno's: hosts, paths, and the permissions that they take.

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
 * An address of Deno's net API in the family's shape. The family tells which it is: a datagram's address comes as a
 * dictionary (V8's slow objects), and each look into it is a search.
 *
 * Deno does not tell the scope of a link-local address: it is that of `near`, the address that led there.
 */
export function fromAddr(addr: Deno.Addr, family: number, near: Address | null): Address {
  if (family === AF_UNIX) return (addr as Deno.UnixAddr).path ?? "";
  const { hostname, port } = addr as Deno.NetAddr;
  if (family !== AF_INET6) return [hostname, port];
  return [hostname, port, 0, near !== null && LINK_LOCAL.test(hostname) ? Number(near[3]) : 0];
}

/** The host to give to Deno: "" is every interface, which Deno takes for IPv4's whatever the family. */
export function hostOf(address: Address, family: number): string {
  const [host, , , scopeId] = address as [string, number, number?, number?];
  // Deno would take the brackets of a URL off.
  if (/[[\]]/.test(host)) throw gaiErrorFor("EAI_NONAME", { address });
  return scoped(host === "" ? wildcard(family) : asciiOf(host), scopeId);
}

/** A host as Deno takes it: with its scope, where it has one. */
export function scoped(host: string, scopeId: number | undefined): string {
  return scopeId ? `${host}%${scopeId}` : host;
}

/** What getsockname tells of a socket without a name. */
export function anyAddress(family: number): Address {
  if (family === AF_UNIX) return "";
  return family === AF_INET6 ? [wildcard(family), 0, 0, 0] : [wildcard(family), 0];
}

// Hosts to bind and to send datagrams to: Deno takes the first address of a name, of whichever family it is, and looks
// the name up again for each datagram. So names are looked up here, once and in the socket's family.

/** The host to bind, as Deno takes it: a literal where it stands for one; a name that only a look-up knows stays one. */
export function bindable(address: Address, family: number): string {
  const [host, , , scopeId] = address as [string, number, number?, number?];
  return host === "localhost" && allowed(loopback(family), 0)
    ? scoped(loopback(family), scopeId)
    : hostOf(address, family);
}

/** Closes what was bound, and throws, where the name that was bound has led to an address of another family. */
export function checkFamily(bound: Deno.Listener | Deno.DatagramConn, family: number, address: Address): Deno.NetAddr {
  const addr = bound.addr as Deno.NetAddr;
  if (addr.hostname.includes(":") === (family === AF_INET6)) return addr;
  bound.close();
  throw gaiErrorFor("EAI_ADDRFAMILY", { syscall: "bind", address });
}

/** The literal that a destination stands for, or undefined for a name that has to be looked up. */
export function destination(host: string, family: number): string | undefined {
  if (host === "" || host === wildcard(family)) return loopback(family);
  return isLiteral(host, family) ? host : undefined;
}

// Paths of Unix sockets.

/** A path as Deno takes it: text. */
export function unixPath(address: Address, syscall: string): string {
  if (typeof address === "string") return address;
  throw errorFor("EOPNOTSUPP", { syscall, address, hint: `a path that is not UTF-8: ${NATIVE_HINT}` });
}

/** sizeof sun_path, less the NUL that ends a path. */
const LONGEST_PATH = Deno.build.os === "darwin" ? 103 : 107;

/**
 * The path from the root, so that a change of the working directory changes nothing of it. A path stays as it is where
 * that would be too long for the kernel.
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

function statOf(path: string): Deno.FileInfo | null {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return null;
  return Deno.statSync(path);
}

/** The path to connect to. Throws what the kernel's connect would where no socket is, as far as Deno lets one look. */
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

/** Whether two paths are of one socket: a sender's is told as it was bound, which may be relative. */
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
 * A name in Linux's abstract namespace that cannot be guessed: 122 random bits. It is no file, so it needs no permission
 * for files, and goes with its socket.
 */
export function secretName(purpose: string): string {
  return `\0berkeley-${purpose}-${crypto.randomUUID()}`;
}

/** The name of a Unix socket that is bound to "": hexadecimal digits, as the kernel picks them, but more than its five. */
export function autobindName(): string {
  requireAbstract(
    "a Unix socket that is bound to no path gets an abstract name, and no single one can be granted; bind it to a path " +
      "that is",
  );
  return `\0${crypto.randomUUID().replaceAll("-", "")}`;
}

// Deno's permissions, asked about before they are used. In a terminal Deno.listen and its kin ask the user before they
// refuse: trying the larger claim and catching the refusal would stop the program with a question.

/** Whether a host and port may be used, without asking the user. */
export function allowed(host: string, port: number): boolean {
  const net = { name: "net", host: `${host.includes(":") ? `[${host}]` : host}:${port}` } as const;
  return Deno.permissions.querySync(net).state === "granted";
}

/** Whether abstract Unix names may be used, without asking the user. No single one can be granted: they need all of net. */
export function abstractAllowed(): boolean {
  return Deno.permissions.querySync({ name: "net" }).state === "granted";
}

/**
 * Throws unless abstract Unix names may be used. It asks the user for net access, and not for a random name, which
 * could be granted this once only. `hint` tells why, and how to do without.
 */
export function requireAbstract(hint: string): void {
  if (abstractAllowed()) return;
  if (Deno.permissions.requestSync({ name: "net" }).state === "granted") return;
  throw new Deno.errors.NotCapable(`Requires net access, run again with the --allow-net flag: ${hint}`);
}

/** The refusal of a host and port (0: of every port) in Deno's words, for what Deno says otherwise or would ask about. */
export function notCapable(host: string, port: number): Error {
  const place = host.includes(":") ? `[${host}]` : host;
  const where = port === 0 ? place : `${place}:${port}`;
  return new Deno.errors.NotCapable(`Requires net access to "${where}", run again with the --allow-net flag`);
}
