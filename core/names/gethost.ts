// gethostbyname and its relations: one host to its names and addresses.

import { qualify } from "./fqdn.ts";
import { AF_INET, AF_UNSPEC } from "../../base/constants/families.ts";
import { OSError } from "../../base/errors.ts";
import { hErrorFor } from "../../base/gai.ts";
import { findAddresses, isAddress } from "./hosts.ts";
import { toAscii } from "../../base/idna.ts";
import { orAborted } from "../abort.ts";
import type { Resolver } from "../../seam/resolver.ts";
import type { WaitOptions } from "../abort.ts";

/** A host as gethostbyname_ex and gethostbyaddr tell it: its name, other names, its addresses. */
export type HostEntry = [hostname: string, aliases: string[], addresses: string[]];

/** Checks the host of the gethostby functions; `name` is the function's. */
export function checkHostName(host: unknown, name: string): asserts host is string {
  if (typeof host !== "string") throw new TypeError(`${name}() argument 1 must be a string, not ${typeof host}`);
  if (host.includes("\0")) throw new TypeError("host name must not contain null character");
}

/** A host's first address for a family; "" and "<broadcast>" have their meaning as in a socket address. */
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

/** The IPv4 address of a host. */
export async function gethostbyname(resolver: Resolver, host: string, options: WaitOptions): Promise<string> {
  checkHostName(host, "gethostbyname");
  options.signal?.throwIfAborted();
  return await firstAddress(resolver, host, AF_INET, options.signal);
}

/** A host's name, its other names and all its IPv4 addresses. */
export async function gethostbyname_ex(
  resolver: Resolver,
  host: string,
  options: WaitOptions,
): Promise<HostEntry> {
  checkHostName(host, "gethostbyname_ex");
  options.signal?.throwIfAborted();
  if (host === "" || host === "<broadcast>") {
    throw hErrorFor("NO_RECOVERY", { syscall: "gethostbyname", address: host });
  }
  const addresses = (await orAborted(findAddresses(resolver, toAscii(host), 0, AF_INET), options.signal)).map((entry) =>
    entry.host
  );
  const chain = isAddress(resolver, host) ? [] : await orAborted(resolver.followAliases(host), options.signal);
  const hostname = chain.pop() ?? host;
  return [hostname, hostname === host ? [] : [host, ...chain], addresses];
}

/** The name of a host, by its address or by one of its names. */
export async function gethostbyaddr(resolver: Resolver, host: string, options: WaitOptions): Promise<HostEntry> {
  checkHostName(host, "gethostbyaddr");
  options.signal?.throwIfAborted();
  if (host === "") throw new OSError("wildcard resolved to multiple address", undefined, { syscall: "gethostbyaddr" });
  const address = await firstAddress(resolver, host, AF_UNSPEC, options.signal);
  const hostname = await orAborted(resolver.lookUpName(address, 0), options.signal);
  if (hostname === undefined) throw hErrorFor("HOST_NOT_FOUND", { syscall: "gethostbyaddr", address: host });
  return [hostname, [], [address]];
}

/** The fully qualified name of a host; the name itself where there is none. */
export async function getfqdn(resolver: Resolver, name: string, options: WaitOptions): Promise<string> {
  return await qualify(name, () => resolver.hostname(), (host) => gethostbyaddr(resolver, host, options));
}
