// gethostbyname and similar functions: look up the names and addresses of one host.

import { qualify } from "../../core/names/fqdn.ts";
import type { InetAddress } from "../../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNSPEC, AI_PASSIVE, SOCK_DGRAM } from "../../base/constants.ts";
import { hErrorFor, OSError } from "../../base/errors.ts";
import type { HName } from "../../base/errors.ts";
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6, toAscii } from "../../base/ip.ts";
import { throwIfAborted } from "../../core/promises.ts";
import type { WaitOptions } from "../../core/promises.ts";
import { checkOptions } from "../../core/arguments.ts";
import type { HostEntry } from "../../core/names/gethost.ts";
import { checkHostName } from "../../core/names/gethost.ts";
import { fetchEntry } from "./entry.ts";
import type { Entry } from "./entry.ts";
import { findHost } from "./getaddrinfo.ts";
import { gethostname } from "./interfaces.ts";
import { libcNames } from "./libc.ts";
import { bytesAt, cString, textAt } from "../call.ts";
import { requireHost } from "../permissions.ts";

// struct hostent: char *h_name @0, char **h_aliases @8, int h_addrtype @16, int h_length @20, char **h_addr_list @24.
const NAME = 0, ALIASES = 8, LENGTH = 20, ADDRESSES = 24;

/** The values of h_errno from 1. Any other value counts as NO_RECOVERY. */
const H_ERRORS: HName[] = ["HOST_NOT_FOUND", "TRY_AGAIN", "NO_RECOVERY", "NO_DATA"];

/** Returns a host's first address of a family. "" and "<broadcast>" have the meaning that they have in an address. */
async function firstAddress(host: string, family: number, signal: AbortSignal | undefined): Promise<string> {
  if (host === "<broadcast>") return "255.255.255.255";
  const [{ address }] = host === ""
    ? await findHost(null, 0, { family, type: SOCK_DGRAM, flags: AI_PASSIVE }, signal)
    : await findHost(host, null, { family }, signal);
  return (address as InetAddress)[0];
}

/** Looks up a host entry and returns it in Python's form. */
async function findEntry(
  syscall: string,
  host: string,
  look: (entry: Entry, error: Int32Array<ArrayBuffer>) => Promise<number>,
  signal: AbortSignal | undefined,
): Promise<HostEntry> {
  const error = new Int32Array(1);
  const entry = await fetchEntry((entry) => look(entry, error), signal);
  if (entry === undefined) throw hErrorFor(H_ERRORS[error[0] - 1] ?? "NO_RECOVERY", { syscall, address: host });
  const length = entry.int(LENGTH);
  const format = length === 4 ? formatIPv4 : formatIPv6;
  const addresses = entry.list(ADDRESSES).map((address) => format(bytesAt(address, length)));
  return [entry.text(NAME), entry.list(ALIASES).map(textAt), addresses];
}

/** See gethostbyname in mod.ts. */
export async function gethostbyname(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<string> {
  const host = checkHostName(hostname, "gethostbyname");
  const signal = checkOptions(options);
  throwIfAborted(signal);
  return await firstAddress(host, AF_INET, signal);
}

/** See gethostbyname_ex in mod.ts. */
export async function gethostbyname_ex(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  const host = checkHostName(hostname, "gethostbyname_ex");
  const signal = checkOptions(options);
  throwIfAborted(signal);
  return await findByName(host, signal);
}

async function findByName(host: string, signal: AbortSignal | undefined): Promise<HostEntry> {
  // CPython makes this look-up first. For an unknown host it is the one that fails.
  await firstAddress(host, AF_INET, signal);
  const name = cString(toAscii(host));
  return await findEntry("gethostbyname", host, ({ struct, buffer, result }, error) => {
    return libcNames().gethostbyname_r_waiting(name, struct, buffer, buffer.length, result, error);
  }, signal);
}

/** See gethostbyaddr in mod.ts. */
export async function gethostbyaddr(hostname: string | Uint8Array, options: WaitOptions = {}): Promise<HostEntry> {
  const host = checkHostName(hostname, "gethostbyaddr");
  const signal = checkOptions(options);
  throwIfAborted(signal);
  return await findByAddress(host, signal);
}

async function findByAddress(host: string, signal: AbortSignal | undefined): Promise<HostEntry> {
  if (host === "") throw new OSError("wildcard resolved to multiple address", undefined, { syscall: "gethostbyaddr" });
  const address = await firstAddress(host, AF_UNSPEC, signal);
  requireHost(address, 0);
  const bytes = new Uint8Array(parseIPv4(address) ?? parseIPv6(address)!);
  const family = bytes.length === 4 ? AF_INET : AF_INET6;
  return await findEntry("gethostbyaddr", host, ({ struct, buffer, result }, error) => {
    return libcNames().gethostbyaddr_r_waiting(
      bytes,
      bytes.length,
      family,
      struct,
      buffer,
      buffer.length,
      result,
      error,
    );
  }, signal);
}

/** See getfqdn in mod.ts. */
export async function getfqdn(name: string | Uint8Array = "", options: WaitOptions = {}): Promise<string> {
  return await qualify(name, gethostname, (host) => gethostbyaddr(host, options));
}
