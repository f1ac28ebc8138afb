// Names to addresses and back, by the system's own resolver (getaddrinfo(3) and getnameinfo(3), /etc/hosts
// included), which Deno offers through node:dns alone.
//
// node:dns checks the net permission for the very host and port that it is given, but says EPERM where the rest
// of Deno throws NotCapable, and ENOTFOUND for every failure of the look-up, a temporary one too.

import type { Resolver } from "../seam/resolver.ts";
import { findInterface, hasVersion, listInterfaces, mayListInterfaces } from "./interfaces.ts";
import { notCapable } from "./permissions.ts";

/** Loaded at the first look-up: it takes 6 ms, which a program that connects to addresses need not spend. */
const dns = () => import("node:dns");

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/**
 * The addresses of a name, in the system's order; none where it is not known. Family 4, 6 or 0 for both.
 * The port is only for the permission: net access to `host:port`, with port 0 to every port of the host.
 */
export async function lookUp(host: string, port: number, family: 0 | 4 | 6): Promise<string[]> {
  const { lookup } = await dns();
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  // Node's types do not know the port that Deno's check takes.
  const options: { all: true; family: number; port: number } = { all: true, family, port };
  lookup(host, options, (error, found) => {
    if (error === null) resolve(found.map(({ address }) => address));
    else if (isCode(error, "EPERM")) reject(notCapable(host, port));
    else if (isCode(error, "ENOTFOUND")) resolve([]);
    else reject(error);
  });
  return await promise;
}

/** The name of an address, undefined where it has none. It takes net access to `address:port`. */
async function lookUpName(address: string, port: number): Promise<string | undefined> {
  const { lookupService } = await dns();
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  lookupService(address, port, (error, name) => {
    if (error === null) resolve(name);
    else if (isCode(error, "EPERM")) reject(notCapable(address, port));
    else if (isCode(error, "ENOTFOUND")) resolve(undefined);
    else reject(error);
  });
  return await promise;
}

/**
 * The names that a name stands for by CNAME records, the last one being the host's own. The system's look-up
 * tells them, but Deno does not pass them on: this asks DNS, which takes net access to the name server.
 */
async function followAliases(host: string): Promise<string[]> {
  // RFC 6761: these never reach DNS.
  if (/(^|\.)localhost\.?$/i.test(host)) return [];
  const chain: string[] = [];
  // A chain longer than this is a loop.
  while (chain.length < 16) {
    try {
      const [target] = await Deno.resolveDns(chain.at(-1) ?? host, "CNAME");
      if (target === undefined) break;
      chain.push(target.replace(/\.$/, ""));
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      break; // No record: the chain ends here.
    }
  }
  return chain;
}

/** The names that the system knows, over Deno's and Node's API. */
export const denoResolver: Resolver = {
  lookUp,
  lookUpName,
  followAliases,
  hostname: () => Deno.hostname(),
  interfaces: listInterfaces,
  findInterface,
  mayListInterfaces,
  hasVersion,
};
