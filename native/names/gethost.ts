// gethostbyname and similar functions: look up the names and addresses of one host.

import { qualify } from "../../core/names/fqdn.ts";
import type { InetAddress } from "../../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "../../base/constants/families.ts";
import { AI_PASSIVE } from "../../base/constants/names.ts";
import { SOCK_DGRAM } from "../../base/constants/sockets.ts";
import { OSError } from "../../base/errors.ts";
import { hErrorFor } from "../../base/gai.ts";
import type { HName } from "../../base/gai.ts";
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from "../../base/ip.ts";
import type { WaitOptions } from "../../core/abort.ts";
import { orAborted, throwIfAborted } from "../../core/abort.ts";
import { checkOptions } from "../../core/arguments.ts";
import type { HostEntry } from "../../core/names/gethost.ts";
import { checkHostName } from "../../core/names/gethost.ts";
import { toAscii } from "../../base/idna.ts";
import { call } from "../call.ts";
import { fetchEntry } from "./entry.ts";
import type { Entry } from "./entry.ts";
import { findHost } from "./getaddrinfo.ts";
import { libc } from "../libc.ts";
import { bytesAt, cString, textAt, textIn } from "../memory.ts";
import { requireHost } from "../permissions.ts";

// struct hostent: char *h_name @0, char **h_aliases @8, int h_addrtype @16, int h_length @20, char **h_addr_list @24.
const NAME = 0, ALIASES = 8, LENGTH = 20, ADDRESSES = 24;

/** The values of h_errno from 1. Any other value counts as NO_RECOVERY. */
const H_ERRORS: HName[] = ["HOST_NOT_FOUND", "TRY_AGAIN", "NO_RECOVERY", "NO_DATA"];

/** Returns a host's first address of a family. "" and "<broadcast>" have the meaning that they have in an address. */
async function firstAddress(host: string, family: number): Promise<string> {
  if (host === "<broadcast>") return "255.255.255.255";
  const [{ address }] = host === ""
    ? await findHost(null, 0, { family, type: SOCK_DGRAM, flags: AI_PASSIVE })
    : await findHost(host, null, { family });
  return (address as InetAddress)[0];
}

/** Looks up a host entry and returns it in Python's form. */
async function findEntry(
  syscall: string,
  host: string,
  look: (entry: Entry, error: Int32Array<ArrayBuffer>) => Promise<number>,
): Promise<HostEntry> {
  const error = new Int32Array(1);
  const entry = await fetchEntry((entry) => look(entry, error));
  if (entry === undefined) throw hErrorFor(H_ERRORS[error[0] - 1] ?? "NO_RECOVERY", { syscall, address: host });
  const length = entry.int(LENGTH);
  const format = length === 4 ? formatIPv4 : formatIPv6;
  const addresses = entry.list(ADDRESSES).map((address) => format(bytesAt(address, length)));
  return [entry.text(NAME), entry.list(ALIASES).map(textAt), addresses];
}

/**
 * Returns the IPv4 address of a host, as Python's `socket.gethostbyname()`. A name needs net access to it, a literal
 * address needs none.
 *
 * @throws {gaierror} if the host is not known.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gethostbyname } from "@berkeley/socket/native";
 * assert.equal(await gethostbyname("127.1"), "127.0.0.1");
 * ```
 */
export async function gethostbyname(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<string> {
  const host = checkHostName(hostname, "gethostbyname");
  const signal = checkOptions(options);
  throwIfAborted(signal);
  return await orAborted(firstAddress(host, AF_INET), signal);
}

/**
 * Returns a host's name, its aliases and all its IPv4 addresses, as Python's `socket.gethostbyname_ex()`. A name needs net
 * access to it, a literal address needs none.
 *
 * @throws {gaierror} if the host is not known.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gethostbyname_ex } from "@berkeley/socket/native";
 * const [name, aliases, addresses] = await gethostbyname_ex("127.0.0.1");
 * assert(name === "127.0.0.1" && aliases.length === 0 && addresses[0] === name);
 * ```
 */
export async function gethostbyname_ex(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  const host = checkHostName(hostname, "gethostbyname_ex");
  const signal = checkOptions(options);
  throwIfAborted(signal);
  return await orAborted(findByName(host), signal);
}

async function findByName(host: string): Promise<HostEntry> {
  // CPython makes this look-up first. For an unknown host it is the one that fails.
  await firstAddress(host, AF_INET);
  const name = cString(toAscii(host));
  return await findEntry("gethostbyname", host, ({ struct, buffer, result }, error) => {
    return libc().gethostbyname_r_waiting(name, struct, buffer, buffer.length, result, error);
  });
}

/**
 * Returns the name of a host by its address or one of its names, its aliases, and its address, as Python's
 * `socket.gethostbyaddr()`. It needs net access to the address, and to the name if one is given.
 *
 * @throws {herror} if the address has no name.
 */
export async function gethostbyaddr(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  const host = checkHostName(hostname, "gethostbyaddr");
  const signal = checkOptions(options);
  throwIfAborted(signal);
  return await orAborted(findByAddress(host), signal);
}

async function findByAddress(host: string): Promise<HostEntry> {
  if (host === "") throw new OSError("wildcard resolved to multiple address", undefined, { syscall: "gethostbyaddr" });
  const address = await firstAddress(host, AF_UNSPEC);
  requireHost(address, 0);
  const bytes = new Uint8Array(parseIPv4(address) ?? parseIPv6(address)!);
  const family = bytes.length === 4 ? AF_INET : AF_INET6;
  return await findEntry("gethostbyaddr", host, ({ struct, buffer, result }, error) => {
    return libc().gethostbyaddr_r_waiting(bytes, bytes.length, family, struct, buffer, buffer.length, result, error);
  });
}

/**
 * Returns the fully qualified name of a host, by default of this one, as Python's `socket.getfqdn()`. Returns the name
 * unchanged if there is none. It needs net access to the name and its address.
 */
export async function getfqdn(name: string | Uint8Array = "", options: WaitOptions = {}): Promise<string> {
  return await qualify(name, gethostname, (host) => gethostbyaddr(host, options));
}

/** Returns the name of this machine, as Python's `socket.gethostname()`. */
export function gethostname(): string {
  const name = new Uint8Array(256); // Linux has 64 bytes for it
  call(libc().gethostname(name, name.length), "gethostname");
  return textIn(name);
}
