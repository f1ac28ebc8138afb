// gethostbyname and its relations: one host to its names and addresses.

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
import { ask } from "./entry.ts";
import type { Entry } from "./entry.ts";
import { findHost } from "./getaddrinfo.ts";
import { libc } from "../libc.ts";
import { bytesAt, cString, textAt, textIn } from "../memory.ts";
import { requireHost } from "../permissions.ts";

// struct hostent: char *h_name @0, char **h_aliases @8, int h_addrtype @16, int h_length @20, char **h_addr_list @24.
const NAME = 0, ALIASES = 8, LENGTH = 20, ADDRESSES = 24;

/** h_errno's values from 1; anything else is said to be the last but one, as hstrerror(3) has no better word for it. */
const H_ERRORS: HName[] = ["HOST_NOT_FOUND", "TRY_AGAIN", "NO_RECOVERY", "NO_DATA"];

/** A host's first address for a family; "" and "<broadcast>" have their meaning as in a socket address. */
async function firstAddress(host: string, family: number): Promise<string> {
  if (host === "<broadcast>") return "255.255.255.255";
  const [{ address }] = host === ""
    ? await findHost(null, 0, { family, type: SOCK_DGRAM, flags: AI_PASSIVE })
    : await findHost(host, null, { family });
  return (address as InetAddress)[0];
}

/** What a look-up finds, as Python tells it. */
async function findEntry(
  syscall: string,
  host: string,
  look: (entry: Entry, error: Int32Array<ArrayBuffer>) => Promise<number>,
): Promise<HostEntry> {
  const error = new Int32Array(1);
  const entry = await ask((entry) => look(entry, error));
  if (entry === undefined) throw hErrorFor(H_ERRORS[error[0] - 1] ?? "NO_RECOVERY", { syscall, address: host });
  const length = entry.int(LENGTH);
  const format = length === 4 ? formatIPv4 : formatIPv6;
  const addresses = entry.list(ADDRESSES).map((address) => format(bytesAt(address, length)));
  return [entry.text(NAME), entry.list(ALIASES).map(textAt), addresses];
}

/**
 * The IPv4 address of a host. A name takes net access to it, a literal none.
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
 * A host's name, its other names and all its IPv4 addresses. A name takes net access to it, a literal none.
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
  // As CPython does first: it is what fails for a host that is not known.
  await firstAddress(host, AF_INET);
  const name = cString(toAscii(host));
  return await findEntry("gethostbyname", host, ({ struct, room, result }, error) => {
    return libc().gethostbyname_r_waiting(name, struct, room, room.length, result, error);
  });
}

/**
 * The name of a host, by its address or by one of its names, its other names and its address. It takes net access to
 * the address, and to the name where one is given.
 *
 * @throws {herror} if the address has no name.
 *
 * @example
 * ```ts
 * import { gethostbyaddr } from "@berkeley/socket/native";
 * const [name] = await gethostbyaddr("127.0.0.1");
 * console.log(name); // localhost
 * ```
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
  return await findEntry("gethostbyaddr", host, ({ struct, room, result }, error) => {
    return libc().gethostbyaddr_r_waiting(bytes, bytes.length, family, struct, room, room.length, result, error);
  });
}

/**
 * The fully qualified name of a host, of this one by default; the name itself where there is none.
 *
 * It takes net access to the name and its address.
 *
 * @example
 * ```ts
 * import { getfqdn } from "@berkeley/socket/native";
 * console.log(await getfqdn("127.0.0.1")); // localhost
 * ```
 */
export async function getfqdn(name: string | Uint8Array = "", options: WaitOptions = {}): Promise<string> {
  return await qualify(name, gethostname, (host) => gethostbyaddr(host, options));
}

/**
 * The name of this machine.
 *
 * @example
 * ```ts
 * import { gethostname } from "@berkeley/socket/native";
 * console.log(gethostname());
 * ```
 */
export function gethostname(): string {
  const name = new Uint8Array(256); // Linux has 64 bytes for it
  call(libc().gethostname(name, name.length), "gethostname");
  return textIn(name);
}
