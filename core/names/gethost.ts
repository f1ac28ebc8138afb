// gethostbyname, gethostbyname_ex, gethostbyaddr and getfqdn: from one host to its names and addresses.

import { qualify } from "./fqdn.ts";
import { hostText } from "../../base/addresses.ts";
import { AF_INET, AF_UNSPEC } from "../../base/constants.ts";
import { nameOf } from "../../base/data.ts";
import { hErrorFor, OSError } from "../../base/errors.ts";
import { findAddresses, isAddress } from "./hosts.ts";
import { toAscii } from "../../base/ip.ts";
import { orAborted, throwIfAborted } from "../promises.ts";
import type { WaitOptions } from "../promises.ts";
import type { Resolver } from "../../seam/resolver.ts";
import { checkOptions } from "../arguments.ts";

/** A host as gethostbyname_ex and gethostbyaddr return it: its name, its other names and its addresses. */
export type HostEntry = [hostname: string, aliases: string[], addresses: string[]];

/** Checks the host of a function and returns it as text. `name` is the name of the function. */
export function checkHostName(given: unknown, name: string): string {
  const host = hostText(given, name);
  if (typeof host !== "string") throw new TypeError(`${name}() argument 1 must be a string, not ${nameOf(host)}`);
  if (host.includes("\0")) throw new TypeError("host name must not contain null character");
  return host;
}

/** Returns the first address of a host for a family. "" and "<broadcast>" mean the same as in a socket address. */
async function firstAddress(
  resolver: Resolver,
  host: string,
  family: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (host === "" && family === AF_INET) return "0.0.0.0";
  if (host === "<broadcast>") return "255.255.255.255";
  return (await orAborted(findAddresses(resolver, toAscii(host), 0, family), signal))[0].host;
}

/** Returns the IPv4 address of a host. */
export async function gethostbyname(
  resolver: Resolver,
  hostname: string | Uint8Array,
  options: WaitOptions,
): Promise<string> {
  const host = checkHostName(hostname, "gethostbyname");
  const signal = checkOptions(options);
  throwIfAborted(signal);
  return await firstAddress(resolver, host, AF_INET, signal);
}

/** Returns the name of a host, its other names and all its IPv4 addresses. */
export async function gethostbyname_ex(
  resolver: Resolver,
  hostname: string | Uint8Array,
  options: WaitOptions,
): Promise<HostEntry> {
  const host = checkHostName(hostname, "gethostbyname_ex");
  const signal = checkOptions(options);
  throwIfAborted(signal);
  if (host === "" || host === "<broadcast>") {
    throw hErrorFor("NO_RECOVERY", { syscall: "gethostbyname", address: host });
  }
  const addresses = (await orAborted(findAddresses(resolver, toAscii(host), 0, AF_INET), signal)).map((entry) =>
    entry.host
  );
  const chain = isAddress(resolver, host) ? [] : await orAborted(resolver.followAliases(host), signal);
  const canonical = chain.pop() ?? host;
  return [canonical, canonical === host ? [] : [host, ...chain], addresses];
}

/** Returns the names of a host, by its address or by one of its names. */
export async function gethostbyaddr(
  resolver: Resolver,
  hostname: string | Uint8Array,
  options: WaitOptions,
): Promise<HostEntry> {
  const host = checkHostName(hostname, "gethostbyaddr");
  const signal = checkOptions(options);
  throwIfAborted(signal);
  if (host === "") throw new OSError("wildcard resolved to multiple address", undefined, { syscall: "gethostbyaddr" });
  const address = await firstAddress(resolver, host, AF_UNSPEC, signal);
  const found = await orAborted(resolver.lookUpName(address, 0), signal);
  if (found === undefined) throw hErrorFor("HOST_NOT_FOUND", { syscall: "gethostbyaddr", address: host });
  return [found, [], [address]];
}

/** Returns the fully qualified name of a host, or the name itself if there is none. */
export async function getfqdn(
  resolver: Resolver,
  name: string | Uint8Array,
  options: WaitOptions,
): Promise<string> {
  return await qualify(name, () => resolver.hostname(), (host) => gethostbyaddr(resolver, host, options));
}
